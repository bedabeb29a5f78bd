//! The WebSockets of a generator: opening them, and counting what each receives.

use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use serde::Deserialize;
use socket2::Socket;

use super::connect::Sources;
use super::frames::{self, Kind};
use super::handshake;
use super::response;
use crate::control::{News, tell};

/// All WebSockets, and what is counted of them.
#[derive(Debug, Default)]
pub struct Clients {
    all: Vec<Client>,
    opening: Option<Opening>,
    /// Messages since `begin`.
    messages: u64,
    /// To be told when so many have come.
    awaited: Option<u64>,
    /// How many connections have got at least 1, 2, 3 ... messages.
    rounds: Vec<usize>,
}

#[derive(Debug)]
struct Client {
    socket: Socket,
    stage: Stage,
    /// Messages since `begin`.
    received: u32,
    /// The beginning of a frame that is not whole yet; almost always empty, and then it has no memory.
    partial: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Upgrading,
    BeforeInit,
    Open,
}

#[derive(Debug)]
struct Opening {
    to: SocketAddr,
    /// Not begun yet.
    left: usize,
    /// Without `init` yet.
    unfinished: usize,
    begun: Instant,
    client_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Init {
    client_id: String,
}

impl Clients {
    /// Opens `count` more, at most `outstanding` at once.
    pub fn open(
        &mut self,
        epoll: &OwnedFd,
        sources: &mut Sources,
        to: SocketAddr,
        count: usize,
        outstanding: usize,
    ) -> anyhow::Result<()> {
        ensure!(self.opening.is_none(), "still opening others");
        self.all.reserve_exact(count);
        let client_ids = Vec::with_capacity(count);
        self.opening =
            Some(Opening { to, left: count, unfinished: count, begun: Instant::now(), client_ids });
        for _ in 0..outstanding.clamp(1, count) {
            self.open_next(epoll, sources)?;
        }
        Ok(())
    }

    fn open_next(&mut self, epoll: &OwnedFd, sources: &mut Sources) -> anyhow::Result<()> {
        let Some(opening) = self.opening.as_mut().filter(|opening| opening.left > 0) else { return Ok(()) };
        opening.left -= 1;
        let socket = sources.connect(opening.to)?;
        let number = EventData::new_u64(self.all.len() as u64);
        let mut client = Client { socket, stage: Stage::Connecting, received: 0, partial: Vec::new() };
        // On loopback the connection mostly stands when connect returns.
        let wanted = if client.ask()? { EventFlags::IN } else { EventFlags::OUT };
        epoll::add(epoll, &client.socket, number, wanted)?;
        self.all.push(client);
        Ok(())
    }

    /// Counts from zero.
    pub fn begin(&mut self) {
        self.messages = 0;
        self.awaited = None;
        self.rounds.clear();
        for client in &mut self.all {
            client.received = 0;
        }
    }

    /// Tells when so many messages have come.
    pub fn wait_for(&mut self, messages: u64) -> anyhow::Result<()> {
        self.awaited = Some(messages);
        self.tell_counted()
    }

    fn tell_counted(&mut self) -> anyhow::Result<()> {
        if self.awaited.is_some_and(|awaited| self.messages >= awaited) {
            self.awaited = None;
            tell(&News::Counted { messages: self.messages })?;
        }
        Ok(())
    }

    /// Closes all.
    pub fn close(&mut self, reset: bool) -> anyhow::Result<()> {
        let all = mem::take(&mut self.all);
        if reset {
            for client in &all {
                client.socket.set_linger(Some(Duration::ZERO))?;
            }
        }
        drop(all);
        self.begin();
        Ok(())
    }

    /// Goes on with one that epoll told of.
    pub fn ready(
        &mut self,
        epoll: &OwnedFd,
        number: usize,
        buffer: &mut [u8],
        sources: &mut Sources,
    ) -> anyhow::Result<()> {
        // Told of before it was closed.
        let Some(client) = self.all.get_mut(number) else { return Ok(()) };
        if client.stage == Stage::Connecting {
            if client.ask()? {
                epoll::modify(epoll, &client.socket, EventData::new_u64(number as u64), EventFlags::IN)?;
            }
            return Ok(());
        }
        let read = match recv(&client.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => bail!("the server ended a connection"),
            Ok((read, _)) => read,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(error) => return Err(error).context("read from a WebSocket"),
        };
        let news = client.take(&buffer[..read])?;
        if let Some(client_id) = news.init {
            self.opened(epoll, sources, client_id)?;
        }
        if news.messages > 0 {
            self.count(number, news.messages)?;
        }
        Ok(())
    }

    fn opened(&mut self, epoll: &OwnedFd, sources: &mut Sources, client_id: String) -> anyhow::Result<()> {
        let opening = self.opening.as_mut().context("an init that nobody waits for")?;
        opening.client_ids.push(client_id);
        opening.unfinished -= 1;
        if opening.unfinished > 0 {
            return self.open_next(epoll, sources);
        }
        if let Some(opened) = self.opening.take() {
            let took_ns = u64::try_from(opened.begun.elapsed().as_nanos())?;
            tell(&News::Opened { took_ns, client_ids: opened.client_ids })?;
        }
        Ok(())
    }

    fn count(&mut self, number: usize, messages: u32) -> anyhow::Result<()> {
        self.messages += u64::from(messages);
        for _ in 0..messages {
            let client = &mut self.all[number];
            client.received += 1;
            let round = client.received;
            let index = usize::try_from(round)? - 1;
            if self.rounds.len() == index {
                self.rounds.push(0);
            }
            self.rounds[index] += 1;
            if self.rounds[index] == self.all.len() {
                tell(&News::Round { round })?;
            }
        }
        self.tell_counted()
    }
}

/// What one read brought.
#[derive(Default)]
struct Brought {
    init: Option<String>,
    messages: u32,
}

impl Client {
    /// Sends the handshake; `false` when the connection does not stand yet.
    fn ask(&mut self) -> anyhow::Result<bool> {
        match send(&self.socket, handshake::REQUEST, SendFlags::NOSIGNAL) {
            Ok(sent) => ensure!(sent == handshake::REQUEST.len(), "a handshake was sent in part"),
            Err(Errno::AGAIN | Errno::NOTCONN) => return Ok(false),
            Err(error) => return Err(error).context("connect"),
        }
        self.stage = Stage::Upgrading;
        Ok(true)
    }

    fn take(&mut self, read: &[u8]) -> anyhow::Result<Brought> {
        let mut brought = Brought::default();
        if self.partial.is_empty() {
            let used = self.take_whole(read, &mut brought)?;
            self.partial.extend_from_slice(&read[used..]);
        } else {
            let mut bytes = mem::take(&mut self.partial);
            bytes.extend_from_slice(read);
            let used = self.take_whole(&bytes, &mut brought)?;
            self.partial = bytes[used..].to_vec();
        }
        Ok(brought)
    }

    /// How many bytes were used.
    fn take_whole(&mut self, bytes: &[u8], brought: &mut Brought) -> anyhow::Result<usize> {
        let mut used = 0;
        if self.stage == Stage::Upgrading {
            let Some(end) = response::head_end(bytes) else { return Ok(0) };
            let head = &bytes[..end];
            ensure!(handshake::accepted(head), "refused: {}", String::from_utf8_lossy(head));
            self.stage = Stage::BeforeInit;
            used = end;
        }
        while let Some(frame) = frames::first(&bytes[used..])? {
            used += frame.length;
            match frame.kind {
                Kind::Message if self.stage == Stage::BeforeInit => {
                    self.stage = Stage::Open;
                    brought.init = Some(serde_json::from_slice::<Init>(frame.payload)?.client_id);
                }
                Kind::Message => brought.messages += 1,
                Kind::Ping => {
                    let pong = frames::pong(frame.payload);
                    let sent = send(&self.socket, &pong, SendFlags::NOSIGNAL)?;
                    ensure!(sent == pong.len(), "a pong was sent in part");
                }
                Kind::Pong => {}
                Kind::Close => bail!("the server closed a connection: {:?}", frame.payload),
            }
        }
        Ok(used)
    }
}
