//! What one request causes, followed across processes: spans, and the few characters by which they find each other on the way (the
//! `traceparent` of the [W3C](https://www.w3.org/TR/trace-context/)).
//!
//! Only what is sampled has spans: whether it is, is decided once, where a request comes in, and whoever comes after goes by whether there
//! is a `traceparent`, or a [`current`] span. A [`Span`] that is none takes everything and does nothing.
//!
//! Without the feature `otlp` every span is none, a type without size, and nothing here is any code. So no other crate needs a condition.
//! Spans go where the [`Tracer`] leads that made them; who sends them on is not known here.
//!
//! What must never come in: a body, a token, a secret, an address, a uid or a group.

#[cfg(not(feature = "otlp"))]
mod nothing;
#[cfg(feature = "otlp")]
mod spans;
#[cfg(feature = "otlp")]
mod traceparent;

#[cfg(not(feature = "otlp"))]
pub use nothing::{Span, Tracer, Within, current, within};
#[cfg(feature = "otlp")]
pub use spans::{Span, Tracer, Within, current, within};

/// The name of the header and of the gRPC metadata that tell which span a call belongs to.
pub const TRACEPARENT: &str = "traceparent";

/// Which end of a call a span tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who was called.
    Server,
    /// Who called.
    Client,
    /// Neither.
    Internal,
}
