//! What a trace is told of a command on its way to one gateway: put in, sent, answered.

use gatepipe_proto::GatewayId;
use gatepipe_proto::v1::command::Command;
use gatepipe_traces::{Kind, Span, Tracer};

use super::Outcome;
use crate::receipt::FailureReason;

/// Makes the spans of one gateway's commands.
pub(crate) struct Spans {
    tracer: Tracer,
    gateway: GatewayId,
}

impl Spans {
    pub(crate) fn new(tracer: Tracer, gateway: GatewayId) -> Self {
        Self { tracer, gateway }
    }

    /// A command is about to be put in.
    pub(super) fn begin(&self, command: &Command) -> Span {
        let caller = gatepipe_traces::current();
        if caller.is_none() {
            return caller;
        }
        let span = self.tracer.child(&caller, Kind::Client, command.name());
        span.say("rpc.system.name", "grpc");
        span.say("rpc.method", "gatepipe.v1.Gateway/Pipe");
        span.say("gatepipe.gateway_id", &self.gateway.to_string());
        span
    }
}

/// It is part of a batch that goes out.
pub(super) fn sent(span: &Span) {
    span.note("sent");
}

/// It was answered, or will not be.
pub(super) fn over(span: &Span, outcome: &Outcome) {
    if span.is_none() {
        return;
    }
    match outcome {
        Ok(receipt) if receipt.code == 0 => {
            span.count("gatepipe.reached", receipt.reached);
            span.end();
        }
        Ok(receipt) => refused(span, receipt.code),
        Err(reason) => failed(span, reason),
    }
}

/// It came to nothing.
pub(super) fn failed(span: &Span, reason: &FailureReason) {
    if span.is_none() {
        return;
    }
    match reason {
        // In words of the gateway, which may name groups and the like.
        FailureReason::Refused { code, .. } => refused(span, code.number()),
        reason => fail(span, &reason.to_string()),
    }
}

/// Nobody waits for it any more.
pub(super) fn given_up(span: &Span) {
    fail(span, "its caller gave up");
}

fn refused(span: &Span, number: u32) {
    fail(span, &format!("refused: {number}"));
}

fn fail(span: &Span, why: &str) {
    span.fail(why);
    span.end();
}
