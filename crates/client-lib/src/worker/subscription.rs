//! One gateway's events for as long as it is a member: subscribes, and again when the stream breaks, and infers the closes that
//! nobody tells.
//!
//! Membership and stream agree as membership and pipe do: a gateway is gone when it is no member *and* its stream has ended. What
//! it told before, its closes above all, is read to the end first, so that a close that was told is never inferred.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use gatepipe_proto::{ClientId, GatewayId, v1};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::builder::Settings;
use super::event::{self, ClientEvent, Told};
use super::lanes::{Hook, Lanes, Room};
use super::running::Seen;
use super::stream::{Credit, EventStream};
use super::table::Table;
use crate::GatewayClient;
use crate::backoff::Backoff;
use crate::connection::{Peer, Trouble};

/// How long a gateway may take to end the stream when it is told that the worker leaves.
const FAREWELL: Duration = Duration::from_secs(2);
/// How many questions about clients are open at a time.
const QUESTIONS: usize = 32;

pub(crate) struct Subscription {
    gateway: GatewayId,
    gateways: GatewayClient,
    settings: Arc<Settings>,
    lanes: Arc<Lanes>,
    leaving: CancellationToken,
    /// For the hooks of this gateway that wait or run.
    room: Arc<Semaphore>,
    table: Table,
    seen: Arc<Seen>,
}

/// Who is still connected, as the gateway says.
type Answers = BoxStream<'static, (ClientId, bool)>;

impl Subscription {
    pub(crate) fn new(
        gateway: GatewayId,
        gateways: GatewayClient,
        settings: Arc<Settings>,
        lanes: Arc<Lanes>,
        leaving: CancellationToken,
        seen: Arc<Seen>,
    ) -> Self {
        let room = Arc::new(Semaphore::new(settings.hello.credit as usize));
        Self { gateway, gateways, settings, lanes, leaving, room, table: Table::default(), seen }
    }

    /// Hears the gateway until it is gone, then infers the closes of whoever is left; or until the worker leaves.
    pub(crate) async fn keep(mut self) {
        let mut backoff = Backoff::default();
        let leaving = self.leaving.clone();
        loop {
            let peer = match leaving.run_until_cancelled(self.peer()).await {
                Some(Some(peer)) => peer,
                Some(None) => break,
                None => return,
            };
            let Err(trouble) = self.hear(&peer, &mut backoff).await else {
                return;
            };
            if self.seen.broke(&trouble) {
                tracing::warn!(gateway = %self.gateway, %trouble, "no events from a gateway; trying again");
            }
            leaving.run_until_cancelled(sleep(backoff.after_failure(rand::random()))).await;
        }
        for (client, closed) in std::mem::take(&mut self.table).gateway_is_gone() {
            self.tell(Hook::Client(client, ClientEvent::Closed(closed))).await;
        }
    }

    /// Waits until the gateway's pipe is open, which proves its address; `None` when the gateway is no member any more.
    async fn peer(&self) -> Option<Peer> {
        let mut view = self.gateways.views();
        loop {
            let lane = {
                let settled = view.wait_for(|view| {
                    view.gateways.get(&self.gateway).is_none_or(|gateway| gateway.lane.is_open())
                });
                let Ok(view) = settled.await else {
                    // The driver lives as long as the handle, unless the runtime is going away.
                    return std::future::pending().await;
                };
                Arc::clone(&view.gateways.get(&self.gateway)?.lane)
            };
            if let Ok(line) = lane.query_line().await {
                return Some(line.peer().clone());
            }
            // It broke in between: the next view says so.
            if view.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Subscribes, and takes in events until the stream ends. `Ok` when it ended because the worker left.
    async fn hear(&mut self, peer: &Peer, backoff: &mut Backoff) -> Result<(), Trouble> {
        // Boxed: tonic's calls are several KiB of state.
        let opening = Box::pin(EventStream::open(self.gateway, peer, self.settings.hello.clone()));
        let (stream, first) = opening.await?;
        self.seen.subscribed();
        tracing::info!(gateway = %self.gateway, worker = self.settings.hello.worker, "a gateway tells its events");
        let opened = Instant::now();
        let ended = self.take_all(stream, first.into()).await;
        backoff.lasted(opened.elapsed());
        ended
    }

    async fn take_all(
        &mut self,
        mut stream: EventStream,
        mut events: VecDeque<v1::Event>,
    ) -> Result<(), Trouble> {
        self.table.begin();
        let mut answers = stream::empty().boxed();
        let mut leave_by = None;
        loop {
            tokio::select! {
                () = self.leaving.cancelled(), if leave_by.is_none() => {
                    leave_by = Some(Instant::now() + FAREWELL);
                    stream.leave();
                }
                () = until(leave_by) => return Ok(()),
                batch = stream.next(), if events.is_empty() => match batch {
                    Ok(Some(batch)) => events.extend(batch),
                    _ if leave_by.is_some() => return Ok(()),
                    Ok(None) => return Err(Trouble("the gateway ended the stream".into())),
                    Err(trouble) => return Err(trouble),
                },
                place = place(&self.room), if !events.is_empty() => {
                    self.take(&mut events, place, stream.credit(), &mut answers);
                }
                Some((client, is_connected)) = answers.next() => self.learn(client, is_connected).await,
            }
        }
    }

    /// Hands events to the lanes for as long as there is room, in order.
    fn take(
        &mut self,
        events: &mut VecDeque<v1::Event>,
        first_place: OwnedSemaphorePermit,
        credit: &Arc<Credit>,
        answers: &mut Answers,
    ) {
        let mut next_place = Some(first_place);
        while let Some(place) = next_place {
            let Some(event) = events.pop_front() else {
                break;
            };
            // Dropped at the end of this turn, which returns the credit, when there is no hook to call.
            let room = Room::new(place, Some(Arc::clone(credit)));
            match event::read(self.gateway, &self.settings.hello.headers, event) {
                Some(Told::Client(client, event)) => {
                    if self.table.hear(client, &event) {
                        self.seen.event();
                        self.lanes.put(Hook::Client(client, event), room);
                    }
                }
                Some(Told::Dropped(dropped)) => {
                    tracing::warn!(
                        gateway = %self.gateway, messages = dropped.messages, others = dropped.others,
                        "the worker is too slow: a gateway dropped events"
                    );
                    self.seen.dropped(dropped);
                    self.lanes.put(Hook::Dropped(self.gateway, dropped), room);
                }
                Some(Told::AdoptedAll) => *answers = self.ask(),
                None => tracing::debug!(gateway = %self.gateway, "an event that this program does not know"),
            }
            next_place = Arc::clone(&self.room).try_acquire_owned().ok();
        }
        self.seen.has_clients(self.table.len());
    }

    /// Asks about everybody who was ours on an earlier stream and was not adopted again, until each is answered.
    fn ask(&self) -> Answers {
        let ask = |gateways: GatewayClient, client| async move {
            let mut backoff = Backoff::default();
            loop {
                match gateways.is_online(client).await {
                    Ok(is_connected) => return (client, is_connected),
                    // The stream is open, so it is about to break, or the gateway is busy.
                    Err(_) => sleep(backoff.after_failure(rand::random())).await,
                }
            }
        };
        let gateways = self.gateways.clone();
        stream::iter(self.table.unsure())
            .map(move |client| ask(gateways.clone(), client))
            .buffer_unordered(QUESTIONS)
            .boxed()
    }

    async fn learn(&mut self, client: ClientId, is_connected: bool) {
        if is_connected {
            self.table.is_connected(client);
        } else if let Some(closed) = self.table.is_gone(client) {
            self.tell(Hook::Client(client, ClientEvent::Closed(closed))).await;
        }
    }

    /// A hook that no gateway asked for; waits for room among those that one did.
    async fn tell(&self, hook: Hook) {
        let place = place(&self.room).await;
        self.seen.event();
        self.lanes.put(hook, Room::new(place, None));
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn place(room: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match Arc::clone(room).acquire_owned().await {
        Ok(place) => place,
        // It is never closed.
        Err(_) => std::future::pending().await,
    }
}
