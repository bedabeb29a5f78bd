//! A collector as operators have one, which keeps what it is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatepipe_local_cluster::eventually::within;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{self as otlp, span::SpanKind};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// One span, as far as a story looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub service: String,
    pub instance: String,
    pub name: String,
    pub kind: SpanKind,
    pub trace: String,
    pub id: String,
    /// Empty for a root.
    pub parent: String,
    pub says: BTreeMap<String, String>,
    pub events: Vec<String>,
    /// In words, when it came to nothing.
    pub failure: Option<String>,
}

impl Span {
    /// What it says under this key.
    pub fn says(&self, key: &str) -> &str {
        self.says.get(key).map_or("", String::as_str)
    }
}

/// Everything that came so far.
#[derive(Debug, Default, Clone)]
pub struct Told {
    pub spans: Vec<Span>,
    /// As it came, also what no story looks at.
    pub all: String,
}

impl Told {
    /// The spans of one trace with this name.
    pub fn named(&self, trace: &str, name: &str) -> Vec<Span> {
        let wanted = |span: &&Span| span.trace == trace && span.name == name;
        self.spans.iter().filter(wanted).cloned().collect()
    }
}

/// A running collector; it ends with the test.
pub struct Collector {
    pub url: String,
    told: watch::Receiver<Told>,
}

impl Collector {
    pub async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// On a port that is taken already.
    pub fn on(listener: TcpListener) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (telling, told) = watch::channel(Told::default());
        let service = TraceServiceServer::new(Desk(Arc::new(telling)));
        let serving = tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(async move { serving.await.unwrap() });
        Self { url, told }
    }

    /// What it knows now.
    pub fn told(&self) -> Told {
        self.told.borrow().clone()
    }

    /// What it knows once this is so.
    pub async fn until(&self, what: &str, holds: impl FnMut(&Told) -> bool) -> Told {
        let mut told = self.told.clone();
        within(what, told.wait_for(holds)).await.unwrap().clone()
    }
}

struct Desk(Arc<watch::Sender<Told>>);

#[tonic::async_trait]
impl TraceService for Desk {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        self.0.send_modify(|told| {
            told.all.push_str(&format!("{request:?}"));
            for resource in request.resource_spans {
                let about = says(&resource.resource.unwrap_or_default().attributes);
                let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                told.spans.extend(spans.map(|span| read(&about, span)));
            }
        });
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn read(about: &BTreeMap<String, String>, span: otlp::Span) -> Span {
    let status = span.status.clone().unwrap_or_default();
    Span {
        service: about["service.name"].clone(),
        instance: about["service.instance.id"].clone(),
        kind: span.kind(),
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        says: says(&span.attributes),
        events: span.events.into_iter().map(|event| event.name).collect(),
        failure: (status.code() == StatusCode::Error).then_some(status.message),
    }
}

fn says(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(&attribute.value))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
