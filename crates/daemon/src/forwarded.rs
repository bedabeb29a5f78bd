//! Where a request or a WebSocket comes from, also behind proxies of ours. Pure.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use hyper::HeaderMap;

/// How many entries of `X-Forwarded-For` are looked at, from the end.
const MAX_HOPS: usize = 16;

/// Addresses that begin with the same bits: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "is not an address or a network like 10.0.0.0/8";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| wrong)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        match bits.unwrap_or(all) {
            bits if bits <= all => Ok(Self { address, bits }),
            _ => Err(wrong),
        }
    }
}

impl Network {
    /// Whether an address is in it. Both have to be canonical: no IPv4 address written as IPv6.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        // Without the last `host` bits; a shift by all of them leaves nothing.
        let same =
            |ours: u128, theirs: u128, host: u8| (ours ^ theirs).checked_shr(host.into()).unwrap_or(0) == 0;
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same(ours.to_bits().into(), theirs.to_bits().into(), 32 - self.bits)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => same(ours.to_bits(), theirs.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

/// The address a request comes from, canonical: the peer's, or, when that is one of our `proxies`, the last in `X-Forwarded-For` that is
/// none of them. What stands before that one was written by the caller and is not believed.
#[must_use]
pub fn remote_address(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut nearest = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for hop in hops.take(MAX_HOPS) {
        if !is_proxy(nearest) {
            break;
        }
        let Some(address) = address_of(hop.trim()) else {
            break;
        };
        nearest = address.to_canonical();
    }
    nearest
}

/// Some proxies write the port, too: `203.0.113.7:5555`, `[2001:db8::7]:443`.
fn address_of(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    hop.parse().or_else(|_| with_port()).ok()
}

/// Who is counted as one: one IPv4 address, or one IPv6 network of 64 bits, which is what one customer gets.
#[must_use]
pub fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies: Vec<Network> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        remote_address(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let ours = &["10.0.0.0/8", "::1"];
        assert_eq!(seen("10.1.2.3", &["203.0.113.7"], ours), "203.0.113.7");
        assert_eq!(seen("10.1.2.3", &["1.1.1.1, 203.0.113.7, 10.9.9.9"], ours), "203.0.113.7");
        assert_eq!(seen("10.1.2.3", &["1.1.1.1", "203.0.113.7"], ours), "203.0.113.7");
        assert_eq!(seen("::1", &["203.0.113.7"], ours), "203.0.113.7");
        assert_eq!(seen("::ffff:10.1.2.3", &["2001:db8::7"], ours), "2001:db8::7");
        assert_eq!(seen("10.1.2.3", &["203.0.113.7:5555, 10.9.9.9:80"], ours), "203.0.113.7");
        assert_eq!(seen("10.1.2.3", &["[2001:db8::7]:443"], ours), "2001:db8::7");
        assert_eq!(seen("203.0.113.9", &["203.0.113.7"], ours), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &[], ours), "10.1.2.3");
        assert_eq!(seen("10.1.2.3", &["nonsense"], ours), "10.1.2.3");
        assert_eq!(seen("10.1.2.3", &["1.1.1.1, nonsense, 10.9.9.9"], ours), "10.9.9.9");
        assert_eq!(seen("10.1.2.3", &["203.0.113.7"], &[]), "10.1.2.3");
        assert_eq!(seen("1.2.3.4", &["203.0.113.7"], &["0.0.0.0/0"]), "203.0.113.7");
    }

    #[test]
    fn addresses_of_one_customer_are_one() {
        let same = |a: &str, b: &str| customer(a.parse().unwrap()) == customer(b.parse().unwrap());
        assert!(same("2001:db8:1:2::3", "2001:db8:1:2:ffff::4"));
        assert!(!same("2001:db8:1:2::3", "2001:db8:1:3::3"));
        assert!(same("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!same("10.0.0.1", "10.0.0.2"));
    }

    #[test]
    fn a_network_is_an_address_and_how_many_of_its_bits_count() {
        for good in ["127.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::1", "fd00::/8", "::/128"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in ["", "nginx", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
