//! `gatepipe gateways` without a further word

use clap::Args;
use gatepipe_client::{GatewayStatus, Rates, Stats, Totals};
use serde::Serialize;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::fleet::{Fleet, tell_failed};
use crate::output::{Output, Row};

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    fleet: Fleet,
}

/// A gateway, with the keys of the HTTP api; what only the gateway knows is null when it could not be asked.
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
    groups: Option<u64>,
    workers: Option<u64>,
    queued_bytes: Option<u64>,
    version: Option<String>,
    uptime_ms: Option<i64>,
    /// Over the last `rates_over_ms`.
    rates: Option<Value>,
    rates_over_ms: Option<u32>,
    /// Since its start.
    totals: Option<Value>,
    #[serde(skip)]
    frames: Option<(f64, f64)>,
}

impl Gateway {
    fn new(status: GatewayStatus, stats: Option<&Stats>) -> Self {
        Self {
            gateway_id: status.gateway_id.to_string(),
            address: status.address,
            draining: status.draining || stats.is_some_and(|stats| stats.draining),
            connected: status.connected,
            listed: status.listed,
            clients: stats.map(|stats| stats.clients),
            bound_clients: stats.map(|stats| stats.bound_clients),
            uids: stats.map(|stats| stats.uids),
            groups: stats.map(|stats| stats.groups),
            workers: stats.map(|stats| stats.workers),
            queued_bytes: stats.map(|stats| stats.queued_bytes),
            version: stats.map(|stats| stats.version.clone()),
            uptime_ms: stats.map(|stats| stats.uptime_ms),
            rates: stats.map(|stats| rates(&stats.rates)),
            rates_over_ms: stats.map(|stats| stats.rates_over_ms),
            totals: stats.map(|stats| totals(&stats.totals)),
            frames: stats.map(|stats| (stats.rates.frames_in, stats.rates.frames_out)),
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

fn rates(rates: &Rates) -> Value {
    json!({
        "opened_per_s": rates.opened,
        "closed_per_s": rates.closed,
        "frames_in_per_s": rates.frames_in,
        "frames_out_per_s": rates.frames_out,
        "bytes_in_per_s": rates.bytes_in,
        "bytes_out_per_s": rates.bytes_out,
        "commands_per_s": rates.commands,
        "events_per_s": rates.events,
    })
}

fn totals(totals: &Totals) -> Value {
    json!({
        "opened": totals.opened,
        "closed": totals.closed,
        "slow_closes": totals.slow_closes,
        "frames_in": totals.frames_in,
        "frames_out": totals.frames_out,
        "bytes_in": totals.bytes_in,
        "bytes_out": totals.bytes_out,
        "commands": totals.commands,
        "events": totals.events,
        "events_dropped": totals.events_dropped,
    })
}

impl Row for Gateway {
    #[rustfmt::skip]
    const HEAD: &'static [&'static str] = &[
        "gateway_id", "address", "state", "clients", "bound", "uids", "version", "uptime (s)", "in/s", "out/s", "queued bytes",
    ];

    fn cells(&self) -> Vec<String> {
        fn shown<T: ToString>(known: Option<T>) -> String {
            known.map(|known| known.to_string()).unwrap_or_default()
        }
        vec![
            self.gateway_id.clone(),
            self.address.clone(),
            self.state().into(),
            shown(self.clients),
            shown(self.bound_clients),
            shown(self.uids),
            shown(self.version.as_deref()),
            shown(self.uptime_ms.map(|uptime| uptime / 1_000)),
            shown(self.frames.map(|(frames_in, _)| format!("{frames_in:.1}"))),
            shown(self.frames.map(|(_, frames_out)| format!("{frames_out:.1}"))),
            shown(self.queued_bytes),
        ]
    }
}

impl List {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let stats = client.stats().await;
        let gateway = |status: GatewayStatus| {
            let stats = stats.value.get(&status.gateway_id);
            Gateway::new(status, stats)
        };
        let gateways: Vec<_> = client.gateways().into_iter().map(gateway).collect();
        let (exit, _) = tell_failed(&client, &stats.failed);
        output.list(&gateways)?;
        Ok(exit)
    }
}
