//! The load generator, a helper process: it holds WebSockets, counts what they receive, and calls an HTTP server.
//!
//! One thread, one epoll, one read buffer for all. A connection costs its descriptor and some 60 bytes. While a window is measured
//! it spins, because a server that sends to a sleeping process also pays for waking it.

mod clients;
mod connect;
pub mod frames;
pub mod handshake;
mod http;
mod response;

use std::io;

use anyhow::Context as _;
use rustix::event::{Timespec, epoll};

use crate::control::{News, Order, Orders, tell};
use clients::Clients;
use connect::Sources;
use http::Http;

/// Which socket of epoll is the driver.
const DRIVER: u64 = u64::MAX;
/// Sockets from here on are connections to the HTTP server.
const HTTP: u64 = 1 << 32;
/// What one read takes at most.
const READ_BYTES: usize = 64 * 1024;
/// How many sockets one look at epoll tells of.
const EVENTS: usize = 1024;

/// Runs until the driver is gone.
///
/// # Errors
/// Whatever went wrong; the driver was told.
pub fn run(number: u32) -> anyhow::Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, io::stdin(), epoll::EventData::new_u64(DRIVER), epoll::EventFlags::IN)?;
    let mut generator = Generator {
        clients: Clients::default(),
        http: Http::default(),
        sources: Sources::new(number),
        orders: Orders::default(),
        spin: false,
        buffer: vec![0; READ_BYTES],
    };
    let mut events = Vec::with_capacity(EVENTS);
    loop {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let timeout = generator.spin.then_some(&at_once);
        events.clear();
        match epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), timeout) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            if !generator.event(&epoll, event.data.u64())? {
                return Ok(());
            }
        }
    }
}

struct Generator {
    clients: Clients,
    http: Http,
    sources: Sources,
    orders: Orders,
    spin: bool,
    buffer: Vec<u8>,
}

impl Generator {
    /// `false` when the driver is gone.
    fn event(&mut self, epoll: &rustix::fd::OwnedFd, token: u64) -> anyhow::Result<bool> {
        match token {
            DRIVER => {
                let Some(orders) = self.orders.read()? else { return Ok(false) };
                for order in orders {
                    self.order(epoll, order)?;
                }
            }
            token if token >= HTTP => {
                let number = usize::try_from(token - HTTP)?;
                self.http.readable(number, &mut self.buffer)?;
            }
            token => {
                let number = usize::try_from(token)?;
                self.clients.ready(epoll, number, &mut self.buffer, &mut self.sources)?;
            }
        }
        Ok(true)
    }

    fn order(&mut self, epoll: &rustix::fd::OwnedFd, order: Order) -> anyhow::Result<()> {
        match order {
            Order::Open { to, count, outstanding } => {
                self.clients.open(epoll, &mut self.sources, to, count, outstanding)
            }
            Order::Begin { spin } => {
                self.spin = spin;
                self.clients.begin();
                tell(&News::Begun)
            }
            Order::Await { messages } => self.clients.wait_for(messages),
            Order::Close { reset } => {
                self.clients.close(reset)?;
                tell(&News::Closed)
            }
            Order::HttpOpen { to, connections } => {
                self.http.open(epoll, &mut self.sources, to, connections)?;
                tell(&News::HttpOpened)
            }
            Order::HttpRun { requests, expect, for_ms } => {
                let bytes = std::fs::read(&requests).context("the file of requests")?;
                self.http.run(bytes, expect, for_ms)
            }
            order => anyhow::bail!("not an order for a generator: {order:?}"),
        }
    }
}
