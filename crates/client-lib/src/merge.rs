//! Names that several gateways list in byte order, as one list in byte order with equal names added up: pure.
//!
//! A name is told only when no gateway can still come with it: every gateway has either told one that is not smaller, or all it has.
//! What a gateway told beyond that waits here, at most a page of each.

use std::collections::{BTreeMap, VecDeque};

use gatepipe_proto::distinct::Sum;
use gatepipe_proto::{GatewayId, v1};

use crate::words::{GroupInfo, UidInfo};

/// A page of names as one gateway gives it.
pub(crate) trait NamesPage {
    type Entry: Named;

    /// The entries, and whether more may follow.
    fn take(self) -> (Vec<Self::Entry>, bool);
}

/// What gateways say about one name.
pub(crate) trait Named {
    /// The same about all gateways together.
    type Whole;

    fn name(&self) -> &str;

    /// Adds up what gateways say about one name; `None` when it is none.
    fn add_up(entries: Vec<Self>) -> Option<Self::Whole>
    where
        Self: Sized;
}

/// The names that gateways have told and that were not passed on.
pub(crate) struct Merge<P: NamesPage> {
    gateways: BTreeMap<GatewayId, Told<P::Entry>>,
}

struct Told<E> {
    entries: VecDeque<E>,
    /// More may follow, after `last`.
    more: bool,
    last: String,
}

impl<P: NamesPage> Merge<P> {
    /// Names of `gateways` after `after`; nothing was asked yet.
    pub(crate) fn new(gateways: impl IntoIterator<Item = GatewayId>, after: &str) -> Self {
        let nothing = || Told { entries: VecDeque::new(), more: true, last: after.to_owned() };
        Self { gateways: gateways.into_iter().map(|gateway| (gateway, nothing())).collect() }
    }

    /// The gateways that have to be asked for a page before any name can be told, each with the name its page starts after.
    pub(crate) fn wants(&self) -> Vec<(GatewayId, String)> {
        let waiting = self.gateways.iter().filter(|(_, told)| told.is_awaited());
        waiting.map(|(gateway, told)| (*gateway, told.last.clone())).collect()
    }

    /// Takes in a gateway's page. Names that are out of order are left out, so that no gateway can keep a reader for ever.
    pub(crate) fn add(&mut self, gateway: GatewayId, page: P) {
        let Some(told) = self.gateways.get_mut(&gateway) else {
            return;
        };
        let (entries, more) = page.take();
        let had = told.entries.len();
        for entry in entries {
            if entry.name() > told.last.as_str() {
                entry.name().clone_into(&mut told.last);
                told.entries.push_back(entry);
            }
        }
        told.more = more && told.entries.len() > had;
    }

    /// Goes on without a gateway; what it told and was not passed on is forgotten.
    pub(crate) fn leave_out(&mut self, gateway: GatewayId) {
        self.gateways.remove(&gateway);
    }

    /// Every name of every gateway was passed on.
    pub(crate) fn is_over(&self) -> bool {
        self.gateways.values().all(|told| told.entries.is_empty() && !told.more)
    }

    /// The smallest name, once every gateway that may have it has told. `None` while some must be asked, and when it is over.
    pub(crate) fn next(&mut self) -> Option<<P::Entry as Named>::Whole> {
        loop {
            if self.gateways.values().any(Told::is_awaited) {
                return None;
            }
            let heads = self.gateways.values().filter_map(|told| told.entries.front());
            let name = heads.map(Named::name).min()?.to_owned();
            let having = |told: &mut Told<P::Entry>| told.entries.pop_front_if(|entry| entry.name() == name);
            let entries = self.gateways.values_mut().filter_map(having).collect();
            if let Some(whole) = Named::add_up(entries) {
                return Some(whole);
            }
        }
    }
}

impl<E> Told<E> {
    fn is_awaited(&self) -> bool {
        self.entries.is_empty() && self.more
    }
}

impl NamesPage for v1::UidsReply {
    type Entry = v1::UidEntry;

    fn take(self) -> (Vec<v1::UidEntry>, bool) {
        (self.uids, self.more)
    }
}

impl NamesPage for v1::GroupsReply {
    type Entry = v1::GroupEntry;

    fn take(self) -> (Vec<v1::GroupEntry>, bool) {
        (self.groups, self.more)
    }
}

impl Named for v1::UidEntry {
    type Whole = UidInfo;

    fn name(&self) -> &str {
        &self.uid
    }

    fn add_up(entries: Vec<Self>) -> Option<UidInfo> {
        let uid = entries.first()?.uid.parse().ok()?;
        Some(UidInfo { uid, clients: entries.iter().map(|entry| entry.clients).sum() })
    }
}

impl Named for v1::GroupEntry {
    type Whole = GroupInfo;

    fn name(&self) -> &str {
        &self.group
    }

    fn add_up(entries: Vec<Self>) -> Option<GroupInfo> {
        let group = entries.first()?.group.parse().ok()?;
        let mut uids = Sum::default();
        entries.iter().filter_map(|entry| entry.uids.as_ref()).for_each(|told| uids.add(told));
        let clients = entries.iter().map(|entry| entry.clients).sum();
        Some(GroupInfo { group, clients, uids: uids.count() })
    }
}

#[cfg(test)]
mod tests {
    use gatepipe_proto::distinct;

    use super::*;

    fn gateway(number: u8) -> GatewayId {
        format!("{number:016x}").parse().unwrap()
    }

    /// A page of one-letter uids, each with one client; a `+` at its end says that more may follow.
    fn page(letters: &str) -> v1::UidsReply {
        let entry = |uid: char| v1::UidEntry { uid: uid.into(), clients: 1 };
        let (letters, more) = letters.strip_suffix('+').map_or((letters, false), |letters| (letters, true));
        v1::UidsReply { uids: letters.chars().map(entry).collect(), more }
    }

    /// The names that can be told, each with its sum when it is not 1.
    fn told(merge: &mut Merge<v1::UidsReply>) -> String {
        let text = |found: UidInfo| match found.clients {
            1 => found.uid.to_string(),
            many => format!("{}{many}", found.uid),
        };
        std::iter::from_fn(|| merge.next().map(text)).collect()
    }

    #[test]
    fn names_are_told_in_order_as_far_as_every_gateway_has_told_them() {
        /// The pages of gateways; what can be told; who has to be asked for more (gateway, after).
        type Case<'a> = (&'a str, &'a [&'a str], &'a str, &'a [(u8, &'a str)]);
        #[rustfmt::skip]
        let cases: &[Case] = &[
            ("nobody", &[], "", &[]),
            ("nothing", &["", ""], "", &[]),
            ("one", &["ab"], "ab", &[]),
            ("in turn", &["ac", "bd"], "abcd", &[]),
            ("equal names are added up", &["abc", "bc", "cd"], "ab2c3d", &[]),
            ("a cut page ends it", &["ab+", "bcd"], "ab2", &[(0, "b")]),
            ("the smallest last name of cut pages ends it", &["ac+", "bd+"], "abc", &[(0, "c")]),
            ("two cut at the same name", &["ab+", "b+"], "ab2", &[(0, "b"), (1, "b")]),
            ("cut, with the others all smaller", &["xy+", "ab"], "abxy", &[(0, "y")]),
            ("more of nothing is nothing", &["+", "ab"], "ab", &[]),
            ("out of order is left out", &["bac", ""], "bc", &[]),
            ("twice is once", &["aab", ""], "ab", &[]),
        ];
        for (name, pages, expected, wants) in cases {
            let number = |number: usize| gateway(u8::try_from(number).unwrap());
            let mut merge = Merge::new((0..pages.len()).map(number), "");
            assert_eq!(merge.wants().len(), pages.len(), "{name}: everybody is asked first");
            assert_eq!(told(&mut merge), "", "{name}: nothing is told before");
            for (position, letters) in pages.iter().enumerate() {
                merge.add(number(position), page(letters));
            }
            assert_eq!(told(&mut merge), *expected, "{name}");
            let wanted: Vec<_> =
                wants.iter().map(|(of, after)| (gateway(*of), (*after).to_owned())).collect();
            assert_eq!(merge.wants(), wanted, "{name}");
            assert_eq!(merge.is_over(), wants.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_gateway_that_is_left_out_holds_nobody_up() {
        let mut merge = Merge::new([gateway(1), gateway(2)], "");
        merge.add(gateway(1), page("ab+"));
        merge.add(gateway(2), page("bcd"));
        assert_eq!(told(&mut merge), "ab2");
        merge.leave_out(gateway(1));
        assert_eq!(told(&mut merge), "cd");
        assert!(merge.is_over());
    }

    #[test]
    fn what_waits_is_told_when_the_next_page_came() {
        let mut merge = Merge::new([gateway(1), gateway(2)], "a");
        assert_eq!(merge.wants(), [(gateway(1), "a".into()), (gateway(2), "a".into())]);
        merge.add(gateway(1), page("bd+"));
        merge.add(gateway(2), page("cf"));
        assert_eq!(told(&mut merge), "bcd");
        merge.add(gateway(1), page("ef"));
        assert_eq!(told(&mut merge), "ef2");
    }

    #[test]
    fn uids_of_a_group_count_once_over_gateways() {
        let entry = |clients, uids: &[&str]| v1::GroupEntry {
            group: "lobby".into(),
            clients,
            uids: Some(distinct::told(uids.iter().map(|uid| distinct::fingerprint(uid)))),
        };
        let whole = Named::add_up(vec![entry(3, &["ana", "ben"]), entry(1, &["ana"])]);
        let uids = distinct::DistinctCount { count: 2, exact: true };
        assert_eq!(whole, Some(GroupInfo { group: "lobby".parse().unwrap(), clients: 4, uids }));
    }
}
