//! What is asked when somebody looks, instead of being counted along: the gateways' client and the connections to the database.

use std::fmt;
use std::sync::{Arc, OnceLock};

use gatepipe_client::GatewayClient;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::ByResult;
use crate::store::{Connections, Store};

/// Empty until the ports are taken: a process that cannot start does not look for gateways.
#[derive(Clone, Default)]
pub(super) struct Gateways(Arc<OnceLock<GatewayClient>>);

impl Gateways {
    /// From now on asks this one. A second one would be another client of the same cluster, and is not asked.
    pub(super) fn watch(&self, gateways: GatewayClient) {
        let _ = self.0.set(gateways);
    }
}

impl fmt::Debug for Gateways {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Gateways")
    }
}

impl Collector for Gateways {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(client) = self.0.get() else {
            return Ok(());
        };
        let gateways = client.gateways();
        let connected = gateways.iter().filter(|gateway| gateway.connected).count();
        let waiting = gateways.iter().map(|gateway| gateway.waiting).sum();
        let in_flight = gateways.iter().map(|gateway| gateway.in_flight).sum();
        let numbers = [
            ("registers_connected", "Registers that are heard now", client.registers_connected()),
            ("registers", "Registers that the api is to hear", client.registers().len()),
            ("gateways", "Gateways that are members", gateways.len()),
            ("gateways_connected", "Gateways with an open pipe", connected),
            ("pipe_waiting", "Commands that wait to be sent to a gateway", waiting),
            ("pipe_in_flight", "Commands that were sent and are not answered yet", in_flight),
        ];
        encode_gauges(&mut encoder, &numbers)?;

        let tally = client.tally();
        let totals = [
            ("pipe_batches", "Batches of commands that went to gateways", tally.batches),
            (
                "pipe_commands",
                "Commands in them; a push is one for each gateway that it goes to",
                tally.commands,
            ),
        ];
        for (name, help, number) in totals {
            let counter = ConstCounter::new(number);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let help = "What became of commands to gateways";
        let mut family = encoder.encode_descriptor("pipe_receipts", help, None, MetricType::Counter)?;
        let receipts = [
            ("done", tally.done),
            ("refused", tally.refused),
            ("too_busy", tally.too_busy),
            ("unreachable", tally.unreachable),
            ("deadline", tally.deadline),
            ("unknown_outcome", tally.unknown_outcome),
        ];
        for (result, number) in receipts {
            ConstCounter::new(number).encode(family.encode_family(&ByResult { result })?)?;
        }
        Ok(())
    }
}

/// The connections to a database server; with SQLite, which has none to wait for, all are 0.
pub(super) struct DatabaseConnections(pub(super) Store);

impl fmt::Debug for DatabaseConnections {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DatabaseConnections")
    }
}

impl Collector for DatabaseConnections {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let none = Connections { open: 0, used: 0, waited_for: 0 };
        let connections = self.0.connections().unwrap_or(none);
        let numbers = [
            ("store_connections", "Open connections to the database server", connections.open),
            ("store_connections_used", "Those of them that somebody has", connections.used),
            ("store_connections_waited_for", "Calls that wait for one", connections.waited_for),
        ];
        encode_gauges(&mut encoder, &numbers)
    }
}

fn encode_gauges(
    encoder: &mut DescriptorEncoder<'_>,
    numbers: &[(&str, &str, usize)],
) -> Result<(), fmt::Error> {
    for (name, help, number) in numbers {
        let gauge = ConstGauge::new(i64::try_from(*number).unwrap_or(i64::MAX));
        gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
    }
    Ok(())
}
