//! `gatepipe-register`: config, telemetry, bind, say where, run.

use std::process::ExitCode;

use gatepipe_daemon::config::Settings;
use gatepipe_daemon::reload::Hangups;
use gatepipe_daemon::shutdown::Signals;
use gatepipe_daemon::{report, service_manager};
use gatepipe_register::{Config, PROGRAM, Register};

#[tokio::main]
async fn main() -> ExitCode {
    report::exit("gatepipe-register", start().await)
}

async fn start() -> anyhow::Result<()> {
    let mut settings = Settings::load(&PROGRAM)?;
    let config = Config::read(&mut settings)?;
    let filter = config.log.init()?;
    tracing::info!(?config, "configuration");
    // Heard from here on: a signal right after the start drains as a later one does.
    let signals = Signals::listen();
    let hangups = Hangups::listen(settings, filter);
    let register = Register::bind(config).await?;
    tracing::info!(rpc = %register.rpc_addr(), admin = %register.admin_addr(), "register is up");
    let stop = service_manager::up_until(signals.first());
    tokio::spawn(hangups.obey(register.live()));
    signals.or_second(Box::pin(register.run(stop))).await
}
