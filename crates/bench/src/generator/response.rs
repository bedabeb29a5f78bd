//! Reading the answers of an HTTP server: enough of HTTP/1.1 for what our own api sends.

use anyhow::Context as _;

/// Longest answer that is read.
const MAX_BYTES: usize = 64 * 1024;

/// One whole answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Response<'bytes> {
    pub status: u16,
    pub body: &'bytes [u8],
    /// How many bytes it has with its head.
    pub length: usize,
}

/// Where the head at the beginning of `bytes` ends; `None` when it is not whole yet.
#[must_use]
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The answer at the beginning of `bytes`; `None` when it is not whole yet.
///
/// # Errors
/// When it is no HTTP/1.1, says no length, or is too long.
pub fn first(bytes: &[u8]) -> anyhow::Result<Option<Response<'_>>> {
    anyhow::ensure!(bytes.len() <= MAX_BYTES, "an answer of more than {MAX_BYTES} bytes");
    let Some(end) = head_end(bytes) else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).and_then(|rest| rest.get(..3));
    let status = status.context("no HTTP/1.1 answer")?.parse()?;
    let length = lines.filter_map(|line| line.split_once(':'));
    let length = length.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.context("an answer without a length")?;
    let length = length.trim().parse::<usize>()?.checked_add(end).context("a length too long")?;
    Ok(bytes.get(end..length).map(|body| Response { status, body, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx: y\r\n\r\n{}HTTP/1.1 ";
        for end in 0..bytes.len() - 9 {
            assert_eq!(first(&bytes[..end]).unwrap(), None, "{end}");
        }
        let answer = first(bytes).unwrap().unwrap();
        assert_eq!((answer.status, answer.body, answer.length), (200, &b"{}"[..], bytes.len() - 9));
    }

    #[test]
    fn what_the_api_never_answers_is_refused() {
        for bytes in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/2 200\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200\r\ncontent-length: x\r\n\r\n",
        ] {
            assert!(first(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
        assert!(first(&vec![b' '; MAX_BYTES + 1]).is_err());
    }
}
