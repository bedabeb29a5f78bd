//! What can be typed.

use clap::{Parser, Subcommand};

use crate::commands::{
    audit, broadcast, certs, clients, completions, config, dev, export, force_offline, gateways, groups,
    health, listen, migrate, notifications, notify, openapi, push, role, tail, token, trace, user, users,
};
use crate::exit;
use crate::output::Format;

/// Operates Gatepipe: push, look, listen, and make users and tokens.
///
/// Data goes to stdout and words to stderr. On a terminal data is a table, else tab-separated rows without a heading.
#[derive(Debug, Parser)]
#[command(name = "gatepipe", version, after_help = exit::table(), arg_required_else_help = true)]
pub struct Cli {
    /// How data is printed [default: table on a terminal, else tsv]
    #[arg(short, long, value_name = "FORMAT", value_enum, global = true)]
    pub output: Option<Format>,
    #[command(subcommand)]
    pub command: Command,
}

/// One variant and one arm in `commands::run` for each file in `commands/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    Dev(dev::Dev),
    Broadcast(broadcast::Broadcast),
    Push(push::Push),
    Notify(notify::Notify),
    Notifications(notifications::Notifications),
    Export(export::Export),
    ForceOffline(force_offline::ForceOffline),
    Audit(audit::Audit),
    Clients(clients::Clients),
    Users(users::Users),
    Groups(groups::Groups),
    Gateways(gateways::Gateways),
    Tail(tail::Tail),
    Trace(trace::Trace),
    Listen(listen::Listen),
    Token(token::Token),
    User(user::User),
    Role(role::Role),
    Migrate(migrate::Migrate),
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
    Health(health::Health),
    Config(config::Config),
    Completions(completions::Completions),
    Certs(certs::Certs),
}
