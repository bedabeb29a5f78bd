//! The probe, a helper process: one WebSocket whose messages carry when they were made, by the clock of this host.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

use crate::control::{News, tell};
use crate::generator::frames::{self, Kind};
use crate::generator::handshake;

#[derive(Deserialize)]
struct Init {
    client_id: String,
}

/// Nanoseconds on a clock that all processes of this host share.
#[must_use]
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let [seconds, rest] = [now.tv_sec, now.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    seconds * 1_000_000_000 + rest
}

/// Connects, tells its name, and then of every message how long it was under way. Runs until the driver is gone.
///
/// # Errors
/// Whatever went wrong; the driver was told.
pub fn run(to: SocketAddr) -> anyhow::Result<()> {
    let mut socket = TcpStream::connect(to)?;
    socket.write_all(handshake::REQUEST)?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let mut stage = Stage::Upgrading;
    loop {
        let read = socket.read(&mut buffer)?;
        let arrived = now_ns();
        ensure!(read > 0, "the server ended the connection");
        bytes.extend_from_slice(&buffer[..read]);
        if stage == Stage::Upgrading {
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            ensure!(handshake::accepted(&bytes[..end + 4]), "refused");
            bytes.drain(..end + 4);
            stage = Stage::BeforeInit;
        }
        while let Some(frame) = frames::first(&bytes)? {
            match frame.kind {
                Kind::Message if stage == Stage::BeforeInit => {
                    let init: Init = serde_json::from_slice(frame.payload)?;
                    tell(&News::Opened { took_ns: 0, client_ids: vec![init.client_id] })?;
                    stage = Stage::Open;
                }
                Kind::Message => {
                    // A broadcast carries no time.
                    if let Ok(made) = std::str::from_utf8(frame.payload)?.trim().parse::<u64>() {
                        tell(&News::Arrived { after_ns: arrived.saturating_sub(made) })?;
                    }
                }
                Kind::Ping => socket.write_all(&frames::pong(frame.payload)).context("pong")?,
                Kind::Pong => {}
                Kind::Close => anyhow::bail!("the server closed the connection"),
            }
            let length = frame.length;
            bytes.drain(..length);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Stage {
    Upgrading,
    BeforeInit,
    Open,
}
