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
    let api = Api::bind(config).await?;
    tracing::info!(http = %api.http_addr(), admin = %api.admin_addr(), "api is up");
    shutdown::or_second_signal(api.run(shutdown::signal())).await
}
