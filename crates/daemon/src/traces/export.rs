//! From a span's end to the collector: one queue with a bound, and one task that empties it.

use std::time::Duration;

use gatepipe_traces::Tracer;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor,
};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::{Collector, Counts, Sending};

/// Spans that wait at most, about 1 KiB each; more are dropped.
const QUEUE: usize = 8192;
/// Spans that are sent together at most.
const BATCH: usize = 512;
/// How long the first of them waits for others.
const GATHERING: Duration = Duration::from_millis(500);
/// How long a collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// For everything that is left at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// See [`super::Traces::begin`].
pub(super) fn begin(
    collector: &Collector,
    counts: Counts,
    service: &'static str,
    instance: String,
) -> Sending {
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance),
        ])
        .build();
    let exporter =
        SpanExporter::builder().with_tonic().with_endpoint(&collector.url).with_timeout(PATIENCE).build();
    let mut exporter = match exporter {
        Ok(exporter) => exporter,
        Err(error) => {
            // The URL was checked with the other settings; what is left are variables that the exporter reads for itself.
            tracing::warn!(%error, "traces are not sent: what OTEL_EXPORTER_OTLP_… says cannot be used");
            return Sending { tracer: Tracer::default(), task: None };
        }
    };
    exporter.set_resource(&resource);
    let (queue, spans) = mpsc::channel(QUEUE);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(Queue { spans: queue, counts: counts.clone() })
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(collector.ratio.0))))
        .with_resource(resource)
        .build();
    let stop = CancellationToken::new();
    let sender = Sender { spans, exporter, counts, works: true };
    tracing::info!(collector = collector.url, sampled = collector.ratio.0, "traces are sent");
    let task = AbortOnDropHandle::new(tokio::spawn(sender.run(stop.clone())));
    Sending { tracer: Tracer::given(&provider), task: Some(Task { stop, task }) }
}

/// The task that sends.
#[derive(Debug)]
pub(super) struct Task {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Task {
    pub(super) async fn finish(self) {
        self.stop.cancel();
        if timeout(LAST_WORDS, self.task).await.is_err() {
            tracing::debug!("the last traces could not be sent in time");
        }
    }
}

/// Where a span goes when it ends.
#[derive(Debug)]
struct Queue {
    spans: mpsc::Sender<SpanData>,
    counts: Counts,
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.spans.try_send(span).is_err() {
            self.counts.dropped.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

struct Sender {
    spans: mpsc::Receiver<SpanData>,
    exporter: SpanExporter,
    counts: Counts,
    /// Whether the last batch was taken; a change is logged.
    works: bool,
}

impl Sender {
    /// Sends until it is stopped and nothing is left.
    async fn run(mut self, stop: CancellationToken) {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                count = self.spans.recv_many(&mut batch, BATCH) => if count == 0 {
                    return;
                },
                () = stop.cancelled(), if !self.spans.is_closed() => {
                    self.spans.close();
                    continue;
                }
            }
            if !self.spans.is_closed() {
                tokio::select! {
                    () = sleep(GATHERING) => {}
                    () = stop.cancelled() => {}
                }
            }
            while batch.len() < BATCH
                && let Ok(span) = self.spans.try_recv()
            {
                batch.push(span);
            }
            self.send(batch).await;
        }
    }

    async fn send(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len() as u64;
        // It has the same limit by itself; whatever it does within, a batch ends.
        let sent = match timeout(PATIENCE, self.exporter.export(batch)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {PATIENCE:?}")),
        };
        match sent {
            Ok(()) => {
                self.counts.sent.inc_by(spans);
                if !self.works {
                    tracing::info!("the collector takes traces again");
                }
            }
            Err(ref trouble) => {
                self.counts.failed.inc_by(spans);
                if self.works {
                    tracing::warn!(
                        trouble,
                        "the collector does not take traces: they are dropped until it does"
                    );
                }
            }
        }
        self.works = sent.is_ok();
    }
}
