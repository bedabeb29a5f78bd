//! `gatepipe gateways`

use clap::Args;
use gatepipe_client::{GatewayCounts, GatewayStatus};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::{Fleet, tell_failed};
use crate::output::{Output, Row};

/// List the gateways with their numbers
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe gateways
  gatepipe gateways --register http://10.0.0.1:1236 --secret-file /run/secrets/gatepipe
  gatepipe gateways -o json | jq '[.[].clients] | add'")]
pub struct Gateways {
    #[command(flatten)]
    fleet: Fleet,
}

/// A gateway, with the keys of the HTTP api; numbers are null when it could not be asked.
#[derive(Debug, Serialize)]
struct Gateway {
    gateway_id: String,
    address: String,
    draining: bool,
    connected: bool,
    listed: usize,
    clients: Option<u64>,
    bound_clients: Option<u64>,
    uids: Option<u64>,
}

impl Gateway {
    fn new(status: GatewayStatus, counts: Option<&GatewayCounts>) -> Self {
        Self {
            gateway_id: status.gateway_id.to_string(),
            address: status.address,
            draining: status.draining,
            connected: status.connected,
            listed: status.listed,
            clients: counts.map(|counts| counts.clients),
            bound_clients: counts.map(|counts| counts.bound_clients),
            uids: counts.map(|counts| counts.uids),
        }
    }

    fn state(&self) -> &'static str {
        match (self.connected, self.draining) {
            (false, _) => "unreachable",
            (true, true) => "draining",
            (true, false) => "up",
        }
    }
}

impl Row for Gateway {
    const HEAD: &'static [&'static str] = &["gateway_id", "address", "state", "clients", "bound", "uids"];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        vec![
            self.gateway_id.clone(),
            self.address.clone(),
            self.state().into(),
            number(self.clients),
            number(self.bound_clients),
            number(self.uids),
        ]
    }
}

impl Gateways {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let counts = client.counts().await;
        let gateways: Vec<_> = client
            .gateways()
            .into_iter()
            .map(|gateway| {
                let counts = counts.value.gateways.get(&gateway.gateway_id);
                Gateway::new(gateway, counts)
            })
            .collect();
        let (exit, _) = tell_failed(&client, &counts.failed);
        output.list(&gateways)?;
        Ok(exit)
    }
}
