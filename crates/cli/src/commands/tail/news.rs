//! What there is to tell about gateways: which are heard, left, or cannot be heard. Pure.

use std::collections::BTreeMap;

use gatepipe_client::{GatewayId, SubscriptionStats};

/// What was told before.
#[derive(Debug, Default)]
pub struct News {
    told: BTreeMap<GatewayId, Told>,
}

/// A member, as the client library sees it.
#[derive(Debug)]
pub struct Member {
    pub address: String,
    /// Why there is no pipe to it.
    pub trouble: Option<String>,
}

#[derive(Debug)]
struct Told {
    address: String,
    is_heard: Option<bool>,
}

impl News {
    /// One line for each thing that is new, from the members and how it goes with the events of each.
    pub fn since_last(
        &mut self,
        members: BTreeMap<GatewayId, Member>,
        subscriptions: &BTreeMap<GatewayId, SubscriptionStats>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        self.told.retain(|gateway, told| {
            let stays = members.contains_key(gateway);
            if !stays {
                lines.push(format!("gateway {gateway} ({}) left", told.address));
            }
            stays
        });
        for (gateway, Member { address, trouble }) in members {
            let told = self.told.entry(gateway).or_insert(Told { address, is_heard: None });
            let is_subscribed = subscriptions.get(&gateway).is_some_and(|events| events.subscribed);
            // Without a pipe nothing is subscribed.
            let trouble =
                trouble.or_else(|| subscriptions.get(&gateway).and_then(|events| events.trouble.clone()));
            let (is_heard, how) = match trouble {
                _ if is_subscribed => (true, "is heard".to_owned()),
                Some(why) => (false, format!("cannot be heard: {why}")),
                // It is being tried.
                None => continue,
            };
            // Another reason for the same is no news: attempts that fail in turns would tell for ever.
            if told.is_heard != Some(is_heard) {
                told.is_heard = Some(is_heard);
                lines.push(format!("gateway {gateway} ({}) {how}", told.address));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(subscribed: bool, trouble: Option<&str>) -> SubscriptionStats {
        SubscriptionStats { subscribed, trouble: trouble.map(str::to_owned), ..SubscriptionStats::default() }
    }

    #[test]
    fn each_change_is_told_once() {
        let gateway: GatewayId = "00aa11bb22cc33dd".parse().unwrap();
        let mut news = News::default();
        let member = |trouble: Option<&str>| {
            Some(Member { address: "h:1".into(), trouble: trouble.map(str::to_owned) })
        };
        let (reached, unreached) = (|| member(None), || member(Some("no route")));
        let mut tell = |member: Option<Member>, stats: Option<SubscriptionStats>| {
            let members = member.map(|member| (gateway, member)).into_iter().collect();
            let stats = stats.map(|stats| (gateway, stats)).into_iter().collect();
            news.since_last(members, &stats).join("; ")
        };
        let name = "gateway 00aa11bb22cc33dd (h:1)";
        assert_eq!(tell(reached(), None), "");
        assert_eq!(tell(reached(), Some(seen(false, None))), "");
        assert_eq!(tell(unreached(), Some(seen(false, None))), format!("{name} cannot be heard: no route"));
        assert_eq!(tell(reached(), Some(seen(false, None))), "");
        assert_eq!(tell(reached(), Some(seen(false, Some("refused")))), "");
        assert_eq!(tell(reached(), Some(seen(true, None))), format!("{name} is heard"));
        assert_eq!(tell(reached(), Some(seen(true, None))), "");
        assert_eq!(
            tell(reached(), Some(seen(false, Some("refused")))),
            format!("{name} cannot be heard: refused")
        );
        assert_eq!(tell(None, Some(seen(true, None))), format!("{name} left"));
        assert_eq!(tell(None, None), "");
    }
}
