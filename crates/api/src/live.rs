//! What happens right now, for people who watch: clients that come, are bound and go, pushes and what became of them, gateways and
//! registers that appear and vanish.
//!
//! Everything is told into one [`Feed`], whose queue is bounded: whoever watches and is slow misses events and is told how many. The
//! gateways are only asked for their clients' events while somebody watches: `listener` keeps one subscription for all viewers.
//! `changes` looks at the membership once a second, also while nobody watches, and the feed keeps the last of such rare events.

pub mod changes;
pub mod listener;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::Utc;
use gatepipe_proto::{ClientId, GatewayId, Group, Uid};
use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};

use crate::id::UserId;
use crate::service::receipt::Failed;

/// Events that somebody who watches may be behind; what is older is missed.
const BEHIND: usize = 1_024;
/// Rare events that are kept for whoever comes later.
const KEPT: usize = 100;
/// Longest text of a client that is passed on, in bytes.
const MAX_TEXT_BYTES: usize = 256;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What sort of thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// As it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// A client connected.
    Connected = "connected",
    /// A client was bound to a uid, or unbound.
    Bound = "bound",
    /// A client is gone.
    Closed = "closed",
    /// A gateway could not keep some events of clients, because this api was too slow.
    Dropped = "dropped",
    /// This api pushed something.
    Pushed = "pushed",
    /// This api stored a notification; an urgent one was pushed.
    Notified = "notified",
    /// Somebody forced a user offline through this api.
    ForcedOffline = "forced_offline",
    /// Somebody closed a client through this api.
    ClientClosed = "client_closed",
    /// Somebody told a gateway to drain through this api.
    DrainOrdered = "drain_ordered",
    /// A gateway is a member from now on.
    GatewayJoined = "gateway_joined",
    /// A gateway is a member no longer.
    GatewayLeft = "gateway_left",
    /// A gateway takes no new clients, and its clients are leaving.
    GatewayDraining = "gateway_draining",
    /// This api cannot command a gateway that is a member.
    GatewayLost = "gateway_lost",
    /// This api can command it again.
    GatewayBack = "gateway_back",
    /// A register is not heard.
    RegisterLost = "register_lost",
    /// A register is heard again.
    RegisterBack = "register_back",
}

impl Kind {
    /// Whether there are so few of them that the last ones are worth keeping.
    fn is_kept(self) -> bool {
        !matches!(
            self,
            Self::Connected | Self::Bound | Self::Closed | Self::Dropped | Self::Pushed | Self::Notified
        )
    }
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().find(|kind| kind.name() == name).copied().ok_or(())
    }
}

/// One thing that happened; what does not belong to its kind is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When this api learnt of it, in milliseconds since 1970.
    pub at_ms: i64,
    /// What sort of thing.
    pub kind: Kind,
    /// Which gateway it is about, or the client's.
    pub gateway: Option<GatewayId>,
    /// Which client.
    pub client: Option<ClientId>,
    /// Whose client it is from now on, or was; whom a push was for.
    pub uid: Option<Uid>,
    /// Whose client it was before a bind.
    pub previous_uid: Option<Uid>,
    /// Which group a push was for.
    pub group: Option<Group>,
    /// A client's IP address, a gateway's host:port, a register's URL.
    pub address: Option<String>,
    /// What the client's program calls itself.
    pub user_agent: Option<String>,
    /// The close code.
    pub code: Option<u16>,
    /// Nobody told of the close: it was found out.
    pub inferred: bool,
    /// Who did it.
    pub by: Option<UserId>,
    /// `type` of the frame that was pushed, or the reason that was given.
    pub text: Option<String>,
    /// Users that have a notification.
    pub readers: Option<usize>,
    /// Clients that took a push, that were closed or have to leave; events that were dropped.
    pub count: Option<u64>,
    /// Gateways that could not be asked.
    pub failed: Vec<Failed>,
}

impl Event {
    /// Something of this kind, now.
    #[must_use]
    pub fn now(kind: Kind) -> Self {
        Self {
            at_ms: Utc::now().timestamp_millis(),
            kind,
            gateway: None,
            client: None,
            uid: None,
            previous_uid: None,
            group: None,
            address: None,
            user_agent: None,
            code: None,
            inferred: false,
            by: None,
            text: None,
            readers: None,
            count: None,
            failed: Vec::new(),
        }
    }

    /// Something of this kind that happened to `client`, now.
    #[must_use]
    pub fn of_client(kind: Kind, client: ClientId) -> Self {
        Self { gateway: Some(client.gateway()), client: Some(client), ..Self::now(kind) }
    }
}

/// A text of somebody else, cut to what is passed on.
pub(crate) fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned()
}

/// Which events somebody wants to see; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Any of these kinds; empty: all.
    pub kinds: BTreeSet<Kind>,
    /// About this uid, also one that a bind replaced.
    pub uid: Option<Uid>,
    /// About this client.
    pub client: Option<ClientId>,
    /// About this gateway or its clients.
    pub gateway: Option<GatewayId>,
}

impl Wanted {
    /// Whether `event` is among them.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let of_uid = |uid| event.uid.as_ref() == Some(uid) || event.previous_uid.as_ref() == Some(uid);
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.uid.as_ref().is_none_or(of_uid)
            && self.client.is_none_or(|client| event.client == Some(client))
            && self.gateway.is_none_or(|gateway| event.gateway == Some(gateway))
    }
}

/// The gateways whose clients' events are heard now.
pub type Heard = BTreeSet<GatewayId>;

/// Where events are told, and from where they are watched. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

struct Shared {
    newest: broadcast::Sender<Arc<Event>>,
    kept: Mutex<VecDeque<Arc<Event>>>,
    viewers: watch::Sender<usize>,
    heard: watch::Sender<Heard>,
}

/// What somebody who watches holds; the subscription to the gateways lasts as long as one of them.
pub struct Viewer {
    /// What comes from now on.
    pub coming: broadcast::Receiver<Arc<Event>>,
    /// Which gateways are heard.
    pub heard: watch::Receiver<Heard>,
    feed: Feed,
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.feed.0.viewers.send_modify(|viewers| *viewers -= 1);
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(Shared {
            newest: broadcast::Sender::new(BEHIND),
            kept: Mutex::new(VecDeque::with_capacity(KEPT)),
            viewers: watch::Sender::new(0),
            heard: watch::Sender::new(Heard::new()),
        }))
    }
}

impl Feed {
    /// Tells what happened to everybody who watches. `event` is only made when somebody does, or when it is kept.
    pub fn tell(&self, kind: Kind, event: impl FnOnce() -> Event) {
        if kind.is_kept() {
            let event = Arc::new(event());
            let mut kept = self.0.kept.lock();
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(Arc::clone(&event));
            // Under the lock, so that whoever begins to watch now has it once. Nobody may watch.
            let _ = self.0.newest.send(event);
        } else if self.0.newest.receiver_count() > 0 {
            let _ = self.0.newest.send(Arc::new(event()));
        }
    }

    /// The rare events that are kept, oldest first, and what follows them without a gap.
    #[must_use]
    pub fn watch(&self) -> (Vec<Arc<Event>>, Viewer) {
        let kept = self.0.kept.lock();
        self.0.viewers.send_modify(|viewers| *viewers += 1);
        let (coming, heard) = (self.0.newest.subscribe(), self.0.heard.subscribe());
        (kept.iter().cloned().collect(), Viewer { coming, heard, feed: self.clone() })
    }

    /// How many watch, and every change of that.
    fn viewers(&self) -> watch::Receiver<usize> {
        self.0.viewers.subscribe()
    }

    /// From now on these gateways are heard.
    fn hears(&self, heard: Heard) {
        self.0.heard.send_if_modified(|before| {
            let changed = *before != heard;
            *before = heard;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_events_are_kept_and_the_others_are_not_even_made_while_nobody_watches() {
        let feed = Feed::default();
        feed.tell(Kind::Connected, || panic!("nobody watches"));
        for number in 0..1_000 {
            feed.tell(Kind::GatewayLost, || Event { count: Some(number), ..Event::now(Kind::GatewayLost) });
        }
        let (kept, viewer) = feed.watch();
        let numbers: Vec<_> = kept.iter().filter_map(|event| event.count).collect();
        assert_eq!(numbers, (900..1_000).collect::<Vec<_>>());
        assert_eq!(*feed.viewers().borrow(), 1);
        drop(viewer);
        assert_eq!(*feed.viewers().borrow(), 0);
        feed.tell(Kind::Pushed, || panic!("nobody watches any more"));
    }

    #[tokio::test]
    async fn a_viewer_that_takes_nothing_holds_no_more_than_its_bound() {
        let feed = Feed::default();
        let (_, mut slow) = feed.watch();
        for number in 0..10_000 {
            feed.tell(Kind::Bound, || Event { count: Some(number), ..Event::now(Kind::Bound) });
        }
        let missed = slow.coming.recv().await.unwrap_err();
        assert_eq!(missed, broadcast::error::RecvError::Lagged(10_000 - BEHIND as u64));
        assert_eq!(slow.coming.recv().await.unwrap().count, Some(10_000 - BEHIND as u64));
    }

    #[test]
    fn conditions_must_all_hold() {
        let (client, other) = (ClientId::random(GatewayId::random()), ClientId::random(GatewayId::random()));
        let alice: Uid = "1001".parse().unwrap();
        let event = Event { previous_uid: Some(alice.clone()), ..Event::of_client(Kind::Bound, client) };
        let wanted = |wanted: Wanted| wanted.wants(&event);
        assert!(wanted(Wanted::default()));
        assert!(wanted(Wanted { uid: Some(alice), ..Wanted::default() }));
        assert!(!wanted(Wanted { uid: "1002".parse().ok(), ..Wanted::default() }));
        assert!(wanted(Wanted {
            client: Some(client),
            gateway: Some(client.gateway()),
            ..Wanted::default()
        }));
        assert!(!wanted(Wanted {
            client: Some(client),
            gateway: Some(other.gateway()),
            ..Wanted::default()
        }));
        assert!(!wanted(Wanted { client: Some(other), ..Wanted::default() }));
        assert!(wanted(Wanted { kinds: [Kind::Bound, Kind::Closed].into(), ..Wanted::default() }));
        assert!(!wanted(Wanted { kinds: [Kind::Closed].into(), ..Wanted::default() }));
    }

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert!("".parse::<Kind>().is_err() && "Bound".parse::<Kind>().is_err());
    }
}
