//! Compiles the `.proto` files without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = ["proto/gatepipe/v1/gateway.proto", "proto/gatepipe/v1/register.proto"];
    let descriptors = protox::compile(files, ["proto"])?;
    tonic_prost_build::configure().bytes(".gatepipe.v1.Message").compile_fds(descriptors)?;
    Ok(())
}
