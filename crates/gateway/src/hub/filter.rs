//! Which clients a question is about.

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::net::IpAddr;

use gatepipe_proto::{Group, Uid};

/// Conditions that must all hold; of a set any one, and an empty set asks for nothing. The default lets everybody through.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) uids: HashSet<Uid>,
    pub(crate) groups: HashSet<Group>,
    /// The remote address, as text, begins so.
    pub(crate) remote_address_prefix: String,
    pub(crate) bound: BoundState,
}

/// Whether a client has a uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BoundState {
    #[default]
    Any,
    Bound,
    Unbound,
}

impl Filter {
    /// Nobody is left out.
    pub(crate) fn is_everybody(&self) -> bool {
        self.uids.is_empty() && self.is_by_uid_alone() && self.bound == BoundState::Any
    }

    /// Of those that have a uid, whoever has one of these is let through.
    pub(crate) fn is_by_uid_alone(&self) -> bool {
        self.groups.is_empty() && self.remote_address_prefix.is_empty() && self.bound != BoundState::Unbound
    }

    pub(crate) fn lets_through(&self, remote: IpAddr, uid: Option<&Uid>, groups: &[Group]) -> bool {
        let bound = match self.bound {
            BoundState::Any => true,
            BoundState::Bound => uid.is_some(),
            BoundState::Unbound => uid.is_none(),
        };
        bound
            && (self.uids.is_empty() || uid.is_some_and(|uid| self.uids.contains(uid)))
            && (self.groups.is_empty() || groups.iter().any(|group| self.groups.contains(group)))
            && begins_with(remote, &self.remote_address_prefix)
    }
}

/// Compares while the address is written, so that asking a million clients allocates nothing.
fn begins_with(address: IpAddr, prefix: &str) -> bool {
    struct Rest<'a>(&'a [u8]);

    impl Write for Rest<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let common = text.len().min(self.0.len());
            let (expected, rest) = self.0.split_at(common);
            if expected != &text.as_bytes()[..common] {
                return Err(fmt::Error);
            }
            self.0 = rest;
            Ok(())
        }
    }

    let mut rest = Rest(prefix.as_bytes());
    prefix.is_empty() || (write!(rest, "{address}").is_ok() && rest.0.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_begin_with_what_their_text_begins_with() {
        let prefixes = [
            "",
            "1",
            "10",
            "10.",
            "10.1.2.3",
            "10.1.2.30",
            "10.1.2.3.",
            "2",
            "2001:db8:",
            "2001:db8::1",
            "::",
            "x",
        ];
        for address in ["10.1.2.3", "10.1.2.30", "100.1.2.3", "1.1.1.1", "2001:db8::1", "2001:db8::12", "::1"]
        {
            for prefix in prefixes {
                let parsed: IpAddr = address.parse().unwrap();
                assert_eq!(begins_with(parsed, prefix), address.starts_with(prefix), "{address} {prefix:?}");
            }
        }
    }

    #[test]
    fn every_condition_must_hold_and_of_a_list_any_one() {
        let uid = |text: &str| Uid::try_from(text).unwrap();
        let group = |text: &str| Group::try_from(text).unwrap();
        let ana = || {
            let groups = vec![group("staff"), group("berlin")];
            ("10.1.2.3".parse().unwrap(), Some(uid("ana")), groups)
        };
        let nobody = || ("10.9.9.9".parse().unwrap(), None, vec![group("berlin")]);
        let by_uid = Filter { uids: [uid("ana"), uid("ben")].into(), ..Filter::default() };
        let by_group = Filter { groups: [group("paris"), group("berlin")].into(), ..Filter::default() };
        let by_address = Filter { remote_address_prefix: "10.1.".into(), ..Filter::default() };
        let bound = Filter { bound: BoundState::Bound, ..Filter::default() };
        let unbound = Filter { bound: BoundState::Unbound, ..Filter::default() };
        let both =
            Filter { bound: BoundState::Unbound, groups: [group("berlin")].into(), ..Filter::default() };
        let never = Filter { bound: BoundState::Unbound, uids: [uid("ana")].into(), ..Filter::default() };
        for (name, filter, lets_ana, lets_nobody) in [
            ("everybody", Filter::default(), true, true),
            ("uid", by_uid, true, false),
            ("group", by_group, true, true),
            ("address", by_address, true, false),
            ("bound", bound, true, false),
            ("unbound", unbound, false, true),
            ("group and unbound", both, false, true),
            ("uid and unbound", never, false, false),
        ] {
            for ((remote, uid, groups), expected) in [(ana(), lets_ana), (nobody(), lets_nobody)] {
                assert_eq!(filter.lets_through(remote, uid.as_ref(), &groups), expected, "{name}");
            }
        }
    }
}
