//! The stream of events to one worker: hello first, then batches as far as its credit goes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use gatepipe_proto::subscribe::{MAX_FIRST_CREDIT, MAX_HEADERS, MAX_WORKER_BYTES};
use gatepipe_proto::v1::subscribe_request::Request;
use gatepipe_proto::{Code, v1};
use http::HeaderName;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::decode::Refusal;
use crate::events::{Events, Hello, SubscribeError};

/// How long a worker may take to say hello.
const HELLO: Duration = Duration::from_secs(10);
/// Batches between a queue and the transport. Everything else that waits is in the queue, where it can still go to another worker.
const BATCHES: usize = 1;

type BatchSender = mpsc::Sender<Result<v1::EventBatch, Status>>;

/// Serves one subscription in a task of its own; the stream of batches ends with it.
pub(super) fn open(
    requests: Streaming<v1::SubscribeRequest>,
    events: Arc<Events>,
    stop: CancellationToken,
) -> impl Stream<Item = Result<v1::EventBatch, Status>> {
    let (batches, stream) = mpsc::channel(BATCHES);
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = tell(requests, &events, &batches) => ended,
            () = stop.cancelled() => Err(Code::Unavailable.status("the gateway is ending")),
            () = batches.closed() => return,
        };
        if let Err(status) = ended {
            drop(batches.send(Err(status)).await);
        }
    });
    ReceiverStream::new(stream)
}

async fn tell(
    mut requests: Streaming<v1::SubscribeRequest>,
    events: &Arc<Events>,
    batches: &BatchSender,
) -> Result<(), Status> {
    let hello = hello(&mut requests).await?;
    tracing::info!(worker = hello.worker, "a worker subscribes");
    let mut subscription = events.subscribe(hello)?;
    loop {
        tokio::select! {
            request = requests.message() => match request?.map(|request| request.request) {
                Some(Some(Request::Credit(credit))) => {
                    subscription.credit(credit.events).map_err(Refusal::invalid)?;
                }
                // One that says nothing more can return no credit: it leaves, too.
                Some(Some(Request::Leaving(_))) | None => break,
                Some(Some(Request::Hello(_))) => return Err(invalid("hello was said already")),
                Some(None) => return Err(invalid("a request is missing or not known to this gateway")),
            },
            room = async {
                // The room is taken first: nothing leaves the queue before it can go.
                let is_told = subscription.has_news().await;
                (is_told, batches.reserve().await)
            }, if subscription.has_credit() => match room {
                (true, Ok(room)) => {
                    let batch = subscription.next();
                    if !batch.events.is_empty() {
                        room.send(Ok(batch));
                    }
                }
                (true, Err(_)) => return Ok(()),
                (false, _) => break,
            },
        }
    }
    subscription.leave();
    Ok(())
}

async fn hello(requests: &mut Streaming<v1::SubscribeRequest>) -> Result<Hello, Status> {
    let first = tokio::time::timeout(HELLO, requests.message()).await;
    let first = first.map_err(|_| Code::Deadline.status("a worker says hello within 10 s"))??;
    match first.and_then(|request| request.request) {
        Some(Request::Hello(hello)) => Ok(checked(hello)?),
        _ => Err(invalid("a worker says hello first")),
    }
}

fn checked(hello: v1::Hello) -> Result<Hello, Refusal> {
    let v1::Hello { worker, credit, headers, without_messages } = hello;
    if !(1..=MAX_WORKER_BYTES).contains(&worker.len()) {
        let text = format!("a worker's name has 1 to {MAX_WORKER_BYTES} bytes, not {}", worker.len());
        return Err(Refusal::invalid(text));
    }
    if !(1..=MAX_FIRST_CREDIT).contains(&credit) {
        let text = format!("a worker begins with a credit of 1 to {MAX_FIRST_CREDIT} events, not {credit}");
        return Err(Refusal::invalid(text));
    }
    if headers.len() > MAX_HEADERS {
        let text = format!("a worker may ask for {MAX_HEADERS} headers, not {}", headers.len());
        return Err(Refusal::invalid(text));
    }
    let header = |name: &String| {
        HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Refusal::invalid(format!("{name:?} is not the name of a header")))
    };
    let headers = headers.iter().map(header).collect::<Result<_, _>>()?;
    Ok(Hello { worker, credit, headers, wants_messages: !without_messages })
}

fn invalid(text: &str) -> Status {
    Refusal::invalid(text).into()
}

impl From<SubscribeError> for Status {
    fn from(error: SubscribeError) -> Self {
        let code = match error {
            SubscribeError::Full => Code::TooMany,
            SubscribeError::Ending => Code::Unavailable,
        };
        code.status(error.to_string())
    }
}
