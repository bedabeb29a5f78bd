//! How many sockets there may be. A place is held for a connection's whole life, so nothing has to be counted back.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Sockets beyond the last place: they are told 503.
const REFUSALS: usize = 16;

/// Room for one client; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Room for one socket, be it admitted or about to be refused.
#[derive(Debug)]
pub(crate) struct Descriptor {
    _permit: OwnedSemaphorePermit,
}

/// Counts places and sockets.
#[derive(Debug)]
pub(crate) struct Places {
    clients: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
}

impl Places {
    /// Room for `clients` clients, and a few sockets more to refuse newcomers politely.
    pub(crate) fn new(clients: usize) -> Self {
        let clients = clients.min(Semaphore::MAX_PERMITS - REFUSALS);
        Self {
            clients: Arc::new(Semaphore::new(clients)),
            sockets: Arc::new(Semaphore::new(clients + REFUSALS)),
        }
    }

    /// A place for one more client; `None` when full.
    pub(crate) fn take(&self) -> Option<Place> {
        let permit = self.clients.clone().try_acquire_owned().ok()?;
        Some(Place { _permit: permit })
    }

    /// Waits until one more socket may be accepted: meanwhile newcomers wait in the kernel's backlog.
    pub(crate) async fn descriptor(&self) -> Descriptor {
        match self.sockets.clone().acquire_owned().await {
            Ok(permit) => Descriptor { _permit: permit },
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Descriptors kept for everything that is not a client: listeners, the gRPC side, logs.
pub(crate) fn clients_within(open_files: u64) -> usize {
    let reserve = (open_files / 10).clamp(48, 512);
    usize::try_from(open_files.saturating_sub(reserve)).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_descriptors_are_kept_for_the_rest() {
        let cases = [(64, 16), (256, 208), (1024, 922), (20_000, 19_488), (1_048_576, 1_048_064), (10, 1)];
        for (open_files, clients) in cases {
            assert_eq!(clients_within(open_files), clients, "of {open_files}");
        }
    }

    #[test]
    fn a_place_comes_back() {
        let places = Places::new(1);
        let place = places.take().unwrap();
        assert!(places.take().is_none());
        drop(place);
        assert!(places.take().is_some());
    }
}
