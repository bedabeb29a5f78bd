//! `gatepipe-api`: config, telemetry, bind, say where, run.

use std::process::ExitCode;

use gatepipe_api::{Api, Config, PROGRAM};
use gatepipe_daemon::config::Settings;
use gatepipe_daemon::reload::Hangups;
use gatepipe_daemon::shutdown::Signals;
use gatepipe_daemon::{report, service_manager};

/// A request makes some hundred small allocations on its way; the system's allocator takes a fifth of its time.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    report::exit("gatepipe-api", start().await)
}

async fn start() -> anyhow::Result<()> {
    let mut settings = Settings::load(&PROGRAM)?;
    let config = Config::load_from(&mut settings)?;
    let filter = config.log.init()?;
    // Heard from here on: a signal during the migrations ends it as politely as a later one.
    let signals = Signals::listen();
    let hangups = Hangups::listen(settings, filter);
    let api = Api::bind(config).await?;
    tracing::info!(http = %api.http_addr(), admin = %api.admin_addr(), "api is up");
    let stop = service_manager::up_until(signals.first());
    tokio::spawn(hangups.obey(api.live()));
    signals.or_second(Box::pin(api.run(stop))).await
}
