//! Pages that were built after the program would stay away: cargo does not know that the program contains them. With debug assertions it does
//! not, the files are read when they are asked for, and nothing has to be built again. And a release without its console is a mistake that
//! nobody would notice before an operator does.

use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "a build script has no configuration but its environment")]
fn main() {
    if std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_none() {
        println!("cargo::rerun-if-changed=dist");
    }
    println!("cargo::rerun-if-env-changed=GATEPIPE_REQUIRE_CONSOLE");
    let built = Path::new("dist/console/index.html").exists();
    let required = std::env::var("GATEPIPE_REQUIRE_CONSOLE").is_ok_and(|value| value == "1");
    if required && !built {
        println!(
            "cargo::error=the console is not built: run `make web` first, or leave GATEPIPE_REQUIRE_CONSOLE away"
        );
    }
}
