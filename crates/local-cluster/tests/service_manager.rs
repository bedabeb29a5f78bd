//! The daemons under a service manager, as systemd starts them: `NOTIFY_SOCKET` and a watchdog.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gatepipe_local_cluster::eventually::PATIENCE;
use gatepipe_local_cluster::program;
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};

/// Answered twice in this time: seldom enough that the socket's queue (10 words by default) is never full while a test waits for its turn.
const WATCHDOG: Duration = Duration::from_secs(2);

/// What a service manager has: a socket, and the process that it started.
struct Service {
    told: UnixDatagram,
    child: Child,
    dir: tempfile::TempDir,
}

impl Service {
    fn start(name: &str, flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("notify");
        let told = UnixDatagram::bind(&socket).unwrap();
        told.set_read_timeout(Some(PATIENCE)).unwrap();
        std::fs::write(dir.path().join("gatepipe.toml"), "").unwrap();
        let child = Command::new(program::path(name).unwrap())
            .args(["--config", "gatepipe.toml", "--admin-listen", "127.0.0.1:0"])
            .args(flags)
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string())
            .env("GATEPIPE_JWT_SECRET", "for this test only, at least 32 bytes long")
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { told, child, dir }
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

/// What is told between two words of the watchdog.
fn next_but_the_watchdog(service: &Service) -> String {
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        let told = service.next();
        if told != "WATCHDOG=1" {
            return told;
        }
    }
    panic!("the daemon tells nothing but that it lives");
}

/// Microseconds of the clock that never jumps.
fn monotonic() -> u128 {
    let now = clock_gettime(ClockId::Monotonic);
    u128::try_from(now.tv_sec).unwrap() * 1_000_000 + u128::try_from(now.tv_nsec).unwrap() / 1_000
}

/// From the start to the end, as the service manager hears it.
fn is_heard_until_it_stops(name: &str, flags: &[&str]) {
    let mut service = Service::start(name, flags);
    assert_eq!(service.next(), "READY=1", "{name}");
    for _ in 0..2 {
        assert_eq!(service.next(), "WATCHDOG=1", "{name}");
    }
    // Twice: the second time something in the file is wrong, and it goes on as before.
    for settings in ["log = \"info\"\n", "log_format = \"loud\"\n"] {
        std::fs::write(service.dir.path().join("gatepipe.toml"), settings).unwrap();
        let asked_at = monotonic();
        kill_process(Pid::from_child(&service.child), Signal::HUP).unwrap();
        let told = next_but_the_watchdog(&service);
        let began_at =
            told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&told).parse::<u128>().unwrap();
        assert!((asked_at..=monotonic()).contains(&began_at), "{name}: {told}");
        assert_eq!(next_but_the_watchdog(&service), "READY=1", "{name}");
    }
    kill_process(Pid::from_child(&service.child), Signal::TERM).unwrap();
    assert_eq!(next_but_the_watchdog(&service), "STOPPING=1", "{name}");
    assert_eq!(service.child.wait().unwrap().code(), Some(0), "{name}");
}

#[test]
fn a_register_says_when_it_is_up_that_it_lives_that_it_reads_its_settings_again_and_that_it_stops() {
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
