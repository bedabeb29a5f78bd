//! Which gateways are alive: leases and versions. Pure: time is passed in, and what changed is given back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gatepipe_proto::GatewayId;

/// Most gateways on the list. Everyone watches everyone's commands, so this is far more than a cluster can use.
pub(crate) const MAX_GATEWAYS: usize = 1024;

/// One gateway as it announced itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: GatewayId,
    /// host:port of its command service.
    pub(crate) address: String,
    pub(crate) draining: bool,
}

/// The announcement stream that holds a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(pub(crate) u64);

#[derive(Debug)]
struct Listed {
    member: Member,
    lease: Lease,
}

impl Listed {
    fn is_held(&self) -> bool {
        matches!(self.lease, Lease::HeldBy(_))
    }
}

#[derive(Debug, Clone, Copy)]
enum Lease {
    HeldBy(StreamId),
    /// The stream is gone; without a new one the gateway leaves the list then.
    Until(Instant),
}

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The roster's version with it.
    pub(crate) version: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// New, or changed.
    Listed(Member),
    Removed(GatewayId),
}

/// A listed gateway that has an id or address which another one announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) member: Member,
    /// Its announcement stream is open.
    pub(crate) is_held: bool,
}

/// Why an announcement was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// Whether this one still lives must be asked at its address.
    Claimed(Claim),
    /// The list has [`MAX_GATEWAYS`].
    Full,
}

/// The list.
#[derive(Debug)]
pub(crate) struct Roster {
    listed: BTreeMap<GatewayId, Listed>,
    version: u64,
    /// How long a gateway stays listed without a stream.
    grace: Duration,
}

impl Roster {
    pub(crate) fn new(grace: Duration) -> Self {
        Self { listed: BTreeMap::new(), version: 0, grace }
    }

    /// Grows by one with every change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.listed.values().map(|listed| &listed.member)
    }

    /// Takes an announcement; `stream` holds its lease from now on. Gives what changed for watchers.
    pub(crate) fn announce(&mut self, member: Member, stream: StreamId) -> Result<Option<Change>, NotTaken> {
        let claims =
            |other: &&Listed| (other.member.id == member.id) != (other.member.address == member.address);
        if let Some(other) = self.listed.values().find(claims) {
            return Err(NotTaken::Claimed(Claim { member: other.member.clone(), is_held: other.is_held() }));
        }
        let lease = Lease::HeldBy(stream);
        let is_full = self.listed.len() >= MAX_GATEWAYS;
        match self.listed.get_mut(&member.id) {
            Some(listed) => {
                listed.lease = lease;
                if listed.member == member {
                    return Ok(None);
                }
                listed.member = member.clone();
            }
            None if is_full => return Err(NotTaken::Full),
            None => drop(self.listed.insert(member.id, Listed { member: member.clone(), lease })),
        }
        Ok(Some(self.changed(What::Listed(member))))
    }

    /// Takes the gateway of `claim` off the list, if it still stands there just so.
    pub(crate) fn evict(&mut self, claim: &Claim) -> Option<Change> {
        let listed = self.listed.get(&claim.member.id)?;
        let is_the_same = listed.member.address == claim.member.address && listed.is_held() == claim.is_held;
        is_the_same.then(|| self.remove(claim.member.id))?
    }

    /// The gateway left by itself, over the stream that holds its lease.
    pub(crate) fn leave(&mut self, id: GatewayId, stream: StreamId) -> Option<Change> {
        self.holds(id, stream).then_some(())?;
        self.remove(id)
    }

    /// The stream ended without a goodbye. `true` when it held the lease.
    pub(crate) fn lose(&mut self, id: GatewayId, stream: StreamId, now: Instant) -> bool {
        let held = self.holds(id, stream);
        if held && let Some(listed) = self.listed.get_mut(&id) {
            listed.lease = Lease::Until(now + self.grace);
        }
        held
    }

    /// Takes everyone off the list whose lease has run out.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Change> {
        let over = |listed: &Listed| matches!(listed.lease, Lease::Until(end) if end <= now);
        let ids: Vec<_> = self.listed.iter().filter(|(_, listed)| over(listed)).map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    /// When the next lease runs out, if none is renewed.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        let end = |listed: &Listed| match listed.lease {
            Lease::HeldBy(_) => None,
            Lease::Until(end) => Some(end),
        };
        self.listed.values().filter_map(end).min()
    }

    fn holds(&self, id: GatewayId, stream: StreamId) -> bool {
        matches!(self.listed.get(&id), Some(Listed { lease: Lease::HeldBy(holder), .. }) if *holder == stream)
    }

    fn remove(&mut self, id: GatewayId) -> Option<Change> {
        self.listed.remove(&id)?;
        Some(self.changed(What::Removed(id)))
    }

    fn changed(&mut self, what: What) -> Change {
        self.version += 1;
        Change { version: self.version, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(5);
    const FIRST: StreamId = StreamId(1);
    const SECOND: StreamId = StreamId(2);

    fn member(id: GatewayId, address: &str) -> Member {
        Member { id, address: address.to_owned(), draining: false }
    }

    fn listed(version: u64, member: &Member) -> Change {
        Change { version, what: What::Listed(member.clone()) }
    }

    fn removed(version: u64, member: &Member) -> Change {
        Change { version, what: What::Removed(member.id) }
    }

    fn roster_with(member: &Member) -> Roster {
        let mut roster = Roster::new(GRACE);
        assert_eq!(roster.announce(member.clone(), FIRST), Ok(Some(listed(1, member))));
        roster
    }

    #[test]
    fn a_lost_stream_leaves_the_list_after_the_grace_and_not_before() {
        let edge = member(GatewayId::random(), "edge:2300");
        let mut roster = roster_with(&edge);
        let now = Instant::now();
        assert!(roster.expire(now + GRACE * 100).is_empty(), "a held lease never runs out");
        assert_eq!(roster.next_end(), None);
        assert!(roster.lose(edge.id, FIRST, now));
        assert_eq!(roster.next_end(), Some(now + GRACE));
        assert!(roster.expire(now + GRACE - Duration::from_millis(1)).is_empty());
        assert_eq!(roster.expire(now + GRACE), [removed(2, &edge)]);
        assert_eq!(roster.next_end(), None);
        assert_eq!((roster.version(), roster.members().count()), (2, 0));
    }

    #[test]
    fn a_new_stream_in_time_keeps_the_place_and_the_old_one_has_no_say_any_more() {
        let edge = member(GatewayId::random(), "edge:2300");
        let mut roster = roster_with(&edge);
        let now = Instant::now();
        assert!(roster.lose(edge.id, FIRST, now));
        assert_eq!(roster.announce(edge.clone(), SECOND), Ok(None));
        assert!(!roster.lose(edge.id, FIRST, now));
        assert_eq!(roster.leave(edge.id, FIRST), None);
        assert!(roster.expire(now + GRACE * 2).is_empty());
        assert_eq!(roster.version(), 1);
        assert_eq!(roster.leave(edge.id, SECOND), Some(removed(2, &edge)));
    }

    #[test]
    fn leases_that_run_out_together_are_changes_of_their_own() {
        let edges = [1, 2].map(|number| member(GatewayId::random(), &format!("edge-{number}:2300")));
        let mut roster = roster_with(&edges[0]);
        let now = Instant::now();
        roster.announce(edges[1].clone(), SECOND).unwrap();
        roster.lose(edges[0].id, FIRST, now);
        roster.lose(edges[1].id, SECOND, now);
        let versions: Vec<_> = roster.expire(now + GRACE).iter().map(|change| change.version).collect();
        assert_eq!((versions, roster.version()), (vec![3, 4], 4));
    }

    #[test]
    fn draining_is_a_change_and_keeps_the_place() {
        let edge = member(GatewayId::random(), "edge:2300");
        let mut roster = roster_with(&edge);
        let draining = Member { draining: true, ..edge };
        assert_eq!(roster.announce(draining.clone(), FIRST), Ok(Some(listed(2, &draining))));
        assert_eq!(roster.members().collect::<Vec<_>>(), [&draining]);
    }

    #[test]
    fn ids_and_addresses_of_others_are_claimed_until_evicted() {
        let edge = member(GatewayId::random(), "edge:2300");
        let mut roster = roster_with(&edge);
        let same_id = member(edge.id, "elsewhere:2300");
        let same_address = member(GatewayId::random(), "edge:2300");
        let claimed = |is_held| Err(NotTaken::Claimed(Claim { member: edge.clone(), is_held }));
        for rival in [&same_id, &same_address] {
            assert_eq!(roster.announce(rival.clone(), SECOND), claimed(true));
        }
        roster.lose(edge.id, FIRST, Instant::now());
        for rival in [&same_id, &same_address] {
            assert_eq!(roster.announce(rival.clone(), SECOND), claimed(false));
        }
        let claim = |member: &Member, is_held| Claim { member: member.clone(), is_held };
        assert_eq!(roster.evict(&claim(&same_id, false)), None, "only the one that was asked");
        assert_eq!(roster.evict(&claim(&edge, true)), None, "only as it was then");
        assert_eq!(roster.evict(&claim(&edge, false)), Some(removed(2, &edge)));
        assert!(roster.announce(same_address, SECOND).is_ok());
    }

    #[test]
    fn the_list_is_bounded() {
        let mut roster = Roster::new(GRACE);
        for number in 0..MAX_GATEWAYS {
            assert!(roster.announce(member(GatewayId::random(), &format!("host:{number}")), FIRST).is_ok());
        }
        assert_eq!(roster.announce(member(GatewayId::random(), "one:2"), FIRST), Err(NotTaken::Full));
    }
}
