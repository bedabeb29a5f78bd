//! Pages that were built after the program would stay away: cargo does not know that the program contains them.

fn main() {
    println!("cargo::rerun-if-changed=dist");
}
