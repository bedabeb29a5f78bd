//! The gRPC side: announcements and watchers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::Stream;
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::{Code, GatewayId, v1};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::ask;
use crate::metrics::Metrics;
use crate::roster::{MAX_GATEWAYS, Member, NotTaken, StreamId};
use crate::shared::Shared;

/// Most watch streams.
const MAX_WATCHERS: usize = 4096;
/// Answers and events that may wait for one stream.
const WAITING: usize = 16;
/// How long a new stream may take to announce somebody.
const FIRST_ANNOUNCEMENT: Duration = Duration::from_secs(10);
/// Longest host:port, in bytes.
const MAX_ADDRESS_BYTES: usize = 261;

/// The service; one for the process.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
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
        secret: SendSecret,
        stop: CancellationToken,
    ) -> Self {
        Self {
            shared,
            metrics,
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
    streams
        .clone()
        .try_acquire_owned()
        .map_err(|_| Code::TooMany.status("too many streams: try again later"))
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
        let (answers, stream) = mpsc::channel(WAITING);
        let stream_id = StreamId(self.streams.fetch_add(1, Relaxed));
        let service = self.clone();
        tokio::spawn(async move {
            let mut lease = Lease {
                shared: service.shared.clone(),
                stream: stream_id,
                gateway: None,
            };
            let ended = tokio::select! {
                ended = service.hold(&mut lease, request.into_inner(), &answers) => ended,
                () = service.stop.cancelled() => Err(Code::Unavailable.status("the register is ending")),
            };
            if let Err(status) = ended {
                tracing::debug!(reason = status.message(), "an announcement ended");
                // Whoever is gone need not hear why.
                let _ = answers.send(Err(status)).await;
            }
            drop(place);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn watch(&self, _: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let place = room(&self.watchers)?;
        let (events, stream) = mpsc::channel(WAITING);
        let service = self.clone();
        tokio::spawn(async move {
            service.metrics.watchers.inc();
            tokio::select! {
                () = service.tell(&events) => {}
                () = events.closed() => {}
                () = service.stop.cancelled() => {
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
    gateway: Option<GatewayId>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(gateway) = self.gateway {
            self.shared.lose(gateway, self.stream);
        }
    }
}

type Answers = mpsc::Sender<Result<v1::Announced, Status>>;

impl Service {
    /// Takes one gateway's announcements until its stream ends.
    async fn hold(
        &self,
        lease: &mut Lease,
        mut announcements: Streaming<v1::Announcement>,
        answers: &Answers,
    ) -> Result<(), Status> {
        let first = tokio::time::timeout(FIRST_ANNOUNCEMENT, announcements.message());
        let mut next = first
            .await
            .map_err(|_| Code::Deadline.status("nobody was announced in time"))??;
        while let Some(announcement) = next {
            let member = member(announcement.gateway)?;
            if lease.gateway.is_some_and(|gateway| gateway != member.id) {
                return Err(Code::Invalid.status("a stream announces one gateway"));
            }
            if announcement.leaving {
                lease.gateway = None;
                tracing::info!(gateway = %member.id, "a gateway left");
                self.shared.leave(member.id, lease.stream);
                return Ok(());
            }
            let id = member.id;
            let version = self.take(member, lease.stream).await.inspect_err(|_| {
                self.metrics.refused.inc();
            })?;
            self.metrics.accepted.inc();
            lease.gateway = Some(id);
            if answers.send(Ok(v1::Announced { version })).await.is_err() {
                return Ok(());
            }
            next = announcements.message().await?;
        }
        Ok(())
    }

    async fn take(&self, member: Member, stream: StreamId) -> Result<u64, Status> {
        loop {
            let other = match self.shared.announce(member.clone(), stream) {
                Ok(version) => return Ok(version),
                Err(NotTaken::Full) => return Err(Code::TooMany.status("the list of gateways is full")),
                Err(NotTaken::Claimed(other)) => other,
            };
            if ask::who_is_at(&other.address, &self.secret).await == Some(other.id) {
                tracing::warn!(gateway = %member.id, rival = %other.id, address = other.address, "refused a gateway: its id or address is another's, who answers there");
                let text = format!(
                    "gateway {} lives at {}: give every gateway its own --advertise",
                    other.id, other.address
                );
                return Err(Code::Conflict.status(text));
            }
            self.shared.evict(&other);
        }
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
    let id = entry
        .gateway_id
        .parse()
        .map_err(|error| Code::Invalid.status(format!("{error}")))?;
    if !is_address(&entry.address) {
        return Err(Code::Invalid.status(format!("{:?} is not an address like edge-1:2300", entry.address)));
    }
    Ok(Member {
        id,
        address: entry.address,
        draining: entry.draining,
    })
}

/// host:port with a port above 0, as a URL's authority; no user, no path.
fn is_address(text: &str) -> bool {
    if text.len() > MAX_ADDRESS_BYTES || text.contains('@') {
        return false;
    }
    match text.parse::<tonic::codegen::http::uri::Authority>() {
        Ok(authority) => !authority.host().is_empty() && authority.port_u16().is_some_and(|port| port > 0),
        Err(_) => false,
    }
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
            ("edge-1", false),
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
