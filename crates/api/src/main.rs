//! `gatepipe-api`: config, telemetry, bind, say where, run.

use std::process::ExitCode;

use gatepipe_api::{Api, Config};
use gatepipe_daemon::{report, shutdown};

#[tokio::main]
async fn main() -> ExitCode {
    report::exit("gatepipe-api", start().await)
}

async fn start() -> anyhow::Result<()> {
    let config = Config::load()?;
    config.log.init()?;
    // Heard from here on: a signal during the migrations ends it as politely as a later one.
    let stop = shutdown::signal();
    let api = Api::bind(config).await?;
    tracing::info!(http = %api.http_addr(), admin = %api.admin_addr(), "api is up");
    shutdown::or_second_signal(api.run(stop)).await
}
