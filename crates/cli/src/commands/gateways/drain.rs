//! `gatepipe gateways drain`

use std::time::{Duration, Instant};

use clap::Args;
use gatepipe_client::{Filter, GatewayClient, GatewayId};
use serde::Serialize;

use crate::confirm::Confirm;
use crate::exit::{Exit, Failure};
use crate::fleet::Fleet;
use crate::gateway_name::GatewayName;
use crate::output::{Output, Progress, Row};

/// How often it is looked whether it is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How often its clients are counted, for people.
const COUNT_AGAIN: Duration = Duration::from_millis(500);

/// Let all clients of a gateway go, to the other gateways, and end it
#[derive(Debug, Args)]
#[command(
    after_help = "As SIGTERM at the gateway: it takes no new clients, its pages are told to come back and leave within its --drain-timeout, and \
it ends. Nobody starts it again from here. A second drain changes nothing.

It waits until the gateway is off the list. Ctrl-C ends the waiting; the gateway drains on.

Examples:
  gatepipe gateways drain 6f1c0d2e4b5a9788
  gatepipe gateways drain 6f1c --yes
  gatepipe gateways drain 6f1c --yes --no-wait -o json"
)]
pub struct Drain {
    /// Its id, or at least the first 4 digits
    #[arg(value_name = "GATEWAY")]
    gateway: GatewayName,
    /// Wait until it is gone; the default
    #[arg(long, conflicts_with = "no_wait")]
    wait: bool,
    /// End as soon as it has begun
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    confirm: Confirm,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct Drained {
    gateway_id: String,
    /// Those that had to leave.
    clients: u64,
    /// Seen to be off the list.
    gone: bool,
    waited_ms: u64,
}

impl Row for Drained {
    const HEAD: &'static [&'static str] = &["gateway_id", "clients", "gone", "waited (ms)"];

    fn cells(&self) -> Vec<String> {
        let gone = if self.gone { "yes" } else { "no" };
        vec![self.gateway_id.clone(), self.clients.to_string(), gone.into(), self.waited_ms.to_string()]
    }
}

impl Drain {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        self.confirm.possible()?;
        let client = self.fleet.join().await?;
        let gateway = self.gateway.find(&client)?;
        let id = gateway.gateway_id;
        if self.confirm.asks() {
            let clients = clients_of(&client, id).await;
            let clients = clients.map_or_else(|| "unknown".to_owned(), |clients| clients.to_string());
            let others = client.gateways().len().saturating_sub(1);
            let question = format!(
                "Drain and end gateway {id} at {} (clients: {clients}, other gateways: {others})?",
                gateway.address
            );
            self.confirm.ask(&question).await?;
        }
        let clients = client.drain(id).await.map_err(Failure::from)?;
        let begun = Instant::now();
        let gone = self.wait || !self.no_wait;
        if gone {
            until_gone(&client, id, clients).await?;
        }
        let waited_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        output.one(&Drained { gateway_id: id.to_string(), clients, gone, waited_ms })?;
        Ok(Exit::Done)
    }
}

async fn clients_of(client: &GatewayClient, gateway: GatewayId) -> Option<u64> {
    let count = client.count_clients(&Filter::gateway(gateway)).await;
    count.failed.is_empty().then_some(count.value)
}

/// Until it is off the list, with the number of its clients for people.
async fn until_gone(client: &GatewayClient, id: GatewayId, at_first: u64) -> Result<(), Failure> {
    let mut progress = Progress::new();
    let mut left = at_first;
    let mut count_at = Instant::now();
    loop {
        let gateways = client.gateways();
        let Some(gateway) = gateways.iter().find(|gateway| gateway.gateway_id == id) else {
            return Ok(());
        };
        if !gateway.connected && client.registers_connected() == 0 {
            let line =
                format!("neither gateway {id} nor a register answers: whether it has ended is unknown");
            return Err(Failure::new(Exit::Unreachable, line));
        }
        if progress.is_seen() && count_at <= Instant::now() {
            left = clients_of(client, id).await.unwrap_or(left);
            count_at = Instant::now() + COUNT_AGAIN;
            progress.show(&format!("gateway {id} drains: {left} of {at_first} clients left"));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
