//! How long each method of the store takes, and how often it fails; the methods are known by their names.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::StoreError;

/// Times and errors of all calls. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Calls {
    /// From the call to its outcome, with the wait for a connection, in seconds.
    pub seconds: Family<Call, Histogram, fn() -> Histogram>,
    /// Calls that ended in [`StoreError::Unavailable`] or [`StoreError::Fault`].
    pub errors: Family<Call, Counter>,
}

/// One label, `call`: a method of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Call {
    call: &'static str,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            seconds: Family::new_with_constructor(|| {
                Histogram::new([0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0])
            }),
            errors: Family::default(),
        }
    }
}

impl Calls {
    /// A call has ended.
    pub(super) fn count<T>(&self, call: &'static str, took: Duration, outcome: &Result<T, StoreError>) {
        let label = Call { call };
        self.seconds.get_or_create(&label).observe(took.as_secs_f64());
        // There as 0 before the first error, so that this one is seen as a change.
        let errors = self.errors.get_or_create(&label);
        if let Err(StoreError::Unavailable(_) | StoreError::Fault(_)) = outcome {
            errors.inc();
        }
    }
}

/// The name of the method in which it stands.
macro_rules! call {
    () => {{
        fn here() {}
        $crate::store::calls::method_of(std::any::type_name_of_val(&here))
    }};
}

pub(super) use call;

/// Of the path to something inside a method, between whose parts there may be closures: the compiler's way to write it is not promised,
/// and a test sees whether it still holds.
pub(super) fn method_of(path: &'static str) -> &'static str {
    let mut within = path.rsplit("::").skip(1);
    within.find(|part| !part.starts_with('{')).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    struct Shelf;

    impl Shelf {
        async fn books(&self) -> &'static str {
            let inner = async { call!() };
            inner.await
        }
    }

    #[tokio::test]
    async fn a_call_has_the_name_of_its_method() {
        assert_eq!(Shelf.books().await, "books");
    }
}
