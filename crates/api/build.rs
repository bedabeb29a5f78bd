//! `embed_migrations!` reads the folder when the crate is compiled; cargo learns here that a new migration is a change.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
