//! Gateways and registers that appear and vanish, found by looking once a second.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepipe_client::{GatewayClient, GatewayStatus, RegisterStatus};
use gatepipe_proto::GatewayId;
use tokio::time::{MissedTickBehavior, interval};

use super::{Event, Feed, Kind};

/// Between two looks; what lasts shorter is not told.
const LOOK: Duration = Duration::from_secs(1);

/// Looks for ever, and tells what changed.
pub async fn watch(gateways: GatewayClient, feed: Feed) {
    let mut seen = Seen::default();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        for event in seen.changes(&gateways.gateways(), &gateways.registers()) {
            feed.tell(event.kind, || event);
        }
    }
}

/// What there was at the last look.
#[derive(Default)]
struct Seen {
    gateways: BTreeMap<GatewayId, Member>,
    /// Whether each register was heard, of those that ever were: before, it is only being looked for.
    registers: BTreeMap<String, bool>,
}

#[derive(Clone)]
struct Member {
    address: String,
    draining: bool,
    connected: bool,
    /// Its pipe was open once: before, it is only being opened.
    was_connected: bool,
}

impl Seen {
    fn changes(&mut self, gateways: &[GatewayStatus], registers: &[RegisterStatus]) -> Vec<Event> {
        let mut changes = Vec::new();
        for register in registers {
            let before = self.registers.get(&register.url).copied();
            if before.is_some() || register.connected {
                self.registers.insert(register.url.clone(), register.connected);
            }
            let kind = match (before, register.connected) {
                (Some(true), false) => Kind::RegisterLost,
                (Some(false), true) => Kind::RegisterBack,
                _ => continue,
            };
            changes.push(Event { address: Some(register.url.clone()), ..Event::now(kind) });
        }
        let mut now = BTreeMap::new();
        for gateway in gateways {
            let before = self.gateways.remove(&gateway.gateway_id);
            let tell = |kind| Event {
                gateway: Some(gateway.gateway_id),
                address: Some(gateway.address.clone()),
                ..Event::now(kind)
            };
            if before.is_none() {
                changes.push(tell(Kind::GatewayJoined));
            }
            if gateway.draining && before.as_ref().is_none_or(|before| !before.draining) {
                changes.push(tell(Kind::GatewayDraining));
            }
            if let Some(before) = before.as_ref().filter(|before| before.was_connected) {
                match (before.connected, gateway.connected) {
                    (true, false) => changes.push(tell(Kind::GatewayLost)),
                    (false, true) => changes.push(tell(Kind::GatewayBack)),
                    _ => {}
                }
            }
            let was_connected = gateway.connected || before.is_some_and(|before| before.was_connected);
            let member = Member {
                address: gateway.address.clone(),
                draining: gateway.draining,
                connected: gateway.connected,
                was_connected,
            };
            now.insert(gateway.gateway_id, member);
        }
        for (gateway, member) in std::mem::replace(&mut self.gateways, now) {
            let left = Event::now(Kind::GatewayLeft);
            changes.push(Event { gateway: Some(gateway), address: Some(member.address), ..left });
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(number: u8, draining: bool, connected: bool) -> GatewayStatus {
        GatewayStatus {
            gateway_id: format!("{number:016x}").parse().unwrap(),
            address: format!("10.0.0.{number}:2300"),
            draining,
            listed: 1,
            connected,
            waiting: 0,
            in_flight: 0,
            refused: 0,
            left_out: 0,
            trouble: None,
        }
    }

    fn register(connected: bool) -> RegisterStatus {
        RegisterStatus { url: "http://127.0.0.1:1236".into(), connected, trouble: None }
    }

    #[test]
    fn each_change_is_told_once() {
        let mut seen = Seen::default();
        let mut look = |gateways: &[GatewayStatus], registers: &[RegisterStatus]| -> Vec<&'static str> {
            seen.changes(gateways, registers).iter().map(|event| event.kind.name()).collect()
        };
        let nothing: [&str; 0] = [];
        assert_eq!(look(&[], &[register(false)]), nothing, "it was never heard");
        assert_eq!(look(&[gateway(1, false, false)], &[register(true)]), ["gateway_joined"]);
        assert_eq!(look(&[gateway(1, false, true)], &[register(true)]), nothing, "it was only being opened");
        assert_eq!(look(&[gateway(1, false, false)], &[register(false)]), ["register_lost", "gateway_lost"]);
        assert_eq!(look(&[gateway(1, false, false)], &[register(false)]), nothing);
        assert_eq!(look(&[gateway(1, false, true)], &[register(true)]), ["register_back", "gateway_back"]);
        let both = [gateway(1, true, true), gateway(2, true, true)];
        assert_eq!(
            look(&both, &[register(true)]),
            ["gateway_draining", "gateway_joined", "gateway_draining"]
        );
        assert_eq!(look(&[gateway(2, true, true)], &[register(true)]), ["gateway_left"]);
    }
}
