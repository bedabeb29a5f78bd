//! The way to the gateways: through the registers, with the client library.

use std::time::Duration;

use clap::Args;
use gatepipe_client::{Code, Error, Failure as Missed, GatewayClient, RegisterStatus};
use gatepipe_daemon::config::units;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::internal_tls::InternalTls;
use crate::output;
use crate::secret::{Name, Secret};

/// How often it is looked whether every register has refused.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Which registers, and how to be let in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gateways")]
pub struct Fleet {
    /// A register that knows the gateways; repeatable
    #[arg(
        long,
        value_name = "URL",
        env = "GATEPIPE_REGISTER",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:1236"
    )]
    register: Vec<String>,
    #[command(flatten)]
    secret: Secret<SharedSecret>,
    #[command(flatten)]
    tls: InternalTls,
    /// How long to wait for registers, and then for gateways
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = units::duration)]
    timeout: Duration,
}

#[derive(Debug, Clone, Copy)]
struct SharedSecret;

impl Name for SharedSecret {
    const FLAG: &'static str = "secret";
    const FILE_FLAG: &'static str = "secret-file";
    const ENV: &'static str = "GATEPIPE_SECRET";
    const FILE_ENV: &'static str = "GATEPIPE_SECRET_FILE";
    const HELP: &'static str = "The secret that registers and gateways share [default: none]";
    const FILE_HELP: &'static str = "A file that holds the secret";
}

/// A gateway that did not do its part, in the words of the HTTP api.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    pub gateway: String,
    pub reason: String,
}

impl Fleet {
    /// Connects to the registers and to every gateway they list.
    ///
    /// A gateway that cannot be reached in time is no failure here: each command's receipt names it.
    pub async fn join(&self) -> anyhow::Result<GatewayClient> {
        let registers = self.register.iter().map(|url| url.trim()).filter(|url| !url.is_empty());
        let client = GatewayClient::builder()
            .registers(registers)
            .secret(self.secret.read()?)
            .tls(self.tls.files()?)
            .deadline(self.timeout)
            .connect_timeout(self.timeout)
            .build()
            .map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
        tokio::select! {
            () = client.joined() => {}
            () = every_register_refused(&client) => {}
            () = tokio::time::sleep(self.timeout) => {}
        }
        if !client.heard_register() {
            return Err(unheard(&client.registers(), self.timeout).into());
        }
        if client.gateways().is_empty() {
            output::say("no gateway is running: none has announced itself to the register");
        }
        Ok(client)
    }
}

impl From<Error> for Failure {
    /// What a command to one gateway, or a list, ended with.
    fn from(error: Error) -> Self {
        let exit = match error.code() {
            Code::NotFound => Exit::NotFound,
            Code::Unauthenticated | Code::Forbidden => Exit::NotAllowed,
            Code::Malformed | Code::Invalid | Code::TooLarge => Exit::Usage,
            Code::Unavailable | Code::Deadline => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

async fn every_register_refused(client: &GatewayClient) {
    let refused = |register: &RegisterStatus| register.trouble.is_some();
    while !client.registers().iter().all(refused) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn unheard(registers: &[RegisterStatus], waited: Duration) -> Failure {
    let troubles: Vec<_> = registers
        .iter()
        .map(|register| match &register.trouble {
            Some(trouble) => format!("{}: {trouble}", register.url),
            None => format!("{}: no answer within {waited:?}", register.url),
        })
        .collect();
    let troubles = troubles.join("; ");
    let wrong_secret = |register: &RegisterStatus| {
        let trouble = register.trouble.as_deref();
        trouble.is_some_and(|trouble| trouble.contains(gatepipe_proto::secret::REFUSED))
    };
    if registers.iter().any(wrong_secret) {
        let line = format!("the register refuses the secret: {troubles} (here: --secret or --secret-file)");
        return Failure::new(Exit::NotAllowed, line);
    }
    let no_tls = |register: &RegisterStatus| {
        register.trouble.as_deref().is_some_and(|trouble| trouble.contains("--internal-tls"))
    };
    if registers.iter().any(no_tls) {
        return Failure::new(Exit::NotAllowed, format!("the register does not let us in: {troubles}"));
    }
    let line = format!(
        "no register answers: {troubles}; start one (gatepipe-register, or gatepipe dev), or say where it is with --register"
    );
    Failure::new(Exit::Unreachable, line)
}

/// Names the gateways that did not do their part on stderr; the exit code says whether there were any.
pub fn tell_failed(client: &GatewayClient, missed: &[Missed]) -> (Exit, Vec<Failed>) {
    let gateways = client.gateways();
    for miss in missed {
        let status = gateways.iter().find(|gateway| gateway.gateway_id == miss.gateway);
        let address = status.map_or("no longer listed", |gateway| gateway.address.as_str());
        let trouble = status.and_then(|gateway| gateway.trouble.as_deref());
        let trouble = trouble.map(|trouble| format!(": {trouble}")).unwrap_or_default();
        output::say(&format!("gateway {} ({address}) failed: {}{trouble}", miss.gateway, miss.reason));
    }
    let exit = if missed.is_empty() { Exit::Done } else { Exit::Partly };
    let failed = missed
        .iter()
        .map(|miss| Failed { gateway: miss.gateway.to_string(), reason: miss.reason.to_string() });
    (exit, failed.collect())
}
