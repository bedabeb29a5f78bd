//! Telling the service manager how far we are: systemd's `Type=notify` and `notify-reload` (`man 3 sd_notify`), READY, RELOADING, STOPPING
//! and the watchdog.
//!
//! Without `NOTIFY_SOCKET` in the environment all of it does nothing. What cannot be told is logged and stops nobody.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Says that the daemon is up, and that it stops as soon as `stop` resolves; gives a future that resolves with `stop`.
///
/// Where a watchdog is asked for (`WatchdogSec=`) it is answered twice in each interval by a task of the runtime, also during the drain:
/// so what it proves is that the runtime still runs its tasks. Must be called within a tokio runtime, by `main` only, after the
/// ports are taken.
pub fn up_until<S>(stop: S) -> impl Future<Output = ()> + Send + 'static
where
    S: Future<Output = ()> + Send + 'static,
{
    let manager = variable("NOTIFY_SOCKET").and_then(|address| match ServiceManager::at(&address) {
        Ok(manager) => Some(manager),
        Err(error) => {
            tracing::warn!(%error, "NOTIFY_SOCKET names no socket; the service manager is told nothing");
            None
        }
    });
    let every = watchdog(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID"), std::process::id());
    if let Some(manager) = &manager {
        manager.tell("READY=1");
        if let Some(every) = every {
            tokio::spawn(manager.clone().answer_watchdog(every));
        }
    }
    async move {
        stop.await;
        if let Some(manager) = manager {
            manager.tell("STOPPING=1");
        }
    }
}

/// Says that the settings are read again while `reload` does it, and that the daemon is up again afterwards, however that went: what cannot be
/// used changes nothing. Meant for a daemon that has said that it is up.
pub fn while_reloading<T>(reload: impl FnOnce() -> T) -> T {
    let manager = variable("NOTIFY_SOCKET").and_then(|address| ServiceManager::at(&address).ok());
    if let Some(manager) = &manager {
        manager.tell(&reloading(clock_gettime(ClockId::Monotonic)));
    }
    let reloaded = reload();
    if let Some(manager) = &manager {
        manager.tell("READY=1");
    }
    reloaded
}

/// With the time, by which a service manager that waits for a reload knows that this one began after it was asked for.
fn reloading(now: Timespec) -> String {
    let usec = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
    format!("RELOADING=1\nMONOTONIC_USEC={usec}")
}

/// Where the service manager listens.
#[derive(Debug, Clone)]
struct ServiceManager(SocketAddr);

impl ServiceManager {
    /// A path, or after an `@` a name of Linux's abstract sockets.
    fn at(address: &OsStr) -> io::Result<Self> {
        match address.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name).map(Self),
            None => SocketAddr::from_pathname(address).map(Self),
        }
    }

    /// One datagram. Never waits: a service manager whose queue is full hears the next one.
    fn tell(&self, state: &str) {
        let told = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.send_to_addr(state.as_bytes(), &self.0)
        });
        if let Err(error) = told {
            tracing::warn!(state, %error, "the service manager could not be told");
        }
    }

    async fn answer_watchdog(self, every: Duration) {
        loop {
            self.tell("WATCHDOG=1");
            tokio::time::sleep(every).await;
        }
    }
}

/// How often the watchdog is answered: half of what it allows, as systemd advises. `None` when it is not ours or not asked for.
fn watchdog(usec: Option<OsString>, pid: Option<OsString>, own: u32) -> Option<Duration> {
    let number = |text: OsString| text.to_str()?.parse::<u64>().ok();
    let usec = number(usec?).filter(|usec| *usec > 0)?;
    let ours = pid.is_none_or(|pid| number(pid) == Some(u64::from(own)));
    ours.then(|| Duration::from_micros(usec) / 2)
}

#[expect(clippy::disallowed_methods, reason = "words of the service manager and no settings")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_is_answered_twice_in_its_time_and_only_by_whom_it_is_for() {
        let asked = |usec: &str, pid: Option<&str>| watchdog(Some(usec.into()), pid.map(Into::into), 7);
        assert_eq!(asked("10000000", None), Some(Duration::from_secs(5)));
        assert_eq!(asked("10000000", Some("7")), Some(Duration::from_secs(5)));
        for (usec, pid) in [("10000000", Some("8")), ("10000000", Some("x")), ("0", None), ("soon", None)] {
            assert_eq!(asked(usec, pid), None, "{usec} {pid:?}");
        }
        assert_eq!(watchdog(None, None, 7), None);
    }

    #[test]
    fn a_reload_is_told_with_its_moment_in_microseconds() {
        let moment = Timespec { tv_sec: 86_400, tv_nsec: 1_999 };
        assert_eq!(reloading(moment), "RELOADING=1\nMONOTONIC_USEC=86400000001");
    }

    #[test]
    fn an_abstract_name_and_a_path_are_both_sockets() {
        let address = |text: &str| ServiceManager::at(OsStr::new(text)).unwrap().0;
        assert_eq!(address("@gatepipe").as_abstract_name(), Some(&b"gatepipe"[..]));
        assert_eq!(address("/run/notify").as_pathname().unwrap().to_str(), Some("/run/notify"));
        assert!(ServiceManager::at(OsStr::new(&"x".repeat(200))).is_err());
    }
}
