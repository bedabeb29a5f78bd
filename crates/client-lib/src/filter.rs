//! Which clients a question is about.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gatepipe_proto::{GatewayId, Group, Uid, distinct, v1};

/// Which clients a list, stream or count is about: those for which everything that is given holds; of a list any one. The default
/// gives nothing and so means everybody; **an empty list means any**, not nobody.
///
/// ```
/// # use gatepipe_client::Filter;
/// # fn main() -> Result<(), gatepipe_client::InvalidId> {
/// let guests_of_the_lobby = Filter { bound: Some(false), ..Filter::group("lobby".parse()?) };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Bound to one of these uids; gateways refuse more than 10,000.
    pub uids: Vec<Uid>,
    /// Member of at least one of these groups; gateways refuse more than 1,000.
    pub groups: Vec<Group>,
    /// Connected to one of these gateways; only these are asked. One that is no member has no clients; only while no register is
    /// connected nobody knows that, and it is named as failed.
    pub gateways: Vec<GatewayId>,
    /// The remote address, as text, begins so: `10.1.` or `2001:db8:`. Any when empty.
    pub remote_address_prefix: String,
    /// `Some(true)`: only those bound to a uid; `Some(false)`: only those that are not.
    pub bound: Option<bool>,
}

impl Filter {
    /// Clients of one uid.
    #[must_use]
    pub fn uid(uid: Uid) -> Self {
        Self { uids: vec![uid], ..Self::default() }
    }

    /// Members of one group.
    #[must_use]
    pub fn group(group: Group) -> Self {
        Self { groups: vec![group], ..Self::default() }
    }

    /// Clients of one gateway.
    #[must_use]
    pub fn gateway(gateway: GatewayId) -> Self {
        Self { gateways: vec![gateway], ..Self::default() }
    }

    /// What a gateway needs to know of it.
    pub(crate) fn on_the_wire(&self) -> v1::ClientFilter {
        let bound = match self.bound {
            None => v1::BoundState::Any,
            Some(true) => v1::BoundState::Bound,
            Some(false) => v1::BoundState::Unbound,
        };
        v1::ClientFilter {
            uids: self.uids.iter().map(ToString::to_string).collect(),
            groups: self.groups.iter().map(ToString::to_string).collect(),
            remote_address_prefix: self.remote_address_prefix.clone(),
            bound: bound.into(),
        }
    }

    /// The same for every filter that means the same, whatever the order in its lists; otherwise different.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut text = format!("{:?};", self.bound);
        // Lengths stand before the names, so that no name can pass for two.
        let mut put = |names: BTreeSet<&str>| {
            for name in names {
                let _ = write!(text, "{}:{name}", name.len());
            }
            text.push(';');
        };
        let gateways: Vec<_> = self.gateways.iter().map(ToString::to_string).collect();
        put(self.uids.iter().map(Uid::as_str).collect());
        put(self.groups.iter().map(Group::as_str).collect());
        put(gateways.iter().map(String::as_str).collect());
        put(BTreeSet::from([self.remote_address_prefix.as_str()]));
        distinct::fingerprint(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn uids(names: &[&str]) -> Vec<Uid> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn filters_that_mean_the_same_have_one_fingerprint() {
        let of = |names: &[&str]| Filter { uids: uids(names), ..Filter::default() }.fingerprint();
        assert_eq!(of(&["a", "b"]), of(&["b", "a", "b"]));
    }

    #[test]
    fn filters_that_mean_something_else_have_another() {
        let group = |name: &str| Filter::group(name.parse().unwrap());
        let filters = [
            Filter::default(),
            Filter { uids: uids(&["a"]), ..Filter::default() },
            Filter { uids: uids(&["a", "b"]), ..Filter::default() },
            Filter { uids: uids(&["ab"]), ..Filter::default() },
            Filter { uids: uids(&["a1:b"]), ..Filter::default() },
            group("a"),
            group(";1:a"),
            Filter { uids: uids(&["a"]), ..group("a") },
            Filter { remote_address_prefix: "a".into(), ..Filter::default() },
            Filter { bound: Some(true), ..Filter::default() },
            Filter { bound: Some(false), ..Filter::default() },
            Filter::gateway("00000000000000aa".parse().unwrap()),
            group("00000000000000aa"),
        ];
        let different: HashSet<_> = filters.iter().map(Filter::fingerprint).collect();
        assert_eq!(different.len(), filters.len());
    }
}
