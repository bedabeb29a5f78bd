//! Links to a file that are good for a short time and need no token: whoever has one may download that one file.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// How long a link is good.
pub const LIFETIME: Duration = Duration::from_secs(300);

/// What makes a link good. The key is the task's own, random, and known to the database only.
fn mac(key: &str, id: i64, expires: i64) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("export {id} until {expires}").as_bytes());
    mac
}

/// The signature of a link to task `id` that is good until `expires`, in seconds since 1970; 64 hexadecimal digits.
#[must_use]
pub fn sign(key: &str, id: i64, expires: i64) -> String {
    let bytes = mac(key, id, expires).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `signature` is that of [`sign`]. Takes the same time for every wrong one.
#[must_use]
pub fn is_good(key: &str, id: i64, expires: i64, signature: &str) -> bool {
    let digits = signature.as_bytes();
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
    let plain = digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit);
    let bytes: Option<Vec<u8>> = plain.then(|| digits.chunks(2).map(byte).collect()).flatten();
    bytes.is_some_and(|bytes| mac(key, id, expires).verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_one_file_and_one_time() {
        let signature = sign("key", 7, 1_000);
        assert!(is_good("key", 7, 1_000, &signature));
        assert!(!is_good("other", 7, 1_000, &signature));
        assert!(!is_good("key", 8, 1_000, &signature));
        assert!(!is_good("key", 7, 1_001, &signature));
        for wrong in ["", "00", &signature[1..], &signature.replace(|_| true, "+"), &format!("{signature}0")]
        {
            assert!(!is_good("key", 7, 1_000, wrong), "{wrong}");
        }
    }
}
