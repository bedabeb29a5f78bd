//! How many sockets there may be. A place is held for a connection's whole life, so nothing has to be counted back by hand.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use gatepipe_daemon::forwarded::customer;
use gatepipe_daemon::room::{Inside, Room};
use parking_lot::Mutex;

/// Sockets beyond the last place: they are told 503.
const REFUSALS: usize = 16;

/// Room for one client; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
    _inside: Inside,
    _of_address: PlaceOfAddress,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// There are as many clients as there may be.
    Full,
    /// This address has as many clients as one address may have.
    OfAddress,
}

/// Room for one socket, be it admitted or about to be refused.
#[derive(Debug)]
pub(crate) struct Descriptor {
    _inside: Inside,
}

/// Counts places and sockets.
#[derive(Debug)]
pub(crate) struct Places {
    clients: Arc<Room>,
    sockets: Arc<Room>,
    /// What the open-file limit allows.
    allowed: usize,
    addresses: Arc<Addresses>,
}

/// How many clients each address has, also while it may have any number, so that a limit that comes later counts those who are here. An
/// IPv6 network of 64 bits counts as one. An address without a client is absent.
#[derive(Debug, Default)]
struct Addresses {
    /// 0: any number.
    most: AtomicUsize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

#[derive(Debug)]
struct PlaceOfAddress {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    fn take(self: &Arc<Self>, address: IpAddr) -> Option<PlaceOfAddress> {
        let address = customer(address);
        let mut taken = self.taken.lock();
        let count = taken.entry(address).or_default();
        let most = self.most.load(Relaxed);
        // An entry without a client is new, and never refused: so a refusal leaves no empty one.
        if most > 0 && *count >= most {
            return None;
        }
        *count += 1;
        Some(PlaceOfAddress { addresses: self.clone(), address })
    }
}

impl Drop for PlaceOfAddress {
    fn drop(&mut self) {
        let mut taken = self.addresses.taken.lock();
        match taken.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.address)),
        }
    }
}

impl Places {
    /// Room for `clients` clients (0: as many as are `allowed`), and a few sockets more to refuse newcomers politely. Of one address at
    /// most `per_address` clients; 0: any number.
    pub(crate) fn new(clients: usize, per_address: usize, allowed: usize) -> Self {
        let places =
            Self { clients: Room::new(0), sockets: Room::new(0), allowed, addresses: Arc::default() };
        places.set_most(clients);
        places.set_most_of_address(per_address);
        places
    }

    /// The room for clients.
    pub(crate) fn clients(&self) -> Arc<Room> {
        self.clients.clone()
    }

    /// From now on there is room for `clients`; 0: as many as are allowed. Nobody who is here has to leave.
    pub(crate) fn set_most(&self, clients: usize) {
        let clients = if clients == 0 { self.allowed } else { clients };
        self.clients.set_most(clients);
        self.sockets.set_most(clients.saturating_add(REFUSALS));
    }

    /// From now on an address may have `most` clients; 0: any number. Nobody who is here has to leave.
    pub(crate) fn set_most_of_address(&self, most: usize) {
        self.addresses.most.store(most, Relaxed);
    }

    /// A place for one more client from `address`.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Place, NoPlace> {
        let of_address = self.addresses.take(address).ok_or(NoPlace::OfAddress)?;
        let inside = self.clients.try_enter().ok_or(NoPlace::Full)?;
        Ok(Place { _inside: inside, _of_address: of_address })
    }

    /// Waits until one more socket may be accepted: meanwhile newcomers wait in the kernel's backlog.
    pub(crate) async fn descriptor(&self) -> Descriptor {
        Descriptor { _inside: self.sockets.enter().await }
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
        let places = Places::new(1, 0, 9);
        let ana = "192.0.2.1".parse().unwrap();
        let place = places.take(ana).unwrap();
        assert_eq!(places.take(ana).unwrap_err(), NoPlace::Full);
        drop(place);
        assert!(places.take(ana).is_ok());
    }

    #[test]
    fn an_address_has_its_own_places_and_leaves_nothing_behind() {
        let places = Places::new(4, 2, 9);
        let take = |address: &str| places.take(address.parse().unwrap());
        let first = take("2001:db8:1:2::3").unwrap();
        let second = take("2001:db8:1:2:ffff::4").unwrap();
        assert_eq!(take("2001:db8:1:2::5").unwrap_err(), NoPlace::OfAddress);
        let other = take("2001:db8:1:3::3").unwrap();
        let old = take("192.0.2.1").unwrap();
        // Whoever finds the gateway full does not use up a place of their address.
        for _ in 0..3 {
            assert_eq!(take("192.0.2.1").unwrap_err(), NoPlace::Full);
        }
        drop(first);
        let again = take("2001:db8:1:2::5").unwrap();
        assert_eq!(take("2001:db8:1:2::5").unwrap_err(), NoPlace::OfAddress);
        drop((second, again, other, old));
        assert!(places.addresses.taken.lock().is_empty());
    }

    #[test]
    fn a_limit_that_comes_later_counts_those_who_are_here() {
        let places = Places::new(9, 0, 9);
        let take = || places.take("192.0.2.1".parse().unwrap());
        let mut here: Vec<_> = (0..3).map(|_| take().unwrap()).collect();
        places.set_most_of_address(2);
        assert_eq!(take().unwrap_err(), NoPlace::OfAddress);
        here.truncate(1);
        here.push(take().unwrap());
        assert_eq!(take().unwrap_err(), NoPlace::OfAddress);
        places.set_most_of_address(0);
        here.push(take().unwrap());
        here.clear();
        assert!(places.addresses.taken.lock().is_empty());
    }
}
