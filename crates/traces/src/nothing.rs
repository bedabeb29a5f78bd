//! The same words without the feature `otlp`: no span is ever made.

use crate::Kind;

/// Makes no spans.
#[derive(Debug, Clone, Default)]
pub struct Tracer(());

impl Tracer {
    /// Makes none.
    #[must_use]
    pub const fn global() -> Self {
        Self(())
    }

    /// It is not.
    #[must_use]
    #[inline]
    pub const fn is_on(&self) -> bool {
        false
    }

    /// None.
    #[must_use]
    #[inline]
    pub fn root(&self, _kind: Kind, _name: impl FnOnce() -> String, _caller: Option<&str>) -> Span {
        Span(())
    }

    /// None.
    #[must_use]
    #[inline]
    pub fn continued(&self, _traceparent: &str, _kind: Kind, _name: &'static str) -> Span {
        Span(())
    }

    /// None.
    #[must_use]
    #[inline]
    pub fn child(&self, _parent: &Span, _kind: Kind, _name: &'static str) -> Span {
        Span(())
    }
}

/// None.
#[derive(Debug, Clone, Default)]
pub struct Span(());

impl Span {
    /// It is.
    #[must_use]
    #[inline]
    pub const fn is_none(&self) -> bool {
        true
    }

    /// Nothing.
    #[must_use]
    #[inline]
    pub const fn traceparent(&self) -> String {
        String::new()
    }

    /// Nothing.
    #[must_use]
    #[inline]
    pub const fn trace_id(&self) -> Option<String> {
        None
    }

    /// Does nothing.
    #[inline]
    pub fn say(&self, _key: &'static str, _value: &str) {}

    /// Does nothing.
    #[inline]
    pub fn count(&self, _key: &'static str, _number: u64) {}

    /// Does nothing.
    #[inline]
    pub fn note(&self, _event: &'static str) {}

    /// Does nothing.
    #[inline]
    pub fn fail(&self, _why: &str) {}

    /// Does nothing.
    #[inline]
    pub fn end(&self) {}
}

/// What [`within`] gives: the work itself.
pub type Within<F> = F;

/// None.
#[must_use]
#[inline]
pub fn current() -> Span {
    Span(())
}

/// The work as it is.
#[inline]
pub fn within<F: Future>(_span: &Span, work: F) -> Within<F> {
    work
}
