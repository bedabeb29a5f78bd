//! What the driver and its helper processes tell each other: JSON lines over the helper's stdin and stdout.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// From the driver to a helper.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Open `count` more WebSockets to `to`, at most `outstanding` at once. Answered with `Opened`.
    Open { to: SocketAddr, count: usize, outstanding: usize },
    /// Count from zero, and spin instead of sleeping, or sleep again. Answered with `Begun`; from then on every round that all
    /// connections have got is told with `Round`.
    Begin { spin: bool },
    /// Tell with `Counted` when this many messages have come since `Begin`.
    Await { messages: u64 },
    /// Close all WebSockets, with a reset when `reset`. Answered with `Closed`.
    Close { reset: bool },
    /// Open this many keep-alive connections to an HTTP server, in place of those there were. Answered with `HttpOpened`.
    HttpOpen { to: SocketAddr, connections: usize },
    /// Send the requests of this file, which are separated by a zero byte, one outstanding on each connection. Each answer must be
    /// a 200 with `expect` in its body. With `for_ms` they are taken at random for so long, else each once. Answered with `HttpDone`.
    HttpRun { requests: PathBuf, expect: String, for_ms: Option<u64> },
    /// To the yardstick: one bare `send` of a text frame of `bytes` bytes to every socket. Answered with `Sent`.
    SendAll { bytes: usize },
    /// To the yardstick: so many bare sends, each to a random socket. Answered with `Sent`.
    SendRandom { bytes: usize, count: u64 },
}

/// From a helper to the driver.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// The yardstick accepts here.
    Listening { at: SocketAddr },
    /// All of an `Open` have their `init`; these are the names in it.
    Opened { took_ns: u64, client_ids: Vec<String> },
    /// The counts are zero.
    Begun,
    /// Every connection has got this many messages since `Begun`.
    Round { round: u32 },
    /// As many messages came as were awaited.
    Counted { messages: u64 },
    /// All sockets are closed.
    Closed,
    /// The connections to the HTTP server are open.
    HttpOpened,
    /// Every request was answered as expected.
    HttpDone { requests: u64, took_ns: u64 },
    /// So many sends were done.
    Sent { sends: u64 },
    /// A message of the probe came this long after it was made, by the clock of this host.
    Arrived { after_ns: u64 },
    /// The lone loop was stopped for so long at most.
    Stopped { longest_ns: u64 },
    /// Something went wrong; the helper ends.
    Failed { why: String },
}

/// Tells the driver something.
///
/// # Errors
/// When nobody reads.
pub fn tell(news: &News) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(news)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()?;
    Ok(())
}

/// The orders on stdin, read when it is readable.
#[derive(Debug, Default)]
pub struct Orders {
    unread: Vec<u8>,
}

impl Orders {
    /// What has come; `None` when the driver is gone. Waits when nothing has come.
    ///
    /// # Errors
    /// When it is no order.
    pub fn read(&mut self) -> anyhow::Result<Option<Vec<Order>>> {
        let mut bytes = [0; 4096];
        match rustix::io::read(io::stdin(), &mut bytes) {
            Ok(0) => return Ok(None),
            Ok(read) => self.unread.extend(&bytes[..read]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut orders = Vec::new();
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            orders.push(serde_json::from_slice(&line)?);
        }
        Ok(Some(orders))
    }
}
