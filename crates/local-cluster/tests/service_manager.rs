//! The daemons under a service manager, as systemd starts them: `NOTIFY_SOCKET` and a watchdog.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gatepipe_local_cluster::eventually::PATIENCE;
use gatepipe_local_cluster::program;
use rustix::process::{Pid, Signal, kill_process};

/// Answered twice in this time: seldom enough that the socket's queue (10 words by default) is never full while a test waits for its turn.
const WATCHDOG: Duration = Duration::from_secs(2);

/// What a service manager has: a socket, and the process that it started.
struct Service {
    told: UnixDatagram,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Service {
    fn start(name: &str, flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("notify");
        let told = UnixDatagram::bind(&socket).unwrap();
        told.set_read_timeout(Some(PATIENCE)).unwrap();
        let child = Command::new(program::path(name).unwrap())
            .args(["--admin-listen", "127.0.0.1:0"])
            .args(flags)
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string())
            .env("GATEPIPE_JWT_SECRET", "for this test only, at least 32 bytes long")
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { told, child, _dir: dir }
    }

    fn next(&self) -> String {
        let mut bytes = [0; 256];
        let length = self.told.recv(&mut bytes).expect("the daemon tells something");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already gone where the story went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// From the start to the end, as the service manager hears it.
fn is_heard_until_it_stops(name: &str, flags: &[&str]) {
    let mut service = Service::start(name, flags);
    assert_eq!(service.next(), "READY=1", "{name}");
    for _ in 0..2 {
        assert_eq!(service.next(), "WATCHDOG=1", "{name}");
    }
    kill_process(Pid::from_child(&service.child), Signal::TERM).unwrap();
    loop {
        match service.next().as_str() {
            "WATCHDOG=1" => {}
            told => {
                assert_eq!(told, "STOPPING=1", "{name}");
                break;
            }
        }
    }
    assert_eq!(service.child.wait().unwrap().code(), Some(0), "{name}");
}

#[test]
fn a_register_says_when_it_is_up_that_it_lives_and_that_it_stops() {
    is_heard_until_it_stops("gatepipe-register", &["--listen", "127.0.0.1:0"]);
}

#[test]
fn so_does_a_gateway() {
    is_heard_until_it_stops(
        "gatepipe-gateway",
        &["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", "http://127.0.0.1:1"],
    );
}

#[test]
fn so_does_an_api() {
    is_heard_until_it_stops(
        "gatepipe-api",
        &["--listen", "127.0.0.1:0", "--database-url", "sqlite://api.db", "--register", "http://127.0.0.1:1"],
    );
}
