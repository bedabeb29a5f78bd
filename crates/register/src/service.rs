//! The gRPC side: announcements and watchers.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::Stream;
use gatepipe_daemon::network::Dial;
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::{Code, v1};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::ask;
use crate::metrics::Metrics;
use crate::roster::{MAX_GATEWAYS, Member, NotTaken, StreamId};
use crate::shared::Shared;
use crate::takeover;

/// Most watch streams.
const MAX_WATCHERS: usize = 1024;
/// Answers that may wait for one announcer; with more it is not listened to until it reads.
const WAITING_ANSWERS: usize = 16;
/// Events that may wait for one watcher beside those in `shared`; the first may be a whole list.
const WAITING_EVENTS: usize = 2;
/// How often an id or address is asked for when its holder changes meanwhile.
const MAX_ASKS: usize = 3;
/// How long a new stream may take to announce somebody.
const FIRST_ANNOUNCEMENT: Duration = Duration::from_secs(10);
/// Longest host:port, in bytes.
const MAX_ADDRESS_BYTES: usize = 261;

/// The service; one for the process.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
    dial: Dial,
    secret: SendSecret,
    streams: Arc<AtomicU64>,
    announcers: Arc<Semaphore>,
    watchers: Arc<Semaphore>,
    /// Ends every stream.
    stop: CancellationToken,
}

impl Service {
    pub(crate) fn new(
        shared: Arc<Shared>,
        metrics: Arc<Metrics>,
        dial: Dial,
        secret: SendSecret,
        stop: CancellationToken,
    ) -> Self {
        Self {
            shared,
            metrics,
            dial,
            secret,
            streams: Arc::default(),
            announcers: Arc::new(Semaphore::new(MAX_GATEWAYS * 2)),
            watchers: Arc::new(Semaphore::new(MAX_WATCHERS)),
            stop,
        }
    }
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn room(streams: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Status> {
    streams.clone().try_acquire_owned().map_err(|_| Code::TooMany.status("too many streams: try again later"))
}

#[tonic::async_trait]
impl v1::register_server::Register for Service {
    type AnnounceStream = Events<v1::Announced>;
    type WatchStream = Events<v1::WatchEvent>;

    async fn announce(
        &self,
        request: Request<Streaming<v1::Announcement>>,
    ) -> Result<Response<Self::AnnounceStream>, Status> {
        let place = room(&self.announcers)?;
        let (answers, stream) = mpsc::channel(WAITING_ANSWERS);
        let stream_id = StreamId(self.streams.fetch_add(1, Relaxed));
        let service = self.clone();
        tokio::spawn(async move {
            let lease = Lease { shared: service.shared.clone(), stream: stream_id, member: None };
            let ended = tokio::select! {
                ended = service.hold(lease, request.into_inner(), &answers) => ended,
                () = service.stop.cancelled() => Err(Code::Unavailable.status("the register is ending")),
            };
            if let Err(status) = ended {
                tracing::debug!(reason = status.message(), "an announcement ended");
                // Whoever is gone, or does not read, need not hear why.
                let _ = answers.try_send(Err(status));
            }
            drop(place);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn watch(&self, _: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let place = room(&self.watchers)?;
        let (events, stream) = mpsc::channel(WAITING_EVENTS);
        let service = self.clone();
        tokio::spawn(async move {
            service.metrics.watchers.inc();
            tokio::select! {
                () = service.tell(&events) => {}
                () = events.closed() => {}
                () = service.stop.cancelled() => {
                    // Whoever does not read sees the stream end all the same.
                    let _ = events.try_send(Err(Code::Unavailable.status("the register is ending")));
                }
            }
            service.metrics.watchers.dec();
            drop(place);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

/// The lease of one stream; dropping it begins the grace period.
struct Lease {
    shared: Arc<Shared>,
    stream: StreamId,
    /// As it was announced here first; `None` before and after.
    member: Option<Member>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(member) = &self.member {
            self.shared.lose(member.id, self.stream);
        }
    }
}

type Answers = mpsc::Sender<Result<v1::Announced, Status>>;

impl Service {
    /// Takes one gateway's announcements until its stream ends.
    async fn hold(
        &self,
        mut lease: Lease,
        mut announcements: Streaming<v1::Announcement>,
        answers: &Answers,
    ) -> Result<(), Status> {
        let first = tokio::time::timeout(FIRST_ANNOUNCEMENT, announcements.message());
        let mut next = first.await.map_err(|_| Code::Deadline.status("nobody was announced in time"))??;
        while let Some(announcement) = next {
            let has_left = announcement.leaving;
            let taken = self.take(announcement, &mut lease).await;
            let version = taken.inspect_err(|_| {
                self.metrics.refused.inc();
            })?;
            if has_left {
                return Ok(());
            }
            self.metrics.accepted.inc();
            if answers.send(Ok(v1::Announced { version })).await.is_err() {
                return Ok(());
            }
            next = announcements.message().await?;
        }
        Ok(())
    }

    /// Gives the roster's version after the announcement.
    async fn take(&self, announcement: v1::Announcement, lease: &mut Lease) -> Result<u64, Status> {
        let member = member(announcement.gateway)?;
        if let Some(held) = &lease.member
            && (held.id != member.id || held.address != member.address)
        {
            return Err(Code::Invalid.status("a stream announces one gateway at one address"));
        }
        if announcement.leaving {
            lease.member = None;
            tracing::info!(gateway = %member.id, "a gateway left");
            return Ok(self.shared.leave(member.id, lease.stream));
        }
        let version = self.list(&member, lease.stream).await?;
        lease.member = Some(member);
        Ok(version)
    }

    /// Puts `member` on the list, unless its id or address is another's who lives.
    async fn list(&self, member: &Member, stream: StreamId) -> Result<u64, Status> {
        for _ in 0..MAX_ASKS {
            let claim = match self.shared.announce(member.clone(), stream) {
                Ok(version) => return Ok(version),
                Err(NotTaken::Full) => return Err(Code::TooMany.status("the list of gateways is full")),
                Err(NotTaken::Claimed(claim)) => claim,
            };
            let answer = ask::who_is_at(&claim.member.address, &self.dial, &self.secret).await;
            let other = &claim.member;
            if !takeover::is_free(&claim, member, answer) {
                tracing::warn!(gateway = %member.id, other = %other.id, address = other.address, ?answer, "refused a gateway: its id or address is another's");
                let text = format!(
                    "gateway {} is listed at {}: give every gateway its own --advertise",
                    other.id, other.address
                );
                return Err(Code::Conflict.status(text));
            }
            tracing::info!(gateway = %member.id, other = %other.id, address = other.address, ?answer, "a gateway takes the place of another");
            self.shared.evict(&claim);
        }
        Err(Code::Conflict.status("others announce the same id or address: try again later"))
    }

    async fn tell(&self, events: &mpsc::Sender<Result<v1::WatchEvent, Status>>) {
        loop {
            let (snapshot, mut changes) = self.shared.watch();
            if events.send(Ok(snapshot)).await.is_err() {
                return;
            }
            loop {
                match changes.recv().await {
                    Ok(change) => {
                        if events.send(Ok(change)).await.is_err() {
                            return;
                        }
                    }
                    // Too far behind: begin anew.
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }
}

fn member(entry: Option<v1::GatewayEntry>) -> Result<Member, Status> {
    let entry = entry.ok_or_else(|| Code::Invalid.status("an announcement names a gateway"))?;
    let id = entry.gateway_id.parse().map_err(|error| Code::Invalid.status(format!("{error}")))?;
    if !is_address(&entry.address) {
        return Err(Code::Invalid.status(format!("{:?} is not an address like edge-1:2300", entry.address)));
    }
    Ok(Member { id, address: entry.address, draining: entry.draining })
}

/// host:port with a port above 0, as a URL's authority; no user, no path, and not `0.0.0.0`, which is nobody's.
fn is_address(text: &str) -> bool {
    if text.len() > MAX_ADDRESS_BYTES || text.contains('@') {
        return false;
    }
    let Ok(authority) = text.parse::<tonic::codegen::http::uri::Authority>() else {
        return false;
    };
    let is_nobodys = text.parse().is_ok_and(|addr: SocketAddr| addr.ip().is_unspecified());
    let has_port = authority.port_u16().is_some_and(|port| port > 0);
    !authority.host().is_empty() && has_port && !is_nobodys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_with_ports() {
        let cases = [
            ("edge-1:2300", true),
            ("127.0.0.1:2300", true),
            ("[::1]:2300", true),
            ("0.0.0.0:2300", false),
            ("[::]:2300", false),
            ("::1:2300", false),
            ("edge-1", false),
            ("edge-1:", false),
            ("edge-1:65536", false),
            ("edge 1:2300", false),
            ("edge-1:2300\n", false),
            ("edge-1:0", false),
            (":2300", false),
            ("user@edge-1:2300", false),
            ("http://edge-1:2300", false),
            ("edge-1:2300/path", false),
            ("", false),
        ];
        for (text, fits) in cases {
            assert_eq!(is_address(text), fits, "{text}");
        }
    }
}
