//! Servers on one core, generators and the driver on another, so that neither takes the other's time.
//!
//! A new process inherits the core of the thread that starts it. A server on one core has one worker thread, because the runtime
//! asks the system how many cores it may use.

use anyhow::Context as _;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The two cores; the same one twice when there is only one.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    servers: usize,
    clients: usize,
}

impl Cores {
    /// The first two that this process may use; pins the calling thread to the one of the clients.
    ///
    /// # Errors
    /// The system's.
    pub fn take() -> anyhow::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut allowed = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let servers = allowed.next().context("no core is allowed")?;
        let cores = Self { servers, clients: allowed.next().unwrap_or(servers) };
        pin(cores.clients)?;
        Ok(cores)
    }

    /// Whether servers and clients really have a core each.
    #[must_use]
    pub fn two(self) -> bool {
        self.servers != self.clients
    }

    /// Lets the calling thread, and what it starts from now on, go to either core.
    ///
    /// # Errors
    /// The system's.
    pub fn share(self) -> anyhow::Result<()> {
        let mut set = CpuSet::new();
        set.set(self.servers);
        set.set(self.clients);
        sched_setaffinity(None, &set).context("use both cores")
    }

    /// Does `start` on the core of the servers.
    ///
    /// # Errors
    /// Those of `start`, and the system's.
    pub fn on_servers<T>(self, start: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        pin(self.servers)?;
        let started = start();
        pin(self.clients)?;
        started
    }
}

fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("pin to core {core}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_started_on_the_servers_core_is_there_and_the_caller_is_back() {
        // A thread of its own: others of this process keep their cores.
        std::thread::spawn(|| {
            let cores = Cores::take().unwrap();
            let there = cores.on_servers(|| Ok(sched_getaffinity(None)?)).unwrap();
            assert!(there.is_set(cores.servers) && there.count() == 1);
            let here = sched_getaffinity(None).unwrap();
            assert!(here.is_set(cores.clients) && here.count() == 1);
        })
        .join()
        .unwrap();
    }
}
