//! One example as a process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;

use gatepipe_local_cluster::eventually::{PATIENCE, until};
use rustix::process::{Pid, Signal, kill_process};

/// Killed when it is dropped.
pub(crate) struct Example {
    child: Child,
    lines: mpsc::Receiver<String>,
}

/// `examples/` lies beside the directory of this test's own executable.
fn program(name: &str) -> PathBuf {
    let mut dir = std::env::current_exe().unwrap();
    dir.pop();
    if dir.ends_with("deps") {
        dir.pop();
    }
    let path = dir.join("examples").join(name);
    assert!(path.exists(), "{} is missing: `cargo build --workspace --all-targets` makes it", path.display());
    path
}

impl Example {
    pub(crate) fn start(name: &str, flags: &[&str]) -> Self {
        let mut child = Command::new(program(name))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let (say, lines) = mpsc::channel();
        // Reads to the end, so that the program never waits for a full pipe.
        std::thread::spawn(move || {
            for line in output.map_while(Result::ok) {
                drop(say.send(line));
            }
        });
        Self { child, lines }
    }

    /// The next line that it prints.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the example prints a line")
    }

    /// SIGKILL, and gone when this returns.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C, and waits until it has ended.
    pub(crate) async fn interrupt(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        let mut status = None;
        until("the example ends", || {
            status = self.child.try_wait().unwrap();
            let ended = status.is_some();
            async move { ended }
        })
        .await;
        status.unwrap()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // One that has ended is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
