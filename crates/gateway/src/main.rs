//! `gatepipe-gateway`: config, telemetry, bind, say where, run.

use std::process::ExitCode;

use gatepipe_daemon::config::Settings;
use gatepipe_daemon::reload::Hangups;
use gatepipe_daemon::shutdown::Signals;
use gatepipe_daemon::{report, service_manager};
use gatepipe_gateway::{Config, Gateway, PROGRAM};

/// Gives back the memory of clients that have gone, also when nothing more is allocated afterwards: a thread of its own sees to it.
/// The system's allocator keeps nearly all of it, and one that gives back as it goes has nothing to go by once everybody has left.
/// How much is the last row of `idle` in `docs/performance.md`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    report::exit("gatepipe-gateway", start().await)
}

async fn start() -> anyhow::Result<()> {
    let mut settings = Settings::load(&PROGRAM)?;
    let config = Config::read(&mut settings)?;
    let filter = config.log.init()?;
    // Heard from here on: a signal right after the start drains as a later one does.
    let signals = Signals::listen();
    let hangups = Hangups::listen(settings, filter);
    let gateway = Gateway::bind(config).await?;
    tracing::info!(
        clients = %gateway.client_addr(),
        rpc = %gateway.rpc_addr(),
        admin = %gateway.admin_addr(),
        gateway_id = %gateway.gateway_id(),
        "gateway is up"
    );
    let stop = service_manager::up_until(signals.first());
    tokio::spawn(hangups.obey(gateway.live()));
    signals.or_second(Box::pin(gateway.run(stop))).await
}
