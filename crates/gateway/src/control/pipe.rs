//! The ordered stream of command batches. Commands start in the order sent; receipts of a batch come together, those of
//! broadcasts when they are done.

use std::pin::Pin;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{FuturesUnordered, StreamExt};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::executor::{Executor, Started};

/// Most commands in one batch.
const MAX_BATCH: usize = 256;
/// Receipt batches that may wait for a worker that does not read; then its commands wait too.
const RECEIPTS: usize = 16;
/// How long the receipts of commands that have begun may take when the gateway ends.
const LAST_RECEIPTS: Duration = Duration::from_millis(500);
/// Commands between two pauses, so that one pipe does not hold a worker thread for long.
const PAUSE_AFTER: usize = 32;

type ReceiptsSender = mpsc::Sender<Result<v1::ReceiptBatch, Status>>;

/// Serves one pipe in a task of its own; the stream of receipts ends with it.
pub(super) fn open(
    batches: Streaming<v1::CommandBatch>,
    executor: Executor,
    stop: CancellationToken,
) -> impl Stream<Item = Result<v1::ReceiptBatch, Status>> {
    let (receipts, stream) = mpsc::channel(RECEIPTS);
    let pipe = Pipe { executor, receipts: receipts.clone(), broadcasts: FuturesUnordered::new() };
    tokio::spawn(async move {
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

struct Pipe {
    executor: Executor,
    receipts: ReceiptsSender,
    /// Running now; at most as many as the lane takes.
    broadcasts: FuturesUnordered<Pin<Box<dyn Future<Output = v1::Receipt> + Send>>>,
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
                    return Err(ending());
                }
                batch = batches.message() => match batch? {
                    Some(batch) => self.start_all(batch.commands).await?,
                    None => break,
                },
                Some(receipt) = self.broadcasts.next() => send(&self.receipts, vec![receipt]).await?,
            }
        }
        self.finish_broadcasts().await
    }

    async fn start_all(&mut self, commands: Vec<v1::Command>) -> Result<(), Status> {
        if commands.len() > MAX_BATCH {
            let text = format!("a batch has at most {MAX_BATCH} commands, not {}", commands.len());
            return Err(Code::Invalid.status(text));
        }
        let mut done = Vec::with_capacity(commands.len());
        for (position, command) in commands.into_iter().enumerate() {
            if position % PAUSE_AFTER == PAUSE_AFTER - 1 {
                tokio::task::yield_now().await;
            }
            // Whoever is closed gets what was broadcast before. When nobody is, all that follows may overtake it.
            if !self.broadcasts.is_empty() && self.closes_any(&command) {
                self.finish_broadcasts().await?;
            }
            match self.executor.start(command).await {
                Started::Done(receipt) => done.push(receipt),
                Started::Broadcast(broadcast) => self.broadcasts.push(Box::pin(broadcast.receipt())),
                Started::Replacing(replacing) => {
                    self.finish_broadcasts().await?;
                    done.push(replacing.receipt());
                }
            }
        }
        if done.is_empty() { Ok(()) } else { send(&self.receipts, done).await }
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
            send(&self.receipts, vec![receipt]).await?;
        }
        Ok(())
    }
}

fn ending() -> Status {
    Code::Unavailable.status("the gateway is ending")
}

/// Waits while the worker does not read; fails when it has gone.
async fn send(receipts: &ReceiptsSender, batch: Vec<v1::Receipt>) -> Result<(), Status> {
    let batch = v1::ReceiptBatch { receipts: batch };
    receipts.send(Ok(batch)).await.map_err(|_| Code::Unavailable.status("the worker has gone"))
}
