//! The yardstick, a helper process: what a server does at least. It accepts the same connections with a fixed answer, keeps the bare
//! sockets, and on an order calls `send` on them, nothing else.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, ensure};
use rand::Rng as _;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::{Domain, Protocol, Socket, Type};

use crate::control::{News, Order, Orders, tell};
use crate::generator::{frames, handshake};

const DRIVER: u64 = u64::MAX;
const LISTENER: u64 = u64::MAX - 1;
/// Connections that may wait to be accepted, as many as the system allows.
const BACKLOG: i32 = 4096;
/// In place of a real `client_id`.
const INIT: &[u8] = br#"{"type":"init","client_id":"0000000000000000000000000000000000000000"}"#;

/// Runs until the driver is gone.
///
/// # Errors
/// Whatever went wrong; the driver was told.
pub fn run() -> anyhow::Result<()> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    listener.listen(BACKLOG)?;
    let at = listener.local_addr()?.as_socket().context("no address")?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, io::stdin(), epoll::EventData::new_u64(DRIVER), epoll::EventFlags::IN)?;
    epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
    tell(&News::Listening { at })?;

    let mut answer = handshake::ANSWER.to_vec();
    answer.extend(frames::text(INIT));
    let mut yardstick = Yardstick {
        epoll,
        listener,
        answer,
        silent: HashMap::new(),
        next: 0,
        open: Vec::new(),
        frame: Vec::new(),
    };
    let mut orders = Orders::default();
    let mut events = Vec::with_capacity(256);
    loop {
        events.clear();
        match epoll::wait(&yardstick.epoll, rustix::buffer::spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            match event.data.u64() {
                DRIVER => {
                    let Some(orders) = orders.read()? else { return Ok(()) };
                    orders.into_iter().try_for_each(|order| yardstick.order(&order))?;
                }
                LISTENER => yardstick.accept()?,
                silent => yardstick.heard(silent)?,
            }
        }
    }
}

struct Yardstick {
    epoll: OwnedFd,
    listener: Socket,
    answer: Vec<u8>,
    /// Accepted, and nothing was read yet.
    silent: HashMap<u64, Socket>,
    next: u64,
    /// Answered.
    open: Vec<Socket>,
    frame: Vec<u8>,
}

impl Yardstick {
    fn accept(&mut self) -> anyhow::Result<()> {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            socket.set_nonblocking(true)?;
            // A request is one segment, and mostly there already.
            if !self.answer(&socket)? {
                self.next += 1;
                let token = epoll::EventData::new_u64(self.next);
                epoll::add(&self.epoll, &socket, token, epoll::EventFlags::IN)?;
                self.silent.insert(self.next, socket);
                continue;
            }
            self.open.push(socket);
        }
    }

    fn heard(&mut self, token: u64) -> anyhow::Result<()> {
        let Some(socket) = self.silent.remove(&token) else { return Ok(()) };
        if self.answer(&socket)? {
            epoll::delete(&self.epoll, &socket)?;
            self.open.push(socket);
        } else {
            self.silent.insert(token, socket);
        }
        Ok(())
    }

    /// `false` when there is no request yet.
    fn answer(&self, socket: &Socket) -> anyhow::Result<bool> {
        let mut request = [0; 512];
        match recv(socket, &mut request, RecvFlags::empty()) {
            Ok((read, _)) => {
                ensure!(request[..read] == *handshake::REQUEST, "not the request of a generator")
            }
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        send_whole(socket, &self.answer)?;
        Ok(true)
    }

    fn order(&mut self, order: &Order) -> anyhow::Result<()> {
        let sends = match *order {
            Order::SendAll { bytes } => {
                self.make_frame(bytes);
                self.open.iter().try_for_each(|socket| send_whole(socket, &self.frame))?;
                self.open.len() as u64
            }
            Order::SendRandom { bytes, count } => {
                self.make_frame(bytes);
                let mut random = rand::rng();
                for _ in 0..count {
                    send_whole(&self.open[random.random_range(0..self.open.len())], &self.frame)?;
                }
                count
            }
            Order::Close { .. } => {
                self.open.clear();
                return tell(&News::Closed);
            }
            ref order => anyhow::bail!("not an order for the yardstick: {order:?}"),
        };
        tell(&News::Sent { sends })
    }

    fn make_frame(&mut self, bytes: usize) {
        if self.frame.is_empty() {
            self.frame = frames::text(&vec![b'x'; bytes]);
        }
    }
}

fn send_whole(socket: &Socket, bytes: &[u8]) -> anyhow::Result<()> {
    let sent = send(socket, bytes, SendFlags::NOSIGNAL).context("send")?;
    ensure!(sent == bytes.len(), "a frame was sent in part");
    Ok(())
}
