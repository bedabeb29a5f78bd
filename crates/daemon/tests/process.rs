//! Signals, seen from outside: this test starts itself as a process that never finishes draining.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use gatepipe_daemon::config::{ConfigError, Knob, Program, Settings};
use gatepipe_daemon::report;
use gatepipe_daemon::shutdown::Signals;

const ROLE: &str = "GATEPIPE_TEST_ROLE";
const PATIENCE: Duration = Duration::from_secs(20);

#[expect(clippy::disallowed_methods, reason = "how this test tells its child apart from itself")]
fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Not a test: what the child processes do.
#[test]
fn child() {
    let Some(role) = role() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        let signals = Signals::listen();
        let stop = signals.first();
        println!("\nup");
        // A signal that comes before anybody waits for it counts all the same.
        stop.await;
        println!("\nasked");
        signals
            .or_second(async {
                match role.as_str() {
                    "drains" => Ok(()),
                    "stuck" => {
                        // Not even dropping the runtime would end this one.
                        tokio::task::spawn_blocking(std::thread::park);
                        std::future::pending().await
                    }
                    _ => Err(std::io::Error::other("the disk\nis full")),
                }
            })
            .await
    });
    #[expect(clippy::disallowed_methods, reason = "the child is not a test")]
    std::process::exit(i32::from(report::exit("child", ended) != std::process::ExitCode::SUCCESS));
}

struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(ROLE, role)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut running = Self { child, lines };
        running.wait_for("up");
        running
    }

    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim() != word {
            line.clear();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "it never said {word}");
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    fn ended(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it did not end");
            std::thread::yield_now();
        };
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone in every test that went well.
        let _ = self.child.kill();
    }
}

#[test]
fn the_first_signal_drains_and_the_end_is_a_success() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let mut running = Running::start("drains");
        running.signal(signal);
        running.wait_for("asked");
        let (status, _) = running.ended();
        assert_eq!((status.code(), status.signal()), (Some(0), None));
    }
}

#[test]
fn the_second_signal_ends_at_once_whatever_is_stuck() {
    let mut running = Running::start("stuck");
    running.signal(rustix::process::Signal::TERM);
    running.wait_for("asked");
    running.signal(rustix::process::Signal::INT);
    let (status, _) = running.ended();
    assert_eq!((status.code(), status.signal()), (Some(1), None));
}

#[test]
fn a_failure_is_one_line() {
    let running = Running::start("fails");
    running.signal(rustix::process::Signal::TERM);
    let (status, said) = running.ended();
    assert_eq!(status.code(), Some(1));
    assert!(said.ends_with("child: the disk is full\n"), "{said}");
}

#[test]
fn mistakes_end_with_2_and_help_with_0() {
    const PROGRAM: Program = Program {
        name: "gatepipe-test",
        section: "gateway",
        about: "a test",
        examples: "",
        knobs: &[Knob::one("listen", "ADDR", None, "where")],
    };
    for (flags, code) in [
        (&["x", "--listen", "nowhere"][..], 2),
        (&["x", "--lisen", "127.0.0.1:1"], 2),
        (&["x", "extra"], 2),
        (&["x", "--help"], 0),
        (&["x", "--version"], 0),
    ] {
        let read = || -> Result<(), ConfigError> {
            let mut settings = Settings::load_from(&PROGRAM, flags, [])?;
            let listen = settings.addr("listen");
            settings.check()?;
            listen?;
            Ok(())
        };
        let ended = report::exit("x", read().map_err(Into::into));
        assert_eq!(format!("{ended:?}"), format!("{:?}", std::process::ExitCode::from(code)), "{flags:?}");
    }
}
