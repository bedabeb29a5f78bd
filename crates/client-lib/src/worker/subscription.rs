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
use gatepipe_proto::{GatewayId, v1};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::builder::Settings;
use super::event::{self, ClientEvent, Told};
use super::lanes::{Hook, Lanes, Room};
use super::running::Seen;
use super::stream::{Credit, EventStream};
use super::table::{Question, Table};
use super::{Adopted, BoundTo};
use crate::GatewayClient;
use crate::backoff::Backoff;
use crate::connection::{Peer, Trouble};

/// How long a gateway may take to end the stream when it is told that the worker leaves.
const FAREWELL: Duration = Duration::from_secs(2);
/// How many questions about clients are open at a time.
const QUESTIONS: usize = 32;
/// Clients that are asked about before the answers count.
const ASKED_AT_ONCE: usize = 1_000;
/// How long before everybody in question is asked about again, or after events were dropped, which they seldom are alone.
const ASK_AFTER: Duration = Duration::from_secs(3);
/// How long the close of a client may be on its way after the gateway has said on another connection that it is gone. A close that
/// is told says more than one that is inferred.
const CLOSE_ON_ITS_WAY: Duration = Duration::from_secs(1);

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

/// What the gateway says about one client.
struct Answer {
    question: Question,
    is_connected: bool,
    /// When the question was put.
    asked: Instant,
}

/// Asking about everybody in question: one round after the other, never two at a time.
struct Asking {
    /// Of the round that goes on.
    answers: Option<BoxStream<'static, Answer>>,
    /// When the next round begins, once this one is over.
    next: Option<Instant>,
}

impl Asking {
    /// Begins a round then, unless one begins sooner.
    fn again_at(&mut self, time: Instant) {
        self.next = Some(self.next.map_or(time, |next| next.min(time)));
    }

    /// The next answer; `None` when the round is over. Waits for ever when there is none.
    async fn answer(&mut self) -> Option<Answer> {
        match &mut self.answers {
            Some(answers) => answers.next().await,
            None => std::future::pending().await,
        }
    }
}

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
        self.table.begin(Instant::now());
        let mut asking = Asking { answers: None, next: None };
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
                    self.take(&mut events, place, stream.credit(), &mut asking);
                }
                () = until(asking.next), if asking.answers.is_none() => {
                    asking = Asking { answers: Some(self.ask()), next: None };
                }
                // What has come already is heard first: a close may be among it.
                answer = asking.answer(), if events.is_empty() => match answer {
                    Some(answer) => self.learn(answer).await,
                    None => {
                        let next = self.table.has_questions().then(|| Instant::now() + ASK_AFTER);
                        asking = Asking { answers: None, next };
                    }
                },
            }
        }
    }

    /// Hands events to the lanes for as long as there is room, in order.
    fn take(
        &mut self,
        events: &mut VecDeque<v1::Event>,
        first_place: OwnedSemaphorePermit,
        credit: &Arc<Credit>,
        asking: &mut Asking,
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
                    self.doubt(&event);
                    if self.table.hear(client, &event, Instant::now()) {
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
                    if dropped.others > 0 {
                        self.table.doubt();
                        asking.again_at(Instant::now() + ASK_AFTER);
                    }
                    self.lanes.put(Hook::Dropped(self.gateway, dropped), room);
                }
                Some(Told::AdoptedAll) => asking.again_at(Instant::now()),
                None => tracing::debug!(gateway = %self.gateway, "an event that this program does not know"),
            }
            next_place = Arc::clone(&self.room).try_acquire_owned().ok();
        }
        self.seen.has_clients(self.table.len());
    }

    /// A hook may send to the uid that it is told of, while the bind is not acknowledged yet.
    fn doubt(&self, event: &ClientEvent) {
        let (ClientEvent::Bound(BoundTo { uid: Some(uid), .. })
        | ClientEvent::Adopted(Adopted { uid: Some(uid), .. })) = event
        else {
            return;
        };
        if let Some(gateway) = self.gateways.views().borrow().gateways.get(&self.gateway) {
            gateway.lane.doubt(uid);
        }
    }

    /// Asks about everybody in question, until each is answered. A batch is answered as a whole, and late enough for a close that the
    /// gateway tells to come first.
    fn ask(&mut self) -> BoxStream<'static, Answer> {
        let questions = self.table.questions();
        let gateways = self.gateways.clone();
        stream::unfold((questions, gateways), |(mut questions, gateways)| async move {
            let rest = questions.len().saturating_sub(ASKED_AT_ONCE);
            let batch = questions.split_off(rest);
            if batch.is_empty() {
                return None;
            }
            let answers = stream::iter(batch).map(|question| ask(&gateways, question));
            let answers: Vec<_> = answers.buffer_unordered(QUESTIONS).collect().await;
            if answers.iter().any(|answer| !answer.is_connected) {
                sleep(CLOSE_ON_ITS_WAY).await;
            }
            Some((stream::iter(answers), (questions, gateways)))
        })
        .flatten()
        .boxed()
    }

    async fn learn(&mut self, answer: Answer) {
        let Answer { question, is_connected, asked } = answer;
        if is_connected {
            self.table.is_connected(question.client, asked);
        } else if let Some(closed) = self.table.is_gone(question, Instant::now()) {
            self.seen.has_clients(self.table.len());
            self.tell(Hook::Client(question.client, ClientEvent::Closed(closed))).await;
        }
    }

    /// A hook that no gateway asked for; waits for room among those that one did.
    async fn tell(&self, hook: Hook) {
        let place = place(&self.room).await;
        self.seen.event();
        self.lanes.put(hook, Room::new(place, None));
    }
}

async fn ask(gateways: &GatewayClient, question: Question) -> Answer {
    let mut backoff = Backoff::default();
    loop {
        let asked = Instant::now();
        match gateways.is_online(question.client).await {
            Ok(is_connected) => return Answer { question, is_connected, asked },
            // The stream is open, so it is about to break, or the gateway is busy.
            Err(_) => sleep(backoff.after_failure(rand::random())).await,
        }
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
