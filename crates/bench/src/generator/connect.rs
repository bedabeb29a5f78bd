//! Opening sockets to a server from many local addresses, so that their ports never run out.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

/// Sockets from one address; an address has some 28,000 ports, which closed sockets occupy for a minute.
const SOCKETS_PER_ADDRESS: u32 = 500;

/// The next local addresses of one process, in 127.64.0.0/10.
#[derive(Debug)]
pub struct Sources {
    next: u32,
}

impl Sources {
    /// Begins with the addresses of one process out of many, so that two hardly meet; where they do, the system gives them
    /// different ports.
    #[must_use]
    pub fn new(process: u32) -> Self {
        Self { next: process.wrapping_mul(0x9e37_79b9) }
    }

    fn next(&mut self) -> Ipv4Addr {
        self.next = self.next.wrapping_add(1);
        let host = (self.next / SOCKETS_PER_ADDRESS) % (1 << 22);
        Ipv4Addr::from_bits(Ipv4Addr::new(127, 64, 0, 0).to_bits() | host)
    }

    /// A socket that does not block and is on its way to `to`.
    ///
    /// # Errors
    /// The system's.
    pub fn connect(&mut self, to: SocketAddr) -> anyhow::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
        socket.bind(&SocketAddr::V4(SocketAddrV4::new(self.next(), 0)).into())?;
        match socket.connect(&to.into()) {
            Err(error) if Errno::from_io_error(&error) != Some(Errno::INPROGRESS) => Err(error.into()),
            _ => Ok(socket),
        }
    }
}
