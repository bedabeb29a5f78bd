//! `gatepipe`, the operators' tool.
//!
//! `args` says what can be typed, each file in `commands/` does one thing, `output` alone prints.

mod api;
mod args;
mod commands;
mod confirm;
mod database;
mod each_client;
mod exit;
mod file;
mod fleet;
mod frame;
mod gateway_name;
mod internal_tls;
mod output;
mod paging;
mod secret;
mod which;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;
use gatepipe_daemon::report;

use args::Cli;
use exit::Exit;
use output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Fails only when one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match commands::run(cli.command, Output::new(cli.output)).await {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            output::say(&format!("gatepipe: {}", report::line(&error)));
            Exit::of(&error).into()
        }
    }
}

/// Whoever read our output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
