//! What a trace is told of a command in this gateway.

use gatepipe_proto::v1;
use gatepipe_traces::{Kind, Span, TRACEPARENT, Tracer};
use tonic::Request;

/// The span of a command that is about to begin; none when whoever sent it named none.
pub(super) fn begin(tracer: &Tracer, command: &v1::Command, kind: &'static str) -> Span {
    let span = tracer.continued(&command.traceparent, Kind::Server, kind);
    span.say("rpc.system.name", "grpc");
    span
}

/// What became of it.
pub(super) fn end(span: &Span, receipt: &v1::Receipt) {
    if span.is_none() {
        return;
    }
    match receipt.code {
        0 => span.count("gatepipe.reached", receipt.reached),
        number => span.fail(&format!("refused: {number}")),
    }
    span.end();
}

/// The command of a call: its trace may also stand in the metadata, where programs of other languages put it by themselves.
pub(super) fn with_metadata(tracer: &Tracer, request: Request<v1::Command>) -> v1::Command {
    let (metadata, _, mut command) = request.into_parts();
    if tracer.is_on()
        && command.traceparent.is_empty()
        && let Some(Ok(given)) = metadata.get(TRACEPARENT).map(|value| value.to_str())
    {
        given.clone_into(&mut command.traceparent);
    }
    command
}
