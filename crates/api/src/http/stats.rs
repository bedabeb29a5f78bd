//! `/Stats/…`

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use serde::Serialize;

use super::envelope::{Refusal, Refusals};
use super::layers::HangUp;
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::service;
use crate::service::receipt::Failed;
use crate::service::stats::Told;
use crate::stats::binds::Percentiles;
use crate::stats::{Closes, INTERVAL, Numbers, Row, Sample};

/// How long a reader should wait before it comes back, when the stream ended.
const RETRY: Duration = Duration::from_secs(3);
/// Between two comments that show the connection to be alive, while there is nothing to say.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// `event: history`
#[derive(Serialize)]
struct History<'a> {
    interval_ms: u64,
    columns: &'static [&'static str],
    close_reasons: [&'static str; 6],
    samples: Vec<CompactSample<'a>>,
}

#[derive(Serialize)]
struct CompactSample<'a> {
    at_ms: i64,
    gateways: BTreeMap<String, Row<'a>>,
    #[serde(skip_serializing_if = "<[Failed]>::is_empty")]
    failed: &'a [Failed],
    closed_per_min: [f32; 6],
    #[serde(skip_serializing_if = "Option::is_none")]
    bind_ms: Option<[f32; 2]>,
}

/// `event: sample`
#[derive(Serialize)]
struct NamedSample<'a> {
    at_ms: i64,
    gateways: BTreeMap<String, &'a Numbers>,
    failed: &'a [Failed],
    closed_per_min: Closes,
    bind_ms: Option<Percentiles>,
}

impl<'a> From<&'a Sample> for CompactSample<'a> {
    fn from(sample: &'a Sample) -> Self {
        let row = |(gateway, numbers): &'a (_, _)| (ToString::to_string(gateway), Row(numbers));
        let gateways = sample.gateways.iter().map(row).collect();
        Self {
            at_ms: sample.at_ms,
            gateways,
            failed: &sample.failed,
            closed_per_min: sample.closes.row(),
            bind_ms: sample.binds.map(|Percentiles { p50, p95 }| [p50, p95]),
        }
    }
}

impl<'a> From<&'a Sample> for NamedSample<'a> {
    fn from(sample: &'a Sample) -> Self {
        let named = |(gateway, numbers): &'a (_, _)| (ToString::to_string(gateway), numbers);
        let gateways = sample.gateways.iter().map(named).collect();
        Self {
            at_ms: sample.at_ms,
            gateways,
            failed: &sample.failed,
            closed_per_min: sample.closes,
            bind_ms: sample.binds,
        }
    }
}

fn event(told: Told) -> Result<Event, axum::Error> {
    match told {
        Told::History(samples) => {
            let interval_ms = INTERVAL.as_millis() as u64;
            let samples = samples.iter().map(|sample| CompactSample::from(&**sample)).collect();
            let history =
                History { interval_ms, columns: Numbers::COLUMNS, close_reasons: Closes::REASONS, samples };
            Event::default().retry(RETRY).event("history").json_data(history)
        }
        Told::Sample(sample) => Event::default().event("sample").json_data(NamedSample::from(&*sample)),
    }
}

/// Streams how busy every gateway is (server-sent events). Needs `websocket.inspect`.
///
/// First `event: history` with the last 15 minutes, then `event: sample` every second. A sample has `at_ms` (when the gateways were
/// asked), `gateways` (by gateway_id: draining, clients, bound_clients, uids, groups, workers, queued_bytes now; slow_closes and
/// events_dropped since its start; the rest a second), and `failed`: the gateways that did not answer, which are in no other place.
/// `closed_per_min` has the clients of all gateways that ended, a minute, by why: left (goodbye, or the connection broke), drained (should
/// come back elsewhere), ended (4000 to 4099), silent, slow, other. `bind_ms` has what half (p50) and 19 of 20 (p95) of the binds of the
/// last minute took no longer than, as far as this api made them; null when it made none.
/// In the history each gateway has an array of numbers in the order of `columns`, `closed_per_min` one in the order of `close_reasons`,
/// `bind_ms` is `[p50, p95]` or left out, and so is an empty `failed`.
///
/// A reader that falls so far behind that nothing more fits into its socket misses samples and goes on with the newest. The stream ends when the token does, and when the api
/// stops; at most 64 are open at once.
#[utoipa::path(
    get,
    path = "/Stats/stream",
    tag = "Stats",
    responses(
        (
            status = 200,
            description = "The stream.",
            content_type = "text/event-stream",
            body = String,
            example = "retry: 3000\nevent: history\ndata: {\"interval_ms\":1000,\"columns\":[\"draining\",\"clients\",…],\"samples\":[{\"at_ms\":1795467120999,\"gateways\":{\"3f2a9c01d4e5b687\":[false,1200,…]}}]}\n\nevent: sample\ndata: {\"at_ms\":1795467121999,\"gateways\":{\"3f2a9c01d4e5b687\":{\"draining\":false,\"clients\":1201,…}},\"failed\":[{\"gateway\":\"9b0c1d2e3f4a5b6c\",\"reason\":\"deadline\"}]}\n\n",
        ),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        Refusals,
    ),
)]
pub async fn stream(
    State(app): State<App>,
    Extension(HangUp(connection)): Extension<HangUp>,
    caller: Allowed<Inspect>,
) -> Result<Response, ApiError> {
    let mut told = service::stats::watch(&app, &caller, connection)?;
    let events = poll_fn(move |context| told.poll_recv(context)).map(event);
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // nginx would keep it back to fill its buffers.
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}
