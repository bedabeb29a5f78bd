//! A program whose whole log is kept, in either format.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use gatepipe_local_cluster::eventually::{PATIENCE, until};
use gatepipe_local_cluster::program;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A running program; killed when it is dropped.
pub(crate) struct Logged {
    pub(crate) name: &'static str,
    child: Child,
    /// The line that said that it is up.
    up: String,
    /// Gives every line when the log has ended.
    reader: Option<JoinHandle<Vec<String>>>,
}

impl Logged {
    /// Starts it with all that it can log, and waits until it says that it is up.
    pub(crate) fn start(
        name: &'static str,
        format: &str,
        flags: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(program::path(name).unwrap());
        command.args(["--log", "debug", "--log-format", format, "--admin-listen", "127.0.0.1:0"]);
        command.args(["--listen", "127.0.0.1:0"]).args(flags).env_clear().envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut logged = Self { name, child: command.spawn().unwrap(), up: String::new(), reader: None };
        let (found, up) = mpsc::channel();
        let stderr = BufReader::new(logged.child.stderr.take().unwrap());
        // Reads to the end, so that the program never waits for a full pipe.
        logged.reader = Some(std::thread::spawn(move || {
            let mut lines = Vec::new();
            for line in stderr.lines().map_while(Result::ok) {
                if line.contains(" is up") {
                    let _ = found.send(line.clone());
                }
                lines.push(line);
            }
            lines
        }));
        logged.up = up.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{name} does not say that it is up"));
        logged
    }

    /// An address from the line that said that it is up.
    pub(crate) fn addr(&self, field: &str) -> String {
        let found = match serde_json::from_str::<Value>(&self.up) {
            Ok(event) => event[field].as_str().map(str::to_owned),
            Err(_) => {
                let mut words = self.up.split_whitespace();
                words.find_map(|word| word.strip_prefix(field)?.strip_prefix('=')).map(str::to_owned)
            }
        };
        found.unwrap_or_else(|| panic!("no {field} in {}", self.up))
    }

    /// Stops it as an operator does; its log from the first line to the last.
    pub(crate) async fn stopped(mut self) -> Vec<String> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        until("its end", || {
            let ended = self.child.try_wait().unwrap().is_some();
            async move { ended }
        })
        .await;
        self.reader.take().unwrap().join().unwrap()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        // One that has ended is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
