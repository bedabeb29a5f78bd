//! Keep-alive connections to an HTTP server, each with one request outstanding.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand::Rng as _;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket;

use super::connect::Sources;
use super::{HTTP, response};
use crate::control::{News, tell};

/// The connections, and what is being asked on them.
#[derive(Debug, Default)]
pub struct Http {
    connections: Vec<Connection>,
    run: Option<Run>,
}

#[derive(Debug)]
struct Connection {
    socket: Socket,
    partial: Vec<u8>,
}

#[derive(Debug)]
struct Run {
    bytes: Vec<u8>,
    requests: Vec<Range<usize>>,
    expect: String,
    /// Until when random ones are taken; without it each is taken once.
    until: Option<Instant>,
    begun: Instant,
    sent: usize,
    answered: usize,
}

impl Http {
    /// Opens connections, in place of those there were.
    pub fn open(
        &mut self,
        epoll: &OwnedFd,
        sources: &mut Sources,
        to: SocketAddr,
        connections: usize,
    ) -> anyhow::Result<()> {
        ensure!(self.run.is_none(), "still asking");
        self.connections.clear();
        for number in 0..connections {
            let socket = sources.connect(to)?;
            epoll::add(epoll, &socket, EventData::new_u64(HTTP + number as u64), EventFlags::IN)?;
            self.connections.push(Connection { socket, partial: Vec::new() });
        }
        Ok(())
    }

    /// Begins to ask; the rest happens when answers come.
    pub fn run(&mut self, bytes: Vec<u8>, expect: String, for_ms: Option<u64>) -> anyhow::Result<()> {
        let requests = split(&bytes);
        ensure!(!requests.is_empty(), "no requests");
        let begun = Instant::now();
        let until = for_ms.map(|ms| begun + Duration::from_millis(ms));
        self.run = Some(Run { bytes, requests, expect, until, begun, sent: 0, answered: 0 });
        (0..self.connections.len()).try_for_each(|number| self.ask(number))
    }

    fn ask(&mut self, number: usize) -> anyhow::Result<()> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let Some(request) = run.next() else { return Ok(()) };
        let socket = &self.connections[number].socket;
        let sent =
            send(socket, &run.bytes[request.clone()], SendFlags::NOSIGNAL).context("send a request")?;
        ensure!(sent == request.len(), "a request was sent in part");
        run.sent += 1;
        Ok(())
    }

    /// Reads what the server answered on one connection, and asks again.
    pub fn readable(&mut self, number: usize, buffer: &mut [u8]) -> anyhow::Result<()> {
        let Some(connection) = self.connections.get_mut(number) else { return Ok(()) };
        match recv(&connection.socket, &mut *buffer, RecvFlags::empty()) {
            // An idle connection may be ended by the server.
            Ok((0, _)) if self.run.is_none() => return self.forget(),
            Ok((0, _)) => bail!("the server ended a connection"),
            Ok((read, _)) => connection.partial.extend_from_slice(&buffer[..read]),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(error) => return Err(error).context("read an answer"),
        }
        let Some(answer) = response::first(&connection.partial)? else { return Ok(()) };
        let run = self.run.as_mut().context("an answer to nothing")?;
        let body = String::from_utf8_lossy(answer.body);
        ensure!(answer.status == 200 && body.contains(&run.expect), "{} {body}", answer.status);
        ensure!(answer.length == connection.partial.len(), "more than one answer");
        connection.partial.clear();
        run.answered += 1;
        self.ask(number)?;
        self.finish()
    }

    /// All connections go; the next run needs new ones anyway.
    fn forget(&mut self) -> anyhow::Result<()> {
        self.connections.clear();
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        let Some(run) = &self.run else { return Ok(()) };
        if run.answered < run.sent || run.more() {
            return Ok(());
        }
        let took_ns = u64::try_from(run.begun.elapsed().as_nanos())?;
        tell(&News::HttpDone { requests: run.answered as u64, took_ns })?;
        self.run = None;
        Ok(())
    }
}

impl Run {
    fn more(&self) -> bool {
        match self.until {
            Some(until) => Instant::now() < until,
            None => self.sent < self.requests.len(),
        }
    }

    fn next(&self) -> Option<Range<usize>> {
        let number = match self.until {
            Some(until) if Instant::now() >= until => return None,
            Some(_) => rand::rng().random_range(0..self.requests.len()),
            None => self.sent,
        };
        self.requests.get(number).cloned()
    }
}

/// Where each request lies; a zero byte stands between two.
fn split(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut begin = 0;
    let parts = bytes.split(|byte| *byte == 0).map(|part| {
        let range = begin..begin + part.len();
        begin = range.end + 1;
        range
    });
    parts.filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_separated_by_zeros() {
        assert_eq!(split(b"ab\0c\0\0def"), [0..2, 3..4, 6..9]);
        assert_eq!(split(b"\0"), Vec::<Range<usize>>::new());
    }
}
