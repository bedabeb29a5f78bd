//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cargo build --profile dist --workspace --bins
  target/dist/gatepipe-bench all --runs 3 --json figures.json
  target/dist/gatepipe-bench broadcast
  target/dist/gatepipe-bench idle --quick
  target/dist/gatepipe-bench broadcast --connections 1000

The programs it measures lie beside it: build them in the same way. Nothing else should run on the machine; then still read
ratios, not times. CPU times are those of the whole process, from /proc/PID/task/*/schedstat.";

/// Measures Gatepipe: the built programs as processes, pinned to a core, taking turns with a yardstick in the same run.
///
/// Prints one row for each figure: the median over all windows and runs, its spread, and the target.
#[derive(Debug, Parser)]
#[command(name = "gatepipe-bench", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Role,
}

/// How a case is run.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How often everything is started anew and measured
    #[arg(long, value_name = "COUNT", default_value_t = 1, global = true, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// Also writes the rows as JSON to this file
    #[arg(long, value_name = "FILE", global = true)]
    pub json: Option<PathBuf>,
    /// Fewer and shorter windows, for a first look
    #[arg(long, global = true)]
    pub quick: bool,
    /// As many connections instead of the case's own number
    #[arg(long, value_name = "COUNT", global = true, value_parser = clap::value_parser!(u32).range(8..=19_000))]
    pub connections: Option<u32>,
}

/// What this process is.
#[derive(Debug, Subcommand)]
pub enum Role {
    #[command(flatten)]
    Case(Case),
    /// A helper process: holds WebSockets and calls HTTP.
    #[command(hide = true)]
    Generator { number: u32 },
    /// A helper process: the bare send loop.
    #[command(hide = true)]
    Yardstick,
    /// A helper process: how long a message is under way.
    #[command(hide = true)]
    Probe { to: SocketAddr },
    /// A helper process: how long the machine stops a process that only looks at the clock.
    #[command(hide = true)]
    LoneLoop { ms: u64 },
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Case {
    /// Every case down to `fleet`, in this order
    All,
    /// CPU of one delivery of a broadcast to 10,000, with one and with four outstanding
    Broadcast,
    /// How long a single push takes while broadcasts to 15,000 run
    PushDuringBroadcast,
    /// CPU of a push to one of 10,000 users: over HTTP with one and eight gateways, and through the client library
    Push,
    /// Commands a second for users that are offline
    Commands,
    /// Binds a second over HTTP, each with a token of its own
    Bind,
    /// Memory and CPU of 19,000 connections that do nothing, and memory after they closed
    Idle,
    /// CPU of a handshake, and handshakes a second
    Handshake,
    /// CPU of one delivery at 1,000, 5,000 and 19,000 connections
    Flat,
    /// Six gateways of 19,000: bound, broadcast to, pushed to
    Fleet,
    /// An export of 1,000,000 rows: memory of the api, and rows a second; not among `all`
    Export,
    /// Writing and reading of 1,000,000 notifications in each database that is installed; not among `all`
    Storage,
}

impl Case {
    /// What [`Case::All`] stands for.
    pub const EACH: [Self; 9] = [
        Self::Broadcast,
        Self::PushDuringBroadcast,
        Self::Push,
        Self::Commands,
        Self::Bind,
        Self::Idle,
        Self::Handshake,
        Self::Flat,
        Self::Fleet,
    ];
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_may_follow_the_case() {
        let cli = Cli::parse_from(["gatepipe-bench", "idle", "--runs", "3", "--quick"]);
        assert!(matches!(cli.command, Role::Case(Case::Idle)));
        assert_eq!((cli.options.runs, cli.options.quick), (3, true));
    }
}
