//! Lanes without a pipe: what waits, in which order it goes, and what becomes of it.

use std::time::Duration;

use gatepipe_proto::GatewayId;
use gatepipe_proto::secret::SendSecret;
use gatepipe_traces::Tracer;
use tokio::time::timeout_at;
use tonic::transport::Endpoint;

use super::*;
use crate::connection::Peer;
use crate::dial::Dial;
use crate::{Builder, Tally};

fn lane() -> Arc<Lane> {
    bounded(1_000)
}

fn bounded(most_commands: usize) -> Arc<Lane> {
    let spans = Spans::new(Tracer::default(), GatewayId::random());
    Arc::new(Lane::new(most_commands, 4 << 20, Arc::default(), Arc::default(), spans))
}

fn open(lane: &Lane) {
    let peer = Peer {
        endpoint: Endpoint::from_static("http://127.0.0.1:1"),
        dial: Dial::default(),
        secret: SendSecret::new(None).unwrap(),
        limits: Builder::default().limits,
    };
    lane.open(QueryLine::new(GatewayId::random(), peer));
}

fn submit(lane: &Arc<Lane>, bytes: usize) -> Result<Ticket, FailureReason> {
    lane.submit(Command::SendToUids(v1::SendToUids {
        uids: vec!["x".repeat(bytes)],
        ..v1::SendToUids::default()
    }))
}

async fn ids(batches: &mut Batches) -> Vec<u64> {
    let batch = batches.next().await.expect("the stream goes on");
    batch.commands.iter().map(|command| command.id).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[tokio::test]
async fn a_batch_is_whatever_waits_within_its_bounds_in_order() {
    let lane = lane();
    let mut batches = lane.new_stream();
    open(&lane);
    let _small: Vec<_> = (0..300).map(|_| submit(&lane, 1).unwrap()).collect();
    assert_eq!(ids(&mut batches).await, (1..=256).collect::<Vec<_>>());
    assert_eq!(ids(&mut batches).await, (257..=300).collect::<Vec<_>>());
    let _big: Vec<_> = (0..3).map(|_| submit(&lane, 900 << 10).unwrap()).collect();
    assert_eq!(ids(&mut batches).await, [301, 302]);
    assert_eq!(ids(&mut batches).await, [303]);
}

#[tokio::test]
async fn nothing_is_taken_before_the_pipe_is_open_or_by_a_stream_of_a_broken_one() {
    let lane = lane();
    let mut old = lane.new_stream();
    let _first = submit(&lane, 1).unwrap();
    assert!(timeout_at(Instant::now(), old.next()).await.is_err());
    open(&lane);
    lane.broken();
    let mut new = lane.new_stream();
    open(&lane);
    assert!(old.next().await.is_none());
    assert_eq!(ids(&mut new).await, [1]);
}

#[tokio::test]
async fn an_attempt_that_goes_on_after_the_grace_can_still_open_the_pipe() {
    let lane = lane();
    let mut batches = lane.new_stream();
    let early = submit(&lane, 1).unwrap();
    lane.down("no answer yet".into());
    assert_eq!(early.receipt(soon()).await, Err(FailureReason::Unreachable));
    assert_eq!(submit(&lane, 1).err(), Some(FailureReason::Unreachable));
    open(&lane);
    let _late = submit(&lane, 1).unwrap();
    assert_eq!(ids(&mut batches).await, [2]);
}

#[tokio::test]
async fn a_break_leaves_what_was_sent_unknown_and_what_waits_waiting() {
    let lane = lane();
    let mut batches = lane.new_stream();
    open(&lane);
    let sent = submit(&lane, 1).unwrap();
    batches.next().await;
    let waiting = submit(&lane, 1).unwrap();
    lane.broken();
    assert_eq!(sent.receipt(soon()).await, Err(FailureReason::UnknownOutcome));
    assert_eq!(lane.status().waiting, 1);
    lane.down("refused".into());
    assert_eq!(waiting.receipt(soon()).await, Err(FailureReason::Unreachable));
    let counted = Tally { batches: 1, commands: 1, unknown_outcome: 1, unreachable: 1, ..Tally::default() };
    assert_eq!(lane.counts.tally(), counted);
}

#[tokio::test]
async fn every_command_is_counted_once_by_what_became_of_it() {
    let lane = bounded(2);
    let mut batches = lane.new_stream();
    open(&lane);
    let too_large = submit(&lane, COMMAND_BYTES);
    assert!(matches!(too_large, Err(FailureReason::Refused { .. })));
    let (done, refused) = (submit(&lane, 1).unwrap(), submit(&lane, 1).unwrap());
    assert_eq!(submit(&lane, 1).err(), Some(FailureReason::TooBusy));
    batches.next().await;
    let receipt = |id, code| v1::Receipt { id, code, ..v1::Receipt::default() };
    let receipts = vec![receipt(1, 0), receipt(2, Code::NotFound.number())];
    lane.answer(v1::ReceiptBatch { receipts, absence: None });
    assert!(done.receipt(soon()).await.is_ok() && refused.receipt(soon()).await.is_ok());
    let counted = Tally { batches: 1, commands: 2, done: 1, refused: 2, too_busy: 1, ..Tally::default() };
    assert_eq!(lane.counts.tally(), counted);
}

#[tokio::test]
async fn a_late_receipt_and_one_for_nobody_change_nothing() {
    let lane = lane();
    let mut batches = lane.new_stream();
    open(&lane);
    let gave_up = submit(&lane, 1).unwrap();
    batches.next().await;
    assert_eq!(gave_up.receipt(Instant::now()).await, Err(FailureReason::Deadline));
    assert_eq!(lane.status().in_flight, 0);
    let waits = submit(&lane, 1).unwrap();
    batches.next().await;
    let receipt = |id| v1::Receipt { id, ..v1::Receipt::default() };
    let receipts = vec![receipt(99), receipt(1), receipt(2)];
    lane.answer(v1::ReceiptBatch { receipts, absence: None });
    assert_eq!(waits.receipt(soon()).await, Ok(receipt(2)));
    let counted = Tally { batches: 2, commands: 2, done: 1, deadline: 1, ..Tally::default() };
    assert_eq!(lane.counts.tally(), counted);
}
