//! What a cluster is made of, and where it listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use gatepipe_daemon::tls::Files;
use secrecy::SecretString;

/// Which ports are taken, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The first gateway's WebSocket port, the second takes the next, and so on; 0: a free one for each.
    pub ws: u16,
    /// The api's HTTP port; 0: a free one.
    pub http: u16,
    /// Every other listener.
    pub others: Others,
}

/// Ports of listeners that nobody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// As documented; the second gateway takes each port plus one, and so on, and so does the second register.
    Documented,
    /// A free one for each.
    Free,
}

impl Ports {
    /// A free one for every listener.
    pub const FREE: Self = Self { ws: 0, http: 0, others: Others::Free };

    pub(crate) fn ws(self, number: u16) -> anyhow::Result<SocketAddr> {
        match self.ws {
            0 => Ok(local(0)),
            first => first.checked_add(number).map(local).context("there is no port above 65535"),
        }
    }

    pub(crate) fn other(self, documented: SocketAddr, number: u16) -> SocketAddr {
        match self.others {
            Others::Documented => local(documented.port().saturating_add(number)),
            Others::Free => local(0),
        }
    }
}

pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub(crate) type Tune<C> = Box<dyn Fn(&mut C) + Send + Sync>;

/// What to start.
pub struct Plan {
    /// How many gateways.
    pub gateways: u16,
    /// How many registers, at least one; everybody uses all of them.
    pub registers: u16,
    /// Where the database is; `None`: SQLite beside the keys.
    pub database_url: Option<String>,
    /// Keeps keys and database; `None`: a temporary directory that goes with the cluster.
    pub data_dir: Option<PathBuf>,
    /// Which ports.
    pub ports: Ports,
    /// On every internal gRPC link.
    pub secret: Option<SecretString>,
    /// Certificates for every internal gRPC link, the same for all.
    pub internal_tls: Option<Files>,
    /// Whether the api also serves the demo, and tells its pages where the gateways are and who may sign in.
    pub pages: bool,
    /// Changes each gateway's settings before it starts.
    pub tune_gateway: Tune<gatepipe_gateway::Config>,
    /// Changes the api's settings before it starts.
    pub tune_api: Tune<gatepipe_api::Config>,
}

impl Default for Plan {
    /// Two gateways and one register on free ports, a temporary directory, no secret.
    fn default() -> Self {
        Self {
            gateways: 2,
            registers: 1,
            database_url: None,
            data_dir: None,
            ports: Ports::FREE,
            secret: None,
            internal_tls: None,
            pages: false,
            tune_gateway: Box::new(|_| {}),
            tune_api: Box::new(|_| {}),
        }
    }
}
