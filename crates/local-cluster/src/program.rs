//! A built program as a process of its own, so that it can be killed, stopped, starved and measured.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;

use crate::eventually::{PATIENCE, until};

/// Where the program of this name lies: beside the running executable, also when that is a test.
///
/// # Errors
/// When it was not built.
pub fn path(name: &str) -> anyhow::Result<PathBuf> {
    let mut dir = std::env::current_exe().context("where this program lies")?;
    dir.pop();
    if dir.ends_with("deps") {
        dir.pop();
    }
    let path = dir.join(name);
    ensure!(path.exists(), "{} is missing: `cargo build --workspace --bins` makes it", path.display());
    Ok(path)
}

/// A running program; killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// The log line that says that it is up, with its addresses.
    pub up: Value,
}

impl Program {
    /// Starts it and waits until its log says that it is up. The rest of its log goes to stderr.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(name: &str, flags: &[&str]) -> Self {
        Self::try_start(name, flags, |line| eprintln!("{line}")).unwrap()
    }

    /// The same for whoever tells an error in words of its own; `log` gets every other line of its log.
    ///
    /// # Errors
    /// When it was not built, or does not come up.
    pub fn try_start(
        name: &str,
        flags: &[&str],
        log: impl FnMut(&str) + Send + 'static,
    ) -> anyhow::Result<Self> {
        Self::spawn(Command::new(path(name)?).args(flags), log).with_context(|| format!("start {name}"))
    }

    /// The same through a shell that first sets a limit.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start_with_open_files(limit: u32, name: &str, flags: &[&str]) -> Self {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(path(name).unwrap()).args(flags);
        Self::spawn(&mut shell, |line| eprintln!("{line}")).unwrap()
    }

    fn spawn(command: &mut Command, mut log: impl FnMut(&str) + Send + 'static) -> anyhow::Result<Self> {
        command.args(["--log-format", "json", "--admin-listen", "127.0.0.1:0"]);
        let child = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        // Owned from here on: whatever fails next, the process ends.
        let mut program = Self { child, up: Value::Null };
        let (found, up) = mpsc::channel();
        let stderr = program.child.stderr.take().context("its log")?;
        // Reads to the end, so that the program never waits for a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                match serde_json::from_str::<Value>(&line) {
                    Ok(event) if event["message"].as_str().is_some_and(|text| text.ends_with(" is up")) => {
                        let _ = found.send(event);
                    }
                    _ => log(&line),
                }
            }
        });
        program.up = up.recv_timeout(PATIENCE).context("it does not say that it is up")?;
        Ok(program)
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// An address from the line that said that it is up.
    ///
    /// # Panics
    /// When that line has no such field.
    #[must_use]
    pub fn addr(&self, field: &str) -> &str {
        self.up[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.up))
    }

    /// The same as a URL.
    #[must_use]
    pub fn url(&self, field: &str) -> String {
        format!("http://{}", self.addr(field))
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// SIGSTOP. All its threads stand still when this returns; after the signal alone, one may run on for a moment.
    pub async fn freeze(&self) {
        self.signal(Signal::STOP);
        let options = WaitOptions::UNTRACED | WaitOptions::NOHANG;
        let changed = || waitpid(Some(self.pid()), options).unwrap();
        until("it stands still", || async { changed().is_some_and(|(_, status)| status.stopped()) }).await;
    }

    /// SIGKILL, and gone when this returns.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not.
    pub async fn ended(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A stopped process is killed all the same; one that has ended is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
