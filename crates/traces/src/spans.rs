//! Spans of OpenTelemetry.

use std::fmt;
use std::sync::Arc;

use futures_util::future::Either;
use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::trace::{
    FutureExt as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
    WithContext,
};
use opentelemetry::{Context, KeyValue};

use crate::{Kind, traceparent};

/// In the place of a program's name where libraries tell who made a span.
const SCOPE: &str = "gatepipe";

/// Makes the spans of one service. Cheap to clone. The default makes none.
#[derive(Clone, Default)]
pub struct Tracer(Maker);

#[derive(Clone, Default)]
enum Maker {
    #[default]
    Nobody,
    /// Whatever the process has set up by then.
    Global,
    Given(Arc<BoxedTracer>),
}

impl fmt::Debug for Tracer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.0 {
            Maker::Nobody => "Tracer(off)",
            Maker::Global => "Tracer(global)",
            Maker::Given(_) => "Tracer(on)",
        })
    }
}

impl Tracer {
    /// By the one that the process has set up with `opentelemetry::global`; none while there is none.
    #[must_use]
    pub const fn global() -> Self {
        Self(Maker::Global)
    }

    /// By this one. It has to follow the parent in whether a span is sampled.
    pub fn given<P>(provider: &P) -> Self
    where
        P: opentelemetry::trace::TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as opentelemetry::trace::Tracer>::Span: Send + Sync + 'static,
    {
        Self(Maker::Given(Arc::new(BoxedTracer::new(Box::new(provider.tracer(SCOPE))))))
    }

    /// Whether it may make spans.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !matches!(self.0, Maker::Nobody)
    }

    /// The first span of this process for a request: if it is sampled, which its `caller` has decided when it sent a `traceparent`.
    #[must_use]
    pub fn root(&self, kind: Kind, name: impl FnOnce() -> String, caller: Option<&str>) -> Span {
        if !self.is_on() {
            return Span::default();
        }
        let context = match caller.and_then(traceparent::read) {
            Some(caller) => Context::new().with_remote_span_context(caller),
            None => Context::new(),
        };
        self.start(SpanBuilder::from_name(name()).with_kind(kind.into()), &context)
    }

    /// The first span of this process for what another has begun; none when that one is not sampled, or is none.
    #[must_use]
    #[inline]
    pub fn continued(&self, traceparent: &str, kind: Kind, name: &'static str) -> Span {
        if traceparent.is_empty() || !self.is_on() {
            return Span::default();
        }
        match traceparent::read(traceparent) {
            Some(caller) if caller.is_sampled() => {
                let context = Context::new().with_remote_span_context(caller);
                self.start(SpanBuilder::from_name(name).with_kind(kind.into()), &context)
            }
            _ => Span::default(),
        }
    }

    /// A part of `parent`; none when that is none.
    #[must_use]
    #[inline]
    pub fn child(&self, parent: &Span, kind: Kind, name: &'static str) -> Span {
        match &parent.0 {
            Some(context) => self.start(SpanBuilder::from_name(name).with_kind(kind.into()), context),
            None => Span::default(),
        }
    }

    fn start(&self, builder: SpanBuilder, parent: &Context) -> Span {
        let span = match &self.0 {
            Maker::Nobody => return Span::default(),
            Maker::Global => global::tracer_provider().tracer(SCOPE).build_with_context(builder, parent),
            Maker::Given(tracer) => tracer.build_with_context(builder, parent),
        };
        let context = Context::new().with_span(span);
        Span(is_sampled(&context).then(|| Arc::new(context)))
    }
}

/// A part of what a request causes. Clones are the same span. It ends with the first [`Span::end`], or with its last clone.
#[derive(Clone, Default)]
pub struct Span(Option<Arc<Context>>);

impl fmt::Debug for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Span").field(&self.traceparent()).finish()
    }
}

impl Span {
    /// Whether nothing is told of it.
    #[must_use]
    #[inline]
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// By what another process continues it; empty when it is none.
    #[must_use]
    #[inline]
    pub fn traceparent(&self) -> String {
        match &self.0 {
            Some(context) => traceparent::write(context.span().span_context()),
            None => String::new(),
        }
    }

    /// Of which trace it is a part, in 32 hexadecimal digits.
    #[must_use]
    #[inline]
    pub fn trace_id(&self) -> Option<String> {
        self.0.as_ref().map(|context| context.span().span_context().trace_id().to_string())
    }

    /// Adds an attribute.
    #[inline]
    pub fn say(&self, key: &'static str, value: &str) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(key, value.to_owned()));
        }
    }

    /// Adds an attribute that is a number.
    #[inline]
    pub fn count(&self, key: &'static str, number: u64) {
        if let Some(context) = &self.0 {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            context.span().set_attribute(KeyValue::new(key, number));
        }
    }

    /// Notes that something happened now.
    #[inline]
    pub fn note(&self, event: &'static str) {
        if let Some(context) = &self.0 {
            context.span().add_event(event, Vec::new());
        }
    }

    /// It came to nothing, in words.
    #[inline]
    pub fn fail(&self, why: &str) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(why.to_owned()));
        }
    }

    /// Ends it now, if it has not ended.
    #[inline]
    pub fn end(&self) {
        if let Some(context) = &self.0 {
            context.span().end();
        }
    }
}

/// What [`within`] gives.
pub type Within<F> = Either<F, WithContext<F>>;

/// The span that this task works for; none when that is not sampled. Also one that the code around has made with OpenTelemetry or entered
/// with `tracing-opentelemetry`.
#[must_use]
#[inline]
pub fn current() -> Span {
    Context::map_current(|context| Span(is_sampled(context).then(|| Arc::new(context.clone()))))
}

/// The work, during which `span` is the [`current`] one.
pub fn within<F: Future>(span: &Span, work: F) -> Within<F> {
    match &span.0 {
        Some(context) => Either::Right(work.with_context(Context::clone(context))),
        None => Either::Left(work),
    }
}

fn is_sampled(context: &Context) -> bool {
    context.has_active_span() && context.span().span_context().is_sampled()
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Internal => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_makes_no_spans_and_a_span_that_is_none_has_no_parts() {
        let tracer = Tracer::default();
        let root = tracer.root(Kind::Server, || unreachable!("nobody asks for its name"), None);
        assert!(root.is_none() && root.traceparent().is_empty());
        assert!(Tracer::global().child(&root, Kind::Client, "part").is_none());
        assert!(current().is_none());
        root.fail("nothing");
        root.end();
    }

    #[test]
    fn a_span_of_the_code_around_is_the_current_one_when_it_is_sampled() {
        for (flags, sampled) in [("01", true), ("00", false)] {
            let around = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
            let remote = traceparent::read(&around).unwrap();
            let _entered = Context::new().with_remote_span_context(remote).attach();
            assert_eq!(current().traceparent(), if sampled { around } else { String::new() });
        }
    }
}
