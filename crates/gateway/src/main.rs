//! `gatepipe-gateway`: config, telemetry, bind, say where, run.

use std::process::ExitCode;

use gatepipe_daemon::{report, shutdown};
use gatepipe_gateway::{Config, Gateway};

#[tokio::main]
async fn main() -> ExitCode {
    report::exit("gatepipe-gateway", start().await)
}

async fn start() -> anyhow::Result<()> {
    let config = Config::load()?;
    config.log.init()?;
    // Heard from here on: a signal right after the start drains as a later one does.
    let stop = shutdown::signal();
    let gateway = Gateway::bind(config).await?;
    tracing::info!(
        clients = %gateway.client_addr(),
        rpc = %gateway.rpc_addr(),
        admin = %gateway.admin_addr(),
        gateway_id = %gateway.gateway_id(),
        "gateway is up"
    );
    shutdown::or_second_signal(gateway.run(stop)).await
}
