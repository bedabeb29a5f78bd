//! Which gateways are members: pure, with every input and the time passed in.
//!
//! A gateway becomes a member when any register lists it. It is dropped only when no register lists it *and* its own pipe is
//! down. What counts as "no register lists it" is on the careful side, because a member that is gone costs a named failure in
//! a receipt, and a living one that is forgotten costs pushes:
//! - a register that says so takes a gateway off its list at once;
//! - a list that arrives without a member (the register restarted and knows nobody yet) counts only after [`SETTLES`], in
//!   which a living gateway has announced itself again;
//! - a register that went silent keeps its last word for [`WORD_LASTS`];
//! - while no register is connected nobody is dropped at all.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepipe_proto::GatewayId;
use tokio::time::Instant;

/// How long a list without a member is not yet believed: the register's own lease, more than the 2 s in which gateways return.
const SETTLES: Duration = Duration::from_secs(5);
/// How long the last word of a register that cannot be heard counts beside registers that can: its lease for a silent host.
const WORD_LASTS: Duration = Duration::from_secs(15);

/// One line of a register's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) gateway: GatewayId,
    /// host:port of its command service.
    pub(crate) address: String,
    pub(crate) draining: bool,
}

/// What a register said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    Snapshot(Vec<Entry>),
    Listed(Entry),
    Removed(GatewayId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// As last heard from any register.
    pub(crate) address: String,
    pub(crate) draining: bool,
}

#[derive(Debug)]
pub(crate) struct Membership {
    registers: Vec<RegisterView>,
    members: BTreeMap<GatewayId, Member>,
}

#[derive(Debug, Default)]
struct RegisterView {
    connected: bool,
    listings: BTreeMap<GatewayId, Listing>,
    /// Where it last said that each member is. One for each, so that a register that is told nonsense hides no other's word.
    addresses: BTreeMap<GatewayId, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    Heard,
    /// Counts as listed until then.
    Until(Instant),
}

impl Membership {
    pub(crate) fn new(registers: usize) -> Self {
        Self {
            registers: std::iter::repeat_with(RegisterView::default).take(registers).collect(),
            members: BTreeMap::new(),
        }
    }

    /// Takes in what the register at `position` said at `now`. Drops nobody: see [`sweep`](Self::sweep).
    pub(crate) fn hear(&mut self, position: usize, word: Word, now: Instant) {
        let Some(register) = self.registers.get_mut(position) else {
            return;
        };
        match word {
            Word::Snapshot(entries) => {
                register.connected = true;
                let absent = |id: &GatewayId| (*id, Listing::Until(now + SETTLES));
                register.listings = self.members.keys().map(absent).collect();
                for entry in entries {
                    self.list(position, entry);
                }
            }
            Word::Listed(entry) => self.list(position, entry),
            Word::Removed(gateway) => {
                register.listings.remove(&gateway);
            }
        }
    }

    /// Takes in that the register at `position` cannot be heard since `now`. Drops nobody.
    pub(crate) fn lose(&mut self, position: usize, now: Instant) {
        let Some(register) = self.registers.get_mut(position) else {
            return;
        };
        register.connected = false;
        for listing in register.listings.values_mut() {
            if *listing == Listing::Heard {
                *listing = Listing::Until(now + WORD_LASTS);
            }
        }
    }

    fn list(&mut self, position: usize, entry: Entry) {
        let Entry { gateway, address, draining } = entry;
        let register = &mut self.registers[position];
        register.listings.insert(gateway, Listing::Heard);
        register.addresses.insert(gateway, address.clone());
        self.members.insert(gateway, Member { address, draining });
    }

    /// Drops the members that no register lists at `now` and whose pipe is down; tells when to look again at the latest.
    pub(crate) fn sweep(
        &mut self,
        now: Instant,
        pipe_is_open: impl Fn(GatewayId) -> bool,
    ) -> Option<Instant> {
        for register in &mut self.registers {
            let counts = |listing: &Listing| match listing {
                Listing::Heard => true,
                Listing::Until(end) => now < *end,
            };
            register.listings.retain(|_, listing| counts(listing));
        }
        if self.registers.iter().any(|register| register.connected) {
            let registers = &self.registers;
            let listed = |id: &GatewayId| registers.iter().any(|register| register.listings.contains_key(id));
            self.members.retain(|id, _| listed(id) || pipe_is_open(*id));
        }
        for register in &mut self.registers {
            register.addresses.retain(|id, _| self.members.contains_key(id));
        }
        let ends = |listing: &Listing| match listing {
            Listing::Heard => None,
            Listing::Until(end) => Some(*end),
        };
        let listings = self.registers.iter().flat_map(|register| register.listings.values());
        listings.filter_map(ends).min()
    }

    pub(crate) fn members(&self) -> &BTreeMap<GatewayId, Member> {
        &self.members
    }

    /// Where `gateway` may be, each once: the newest word of any register, then what the others said. Only asking there tells
    /// which of them is true.
    pub(crate) fn addresses(&self, gateway: GatewayId) -> Vec<String> {
        let newest = self.members.get(&gateway).map(|member| &member.address);
        let others = self.registers.iter().filter_map(|register| register.addresses.get(&gateway));
        let mut addresses = Vec::with_capacity(1);
        for address in newest.into_iter().chain(others) {
            if !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
        addresses
    }

    pub(crate) fn is_connected(&self, position: usize) -> bool {
        self.registers.get(position).is_some_and(|register| register.connected)
    }

    /// How many registers list `gateway` right now, by their own word.
    pub(crate) fn listed_by(&self, gateway: GatewayId) -> usize {
        let lists = |register: &&RegisterView| register.listings.get(&gateway) == Some(&Listing::Heard);
        self.registers.iter().filter(lists).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What happens, in order. Registers are 0 and 1, gateways are letters.
    enum Step {
        Snapshot(usize, &'static str),
        Listed(usize, char),
        Removed(usize, char),
        Lost(usize),
        PipeOpens(char),
        PipeBreaks(char),
        Seconds(u64),
        /// Who is a member now.
        Members(&'static str),
    }
    use Step::*;

    fn gateway(letter: char) -> GatewayId {
        format!("{:016x}", u32::from(letter)).parse().unwrap()
    }

    fn entry(letter: char) -> Entry {
        Entry { gateway: gateway(letter), address: format!("{letter}:2300"), draining: false }
    }

    fn play(name: &str, steps: &[Step]) {
        let mut now = Instant::now();
        let mut membership = Membership::new(2);
        let mut open = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            match step {
                Snapshot(register, letters) => {
                    membership.hear(*register, Word::Snapshot(letters.chars().map(entry).collect()), now);
                }
                Listed(register, letter) => membership.hear(*register, Word::Listed(entry(*letter)), now),
                Removed(register, letter) => membership.hear(*register, Word::Removed(gateway(*letter)), now),
                Lost(register) => membership.lose(*register, now),
                PipeOpens(letter) => {
                    open.insert(gateway(*letter));
                }
                PipeBreaks(letter) => {
                    open.remove(&gateway(*letter));
                }
                Seconds(seconds) => now += Duration::from_secs(*seconds),
                Members(letters) => {
                    let there: Vec<_> = membership.members().keys().copied().collect();
                    let expected: Vec<_> = letters.chars().map(gateway).collect();
                    assert_eq!(there, expected, "{name}, step {number}");
                }
            }
            membership.sweep(now, |id| open.contains(&id));
        }
    }

    #[test]
    fn a_member_goes_only_when_no_register_lists_it_and_its_pipe_is_down() {
        #[rustfmt::skip]
        let stories: &[(&str, &[Step])] = &[
            ("listed by one, removed by it, pipe down", &[
                Snapshot(0, "ab"), Members("ab"), Removed(0, 'a'), Members("b"),
            ]),
            ("removed, but the pipe is open", &[
                Snapshot(0, "ab"), PipeOpens('a'), Removed(0, 'a'), Seconds(3600), Members("ab"),
                PipeBreaks('a'), Members("b"),
            ]),
            ("the pipe is down, but it is listed", &[
                Snapshot(0, "a"), PipeOpens('a'), PipeBreaks('a'), Seconds(3600), Members("a"),
            ]),
            ("removed by one of two registers", &[
                Snapshot(0, "a"), Snapshot(1, "a"), Removed(0, 'a'), Members("a"), Removed(1, 'a'), Members(""),
            ]),
            ("the union of two registers", &[
                Snapshot(0, "a"), Snapshot(1, "b"), Members("ab"), Listed(1, 'c'), Members("abc"),
            ]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }

    #[test]
    fn an_empty_or_shorter_list_alone_removes_nobody() {
        #[rustfmt::skip]
        let stories: &[(&str, &[Step])] = &[
            ("pipes are open", &[
                Snapshot(0, "ab"), PipeOpens('a'), PipeOpens('b'), Lost(0), Snapshot(0, ""), Seconds(3600), Members("ab"),
            ]),
            ("a pipe is down while the register comes back", &[
                Snapshot(0, "ab"), PipeOpens('b'), Lost(0), Snapshot(0, ""), Members("ab"), Seconds(2), Listed(0, 'a'),
                Seconds(3600), Members("ab"),
            ]),
            ("it died while the register was away", &[
                Snapshot(0, "ab"), PipeOpens('b'), Lost(0), Seconds(60), Snapshot(0, "b"), Seconds(4), Members("ab"),
                Seconds(1), Members("b"),
            ]),
            ("the second register never knew it", &[
                Snapshot(0, "a"), Snapshot(1, ""), Seconds(60), Members("a"),
            ]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }

    #[test]
    fn with_every_register_gone_the_last_known_membership_serves_on() {
        #[rustfmt::skip]
        let stories: &[(&str, &[Step])] = &[
            ("whatever the pipes do", &[
                Snapshot(0, "ab"), PipeOpens('a'), Lost(0), Seconds(3600), PipeBreaks('a'), Seconds(3600), Members("ab"),
            ]),
            ("also what was removed a moment before with its pipe open", &[
                Snapshot(0, "a"), PipeOpens('a'), Removed(0, 'a'), Lost(0), PipeBreaks('a'), Members("a"),
            ]),
            ("one of two gone: its word lasts 15 s", &[
                Snapshot(0, "a"), Snapshot(1, "b"), Lost(0), Seconds(14), Members("ab"), Seconds(1), Members("b"),
            ]),
            ("one of two gone: what the other lists stays", &[
                Snapshot(0, "ab"), Snapshot(1, "ab"), Lost(0), Seconds(3600), Members("ab"), Removed(1, 'a'), Members("b"),
            ]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }

    #[test]
    fn the_newest_word_on_draining_holds_and_on_the_address_comes_first() {
        let now = Instant::now();
        let mut membership = Membership::new(2);
        membership.hear(0, Word::Snapshot(vec![entry('a')]), now);
        let moved = Entry { address: "elsewhere:1".into(), draining: true, ..entry('a') };
        membership.hear(1, Word::Snapshot(vec![moved]), now);
        let member = &membership.members()[&gateway('a')];
        assert_eq!((member.address.as_str(), member.draining), ("elsewhere:1", true));
        assert_eq!(membership.listed_by(gateway('a')), 2);
        assert_eq!(membership.addresses(gateway('a')), ["elsewhere:1", "a:2300"]);
        // A register takes its own word back and nobody else's.
        for number in 2..5 {
            let again = Entry { address: format!("elsewhere:{number}"), ..entry('a') };
            membership.hear(1, Word::Listed(again), now);
        }
        assert_eq!(membership.addresses(gateway('a')), ["elsewhere:4", "a:2300"]);
        membership.hear(0, Word::Listed(entry('a')), now);
        assert_eq!(membership.addresses(gateway('a')), ["a:2300", "elsewhere:4"]);
        for register in [0, 1] {
            membership.hear(register, Word::Removed(gateway('a')), now);
        }
        membership.sweep(now, |_| false);
        assert!(membership.addresses(gateway('a')).is_empty());
        assert!(membership.registers.iter().all(|register| register.addresses.is_empty()));
    }

    #[test]
    fn a_sweep_tells_when_the_next_listing_lapses() {
        let now = Instant::now();
        let mut membership = Membership::new(1);
        membership.hear(0, Word::Snapshot(vec![entry('a')]), now);
        assert_eq!(membership.sweep(now, |_| false), None);
        membership.lose(0, now);
        assert_eq!(membership.sweep(now, |_| false), Some(now + WORD_LASTS));
        membership.hear(0, Word::Snapshot(Vec::new()), now);
        assert_eq!(membership.sweep(now, |_| false), Some(now + SETTLES));
        assert_eq!(membership.sweep(now + SETTLES, |_| false), None);
        assert!(membership.members().is_empty());
    }
}
