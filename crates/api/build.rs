//! `embed_migrations!` reads the folder when the crate is compiled; cargo learns here that a new migration is a change. The target
//! is told to whoever asks which build runs.

#[expect(clippy::disallowed_methods, reason = "this is how cargo tells a build script what it builds for")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
    println!("cargo:rerun-if-env-changed=GATEPIPE_COMMIT");
    println!("cargo:rustc-env=GATEPIPE_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
