//! Which gateways there are and the pipe to each: one driver task owns the membership and publishes what it sees.
//!
//! The driver hears every register (a task each), and is told when a pipe opens or breaks; after each word it asks the pure
//! rule in `membership`, opens and closes pipes to match, and publishes a [`View`]. Callers only ever read the newest view.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatepipe_proto::GatewayId;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::Endpoint;

use crate::Error;
use crate::builder::{Limits, Settings};
use crate::connection::{Peer, Trouble};
use crate::lane::{Lane, Spans};
use crate::membership::Membership;
use crate::pipe::{self, Places};
use crate::status::RegisterStatus;
use crate::tally::Counts;
use crate::watch::{Heard, hear_always};

/// Words of registers that wait for the driver; a watcher waits when it is full.
const WORDS: usize = 64;

/// What is known, as of one moment.
#[derive(Default)]
pub(crate) struct View {
    /// Some register's list was heard at least once.
    pub(crate) heard: bool,
    /// `heard`, and every pipe is open.
    pub(crate) joined: bool,
    pub(crate) registers: Vec<RegisterStatus>,
    pub(crate) gateways: BTreeMap<GatewayId, GatewayView>,
}

pub(crate) struct GatewayView {
    pub(crate) address: String,
    pub(crate) draining: bool,
    pub(crate) listed: usize,
    pub(crate) lane: Arc<Lane>,
}

impl View {
    /// Before any word.
    pub(crate) fn first(settings: &Settings) -> Self {
        let register =
            |(url, _): &(String, _)| RegisterStatus { url: url.clone(), connected: false, trouble: None };
        Self { registers: settings.registers.iter().map(register).collect(), ..Self::default() }
    }

    pub(crate) fn registers_connected(&self) -> usize {
        self.registers.iter().filter(|register| register.connected).count()
    }

    /// What is known about one gateway, for a command or question to it alone.
    pub(crate) fn member(&self, gateway: GatewayId) -> Result<&GatewayView, Error> {
        self.gateways.get(&gateway).ok_or_else(|| Error::UnknownGateway {
            gateway,
            register_connected: self.registers_connected() > 0,
        })
    }
}

struct Directory {
    settings: Settings,
    membership: Membership,
    heard: bool,
    troubles: Vec<Option<Trouble>>,
    pipes: BTreeMap<GatewayId, Pipe>,
    pipe_changed: Arc<Notify>,
    counts: Arc<Counts>,
    view: watch::Sender<Arc<View>>,
}

struct Pipe {
    /// Where the gateway is said to be: in several places when registers were told different things.
    addresses: Vec<String>,
    places: Arc<Places>,
    lane: Arc<Lane>,
    /// Dropping it closes the pipe; none when no address is one.
    _task: Option<AbortOnDropHandle<()>>,
}

impl Pipe {
    /// Whether it tries these addresses and no others, in whichever order.
    fn is_for(&self, addresses: &[String]) -> bool {
        self.addresses.len() == addresses.len()
            && addresses.iter().all(|address| self.addresses.contains(address))
    }

    /// Where it is open, or tried now.
    fn address(&self) -> &str {
        self.places.address().or_else(|| self.addresses.first().map(String::as_str)).unwrap_or_default()
    }
}

/// Keeps `view` true until dropped.
pub(crate) async fn drive(settings: Settings, view: watch::Sender<Arc<View>>, counts: Arc<Counts>) {
    let (words, mut heard) = mpsc::channel(WORDS);
    let mut watchers = JoinSet::new();
    for (position, (url, endpoint)) in settings.registers.iter().enumerate() {
        let peer = settings.peer(endpoint.clone());
        watchers.spawn(hear_always(position, url.clone(), peer, words.clone()));
    }
    let mut directory = Directory {
        membership: Membership::new(settings.registers.len()),
        heard: false,
        troubles: vec![None; settings.registers.len()],
        pipes: BTreeMap::new(),
        pipe_changed: Arc::default(),
        counts,
        settings,
        view,
    };
    let mut look_again = None;
    loop {
        tokio::select! {
            Some(heard) = heard.recv() => directory.hear(heard),
            () = directory.pipe_changed.notified() => {}
            () = until(look_again) => {}
        }
        look_again = directory.sweep();
        directory.match_pipes();
        directory.publish();
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

impl Directory {
    fn hear(&mut self, heard: Heard) {
        let now = Instant::now();
        self.troubles[heard.position] = match heard.word {
            Ok(word) => {
                self.heard = true;
                self.membership.hear(heard.position, word, now);
                None
            }
            Err(trouble) => {
                self.membership.lose(heard.position, now);
                Some(trouble)
            }
        };
    }

    fn sweep(&mut self) -> Option<Instant> {
        let pipes = &self.pipes;
        let is_open = |gateway| pipes.get(&gateway).is_some_and(|pipe| pipe.lane.is_open());
        self.membership.sweep(Instant::now(), is_open)
    }

    /// One pipe to each member and none to anybody else. A pipe that is open proves its address, whatever a register says.
    fn match_pipes(&mut self) {
        let (membership, members) = (&self.membership, self.membership.members());
        self.pipes.retain(|gateway, pipe| match members.get(gateway) {
            Some(_) => pipe.lane.is_open() || pipe.is_for(&membership.addresses(*gateway)),
            None => {
                tracing::info!(%gateway, address = pipe.address(), "a gateway left");
                false
            }
        });
        for gateway in members.keys() {
            if !self.pipes.contains_key(gateway) {
                let addresses = membership.addresses(*gateway);
                let pipe = self.settings.pipe(*gateway, addresses, &self.pipe_changed, &self.counts);
                self.pipes.insert(*gateway, pipe);
            }
        }
    }

    fn publish(&self) {
        let register = |(position, (url, _)): (usize, &(String, _))| RegisterStatus {
            url: url.clone(),
            connected: self.membership.is_connected(position),
            trouble: self.troubles[position].as_ref().map(ToString::to_string),
        };
        let gateway = |(id, pipe): (&GatewayId, &Pipe)| {
            let view = GatewayView {
                address: pipe.address().to_owned(),
                draining: self.membership.members()[id].draining,
                listed: self.membership.listed_by(*id),
                lane: Arc::clone(&pipe.lane),
            };
            (*id, view)
        };
        self.view.send_replace(Arc::new(View {
            heard: self.heard,
            joined: self.heard && self.pipes.values().all(|pipe| pipe.lane.is_open()),
            registers: self.settings.registers.iter().enumerate().map(register).collect(),
            gateways: self.pipes.iter().map(gateway).collect(),
        }));
    }
}

impl Settings {
    fn peer(&self, endpoint: Endpoint) -> Peer {
        Peer { endpoint, dial: self.dial.clone(), secret: self.secret.clone(), limits: self.limits }
    }

    fn pipe(
        &self,
        gateway: GatewayId,
        addresses: Vec<String>,
        changed: &Arc<Notify>,
        counts: &Arc<Counts>,
    ) -> Pipe {
        let Limits { queue_commands, queue_bytes, .. } = self.limits;
        let spans = Spans::new(self.tracer.clone(), gateway);
        let lane =
            Arc::new(Lane::new(queue_commands, queue_bytes, Arc::clone(changed), Arc::clone(counts), spans));
        let peer = |address: &String| match Endpoint::from_shared(format!("http://{address}")) {
            Ok(endpoint) => Some(self.peer(endpoint)),
            Err(_) => {
                tracing::warn!(%gateway, address, "a gateway is listed with an address that is none");
                None
            }
        };
        let places = Arc::new(Places::new(addresses.iter().filter_map(peer).collect()));
        let task = if places.is_empty() {
            lane.down(format!("its address {addresses:?} is not host:port"));
            None
        } else {
            let opening = pipe::keep_open(gateway, Arc::clone(&places), Arc::clone(&lane));
            Some(AbortOnDropHandle::new(tokio::spawn(opening)))
        };
        Pipe { addresses, places, lane, _task: task }
    }
}
