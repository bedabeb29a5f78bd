//! The task that keeps one gateway's pipe open and carries its lane through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use gatepipe_proto::{GatewayId, v1};
use tokio::time::{Instant, sleep, timeout};
use tonic::Streaming;

use crate::backoff::Backoff;
use crate::connection::{Connection, Peer, Trouble};
use crate::lane::Lane;
use crate::query::QueryLine;

/// Where a gateway may be, tried in turn until one says that it is the gateway.
pub(crate) struct Places {
    peers: Vec<Peer>,
    turn: AtomicUsize,
}

impl Places {
    pub(crate) fn new(peers: Vec<Peer>) -> Self {
        Self { peers, turn: AtomicUsize::new(0) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    fn current(&self) -> Option<&Peer> {
        self.peers.get(self.turn.load(Relaxed) % self.peers.len().max(1))
    }

    /// host:port of the one whose turn it is.
    pub(crate) fn address(&self) -> Option<&str> {
        Some(self.current()?.endpoint.uri().authority()?.as_str())
    }

    fn try_next(&self) {
        self.turn.fetch_add(1, Relaxed);
    }
}

/// Keeps a pipe to `gateway` open until dropped; ends at once when there is no place where it may be.
pub(crate) async fn keep_open(gateway: GatewayId, places: Arc<Places>, lane: Arc<Lane>) {
    let _leaving = Leaving(Arc::clone(&lane));
    let mut backoff = Backoff::default();
    while let Some(peer) = places.current() {
        let trouble = match within_grace(&lane, peer, open(gateway, peer, &lane)).await {
            Ok(pipe) => {
                tracing::info!(%gateway, "the pipe to a gateway is open");
                let opened = Instant::now();
                let trouble = pipe.carry(&lane).await;
                tracing::info!(%gateway, %trouble, "the pipe to a gateway ended");
                lane.broken();
                if backoff.lasted(opened.elapsed()) {
                    continue;
                }
                trouble
            }
            Err(trouble) => {
                places.try_next();
                trouble
            }
        };
        if lane.status().trouble.as_deref() != Some(&trouble.0) {
            tracing::warn!(%gateway, %trouble, "no pipe to a gateway; trying again");
        }
        lane.down(trouble.0);
        sleep(backoff.after_failure(rand::random())).await;
    }
}

/// Fails what is left in the lane when the task ends, however it ends.
struct Leaving(Arc<Lane>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.broken();
        self.0.down("it is not a member any more".into());
    }
}

/// Lets commands wait for a first attempt for a short while only; the attempt itself goes on.
async fn within_grace<T>(lane: &Lane, peer: &Peer, attempt: impl Future<Output = T>) -> T {
    let mut attempt = std::pin::pin!(attempt);
    if lane.is_opening() {
        match timeout(peer.limits.opening_grace, &mut attempt).await {
            Ok(done) => return done,
            Err(_) => lane.down("no answer yet to opening a pipe".into()),
        }
    }
    attempt.await
}

/// A pipe whose other end said that it is the right gateway.
struct Pipe {
    receipts: Streaming<v1::ReceiptBatch>,
    _connection: Connection,
}

async fn open(gateway: GatewayId, peer: &Peer, lane: &Arc<Lane>) -> Result<Pipe, Trouble> {
    let connection = Connection::open(peer).await?;
    peer.in_time("asking who it is", connection.identify(gateway)).await?;
    let batches = futures_util::stream::unfold(lane.new_stream(), async |mut batches| {
        let batch = batches.next().await?;
        Some((batch, batches))
    });
    let mut commands = connection.commands();
    let opening = async { Ok(commands.pipe(batches).await?.into_inner()) };
    let receipts = peer.in_time("opening a pipe", opening).await?;
    lane.open(QueryLine::new(gateway, peer.clone()));
    Ok(Pipe { receipts, _connection: connection })
}

impl Pipe {
    /// Takes in receipts until the pipe breaks; commands go out by themselves, as fast as the gateway takes them.
    async fn carry(mut self, lane: &Lane) -> Trouble {
        loop {
            match self.receipts.message().await {
                Ok(Some(batch)) => lane.answer(batch),
                Ok(None) => return Trouble("the gateway ended it".into()),
                Err(status) => return status.into(),
            }
        }
    }
}
