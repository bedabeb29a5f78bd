//! What each subcommand does.

pub mod audit;
pub mod broadcast;
pub mod certs;
pub mod clients;
pub mod completions;
pub mod config;
pub mod dev;
pub mod export;
pub mod force_offline;
pub mod gateways;
pub mod groups;
pub mod health;
pub mod listen;
pub mod migrate;
pub mod notifications;
pub mod notify;
pub mod openapi;
pub mod push;
pub mod role;
pub mod tail;
pub mod token;
pub mod trace;
pub mod user;
pub mod users;

use crate::args::Command;
use crate::exit::Exit;
use crate::output::Output;

/// Does what was asked.
pub async fn run(command: Command, output: Output) -> anyhow::Result<Exit> {
    match command {
        Command::Dev(dev) => dev.run(output).await,
        Command::Broadcast(broadcast) => broadcast.run(output).await,
        Command::Push(push) => push.run(output).await,
        Command::Notify(notify) => notify.run(output).await,
        Command::Notifications(notifications) => notifications.run(output).await,
        Command::Export(export) => export.run(output).await,
        Command::Audit(audit) => audit.run(output).await,
        Command::ForceOffline(force_offline) => force_offline.run(output).await,
        Command::Clients(clients) => clients.run(output).await,
        Command::Users(users) => users.run(output).await,
        Command::Groups(groups) => groups.run(output).await,
        Command::Gateways(gateways) => gateways.run(output).await,
        Command::Tail(tail) => tail.run(output).await,
        Command::Trace(trace) => trace.run(output).await,
        Command::Listen(listen) => listen.run().await,
        Command::Token(token) => token.run(output).await,
        Command::User(user) => user.run(output).await,
        Command::Role(role) => role.run(output).await,
        Command::Migrate(migrate) => migrate.run(output).await,
        Command::OpenApi(openapi) => openapi.run(),
        Command::Certs(certs) => certs.run(output),
        Command::Health(health) => health.run(output).await,
        Command::Config(config) => config.run(output),
        Command::Completions(completions) => completions.run(),
    }
}
