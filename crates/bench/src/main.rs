//! `gatepipe-bench`: how fast Gatepipe is, as ratios to a yardstick that takes turns with it in the same run.
//!
//! `cli` says what can be typed; each file in `case/` measures one thing. The driver (this process) starts the built programs and
//! helper processes: `generator` holds WebSockets and calls HTTP, `yardstick` does what a server does at least, `probe` measures how
//! long one message is under way, `lone_loop` how long the machine itself stops a process. `control` is what they tell each other.

mod case;
mod cli;
mod cluster;
mod control;
mod cpu;
mod generator;
mod helper;
mod lone_loop;
mod memory;
mod pin;
mod probe;
mod report;
mod samples;
mod scrape;
mod turns;
mod yardstick;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use gatepipe_daemon::report as ending;

use cli::{Cli, Role};
use control::News;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command {
        Role::Generator { number } => as_helper(|| generator::run(number)),
        Role::Yardstick => as_helper(yardstick::run),
        Role::Probe { to } => as_helper(|| probe::run(to)),
        Role::LoneLoop { ms } => as_helper(|| lone_loop::run(Duration::from_millis(ms))),
        Role::Case(case) => case::run(&case, &cli.options),
    };
    ending::exit("gatepipe-bench", ended)
}

/// A helper has some 20,000 sockets; what goes wrong in it is told to the driver, which tells the user.
fn as_helper(run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let _limit = gatepipe_daemon::open_files::raise_open_files();
    if let Err(error) = run() {
        // When nobody listens any more, the driver is gone and so is the reason to tell.
        let _ = control::tell(&News::Failed { why: format!("{error:#}") });
    }
    Ok(())
}
