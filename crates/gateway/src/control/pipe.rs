//! The ordered stream of command batches. Commands start in the order sent; receipts of a batch come together, those of
//! broadcasts when they are done, those of some binds when nobody believes the uid absent any more.

use std::pin::Pin;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{FuturesUnordered, StreamExt};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::executor::{Executor, Settled, Started, WithheldBind};
use crate::absence::Asking;
use crate::clock;
use crate::metrics::Way;

/// Most commands in one batch.
const MAX_BATCH: usize = 256;
/// Receipt batches that may wait for a worker that does not read; then its commands wait too.
const RECEIPTS: usize = 16;
/// Binds whose receipts may be withheld at a time; then the next command waits for one of them, which takes a second at most.
const WITHHELD: usize = 4096;
/// How long the receipts of commands that have begun may take when the gateway ends.
const LAST_RECEIPTS: Duration = Duration::from_millis(500);
/// Commands between two pauses, so that one pipe does not hold a worker thread for long.
const PAUSE_AFTER: usize = 32;

type ReceiptsSender = mpsc::Sender<Result<v1::ReceiptBatch, Status>>;
type Later = FuturesUnordered<Pin<Box<dyn Future<Output = v1::Receipt> + Send>>>;

/// Serves one pipe in a task of its own; the stream of receipts ends with it.
pub(super) fn open(
    batches: Streaming<v1::CommandBatch>,
    executor: Executor,
    stop: CancellationToken,
) -> impl Stream<Item = Result<v1::ReceiptBatch, Status>> {
    let (receipts, stream) = mpsc::channel(RECEIPTS);
    let pipe = Pipe {
        asking: executor.absence.open(),
        executor,
        receipts: receipts.clone(),
        done: Vec::new(),
        broadcasts: FuturesUnordered::new(),
        withheld: FuturesUnordered::new(),
    };
    let open = Open::count(&pipe.executor.metrics.pipes);
    tokio::spawn(async move {
        let _open = open;
        let ended = tokio::select! {
            ended = pipe.carry(batches, &stop) => ended,
            // What has begun is answered first, but not for a worker that does not read.
            () = async { stop.cancelled().await; tokio::time::sleep(LAST_RECEIPTS).await } => Err(ending()),
            () = receipts.closed() => return,
        };
        if let Err(status) = ended {
            drop(receipts.send(Err(status)).await);
        }
    });
    ReceiverStream::new(stream)
}

/// Counts an open pipe until it is dropped.
struct Open(Gauge);

impl Open {
    fn count(pipes: &Gauge) -> Self {
        pipes.inc();
        Self(pipes.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

struct Pipe {
    executor: Executor,
    asking: Asking,
    receipts: ReceiptsSender,
    /// To be sent next.
    done: Vec<v1::Receipt>,
    /// Running now; at most as many as the lane takes.
    broadcasts: Later,
    /// Binds that are done and not acknowledged yet.
    withheld: Later,
}

impl Pipe {
    async fn carry(
        mut self,
        mut batches: Streaming<v1::CommandBatch>,
        stop: &CancellationToken,
    ) -> Result<(), Status> {
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    self.finish_broadcasts().await?;
                    self.finish_withheld().await?;
                    return Err(ending());
                }
                batch = batches.message() => match batch? {
                    Some(batch) => self.start_all(batch).await?,
                    None => break,
                },
                Some(receipt) = self.broadcasts.next() => self.done.push(receipt),
                Some(receipt) = self.withheld.next() => self.done.push(receipt),
                () = self.asking.woken() => {}
            }
            self.send().await?;
        }
        self.finish_broadcasts().await?;
        self.finish_withheld().await
    }

    async fn start_all(&mut self, batch: v1::CommandBatch) -> Result<(), Status> {
        let v1::CommandBatch { commands, absence } = batch;
        if commands.len() > MAX_BATCH {
            let text = format!("a batch has at most {MAX_BATCH} commands, not {}", commands.len());
            return Err(Code::Invalid.status(text));
        }
        if let Some(word) = absence {
            self.asking.hear(word).map_err(|error| Code::Invalid.status(error.to_string()))?;
        }
        if commands.is_empty() {
            return Ok(());
        }
        // One look at the clock before and one after all of them: a push is far too small to be measured each by itself.
        let began = clock::instant();
        self.done.reserve(commands.len());
        for (position, command) in commands.into_iter().enumerate() {
            if position % PAUSE_AFTER == PAUSE_AFTER - 1 {
                tokio::task::yield_now().await;
            }
            // Whoever is closed gets what was broadcast before. When nobody is, all that follows may overtake it.
            if !self.broadcasts.is_empty() && self.closes_any(&command) {
                self.finish_broadcasts().await?;
            }
            match self.executor.start(command, Some(&self.asking), began).await {
                Started::Done(receipt) => self.done.push(receipt),
                Started::Broadcast(broadcast) => self.broadcasts.push(Box::pin(broadcast.receipt())),
                Started::Withheld(bind) => self.withhold(bind).await,
                Started::Replacing(replacing) => {
                    self.finish_broadcasts().await?;
                    match replacing.settle() {
                        Settled::Done(receipt) => self.done.push(receipt),
                        Settled::Withheld(bind) => self.withhold(bind).await,
                    }
                }
            }
        }
        self.executor.metrics.pipe_batches.inc();
        self.executor.metrics.written(Way::Batch, began);
        Ok(())
    }

    async fn withhold(&mut self, bind: WithheldBind) {
        self.withheld.push(Box::pin(bind.receipt()));
        if self.withheld.len() > WITHHELD {
            self.done.extend(self.withheld.next().await);
        }
    }

    /// Whether clients may end by this command as such; a bind tells afterwards.
    fn closes_any(&self, command: &v1::Command) -> bool {
        match &command.command {
            Some(Kind::CloseClient(_) | Kind::Drain(_)) => true,
            Some(Kind::CloseUid(close)) => self.executor.closes_any(close),
            _ => false,
        }
    }

    async fn finish_broadcasts(&mut self) -> Result<(), Status> {
        while let Some(receipt) = self.broadcasts.next().await {
            self.done.push(receipt);
            self.send().await?;
        }
        Ok(())
    }

    async fn finish_withheld(&mut self) -> Result<(), Status> {
        while let Some(receipt) = self.withheld.next().await {
            self.done.push(receipt);
            self.send().await?;
        }
        Ok(())
    }

    /// Sends what there is to tell. All of it goes this one way, so that the worker hears in order what was decided in order, a grant
    /// of a lease behind the revocations before it above all.
    ///
    /// Waits while the worker does not read; fails when it has gone.
    async fn send(&mut self) -> Result<(), Status> {
        loop {
            let batch =
                v1::ReceiptBatch { receipts: std::mem::take(&mut self.done), absence: self.asking.word() };
            let is_last = batch.absence.is_none();
            if !batch.receipts.is_empty() || !is_last {
                let sent = self.receipts.send(Ok(batch)).await;
                sent.map_err(|_| Code::Unavailable.status("the worker has gone"))?;
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

fn ending() -> Status {
    Code::Unavailable.status("the gateway is ending")
}
