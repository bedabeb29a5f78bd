//! The built program in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The built program with an environment of its own, on free ports, with SQLite in `dir`.
pub fn program(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepipe-api"));
    command.env_clear().current_dir(dir).stdout(Stdio::null()).stderr(Stdio::piped());
    command.envs([
        ("GATEPIPE_LISTEN", "127.0.0.1:0"),
        ("GATEPIPE_ADMIN_LISTEN", "127.0.0.1:0"),
        ("GATEPIPE_REGISTER", "http://127.0.0.1:1"),
        ("GATEPIPE_DATABASE_URL", "sqlite://api.db"),
    ]);
    command
}

/// A started program; killed when dropped.
pub struct Running {
    pub child: Child,
    pub http: String,
}

impl Running {
    /// Starts it, and waits until it is up.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let http = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it was up");
            if let Some((_, rest)) = line.split_once("http=") {
                break format!("http://{}", rest.split_whitespace().next().unwrap());
            }
        };
        // Whoever does not read a pipe stops its writer.
        std::thread::spawn(move || drop(std::io::copy(&mut log, &mut std::io::sink())));
        Self { child, http }
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
