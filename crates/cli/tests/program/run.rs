//! Starting the program and reading what it says.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::eventually::within;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The data of a run that went well, as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one line on stderr of a run that failed with this code and gave no data.
    pub fn failed(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self.stderr.trim_end()
    }
}

/// The program with these arguments: without a terminal, and without our settings from the environment.
pub fn gatepipe<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepipe"));
    command
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs to the end.
pub async fn finish(mut command: Command) -> Ran {
    let output = within("the program's end", command.output()).await.unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a line of arguments that have no spaces in them.
pub async fn run(line: &str) -> Ran {
    finish(gatepipe(line.split_whitespace())).await
}

/// Runs with a working directory.
pub async fn run_in(directory: &Path, line: &str) -> Ran {
    let mut command = gatepipe(line.split_whitespace());
    command.current_dir(directory);
    finish(command).await
}

/// Runs a command for the gateways of a cluster.
pub async fn run_at(cluster: &Cluster, line: &str) -> Ran {
    run(&format!("{line} --register {}", cluster.register())).await
}

/// A run that goes on.
pub struct Running {
    child: Child,
    /// None once nobody reads it any more.
    lines: Option<Lines<BufReader<ChildStdout>>>,
    words: Lines<BufReader<ChildStderr>>,
}

impl Running {
    pub fn start(line: &str) -> Self {
        let mut child = gatepipe(line.split_whitespace()).spawn().unwrap();
        let lines = Some(BufReader::new(child.stdout.take().unwrap()).lines());
        let words = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, words }
    }

    /// For the gateways of a cluster.
    pub fn start_at(cluster: &Cluster, line: &str) -> Self {
        Self::start(&format!("{line} --register {}", cluster.register()))
    }

    /// The next line on stdout.
    pub async fn line(&mut self) -> String {
        let lines = self.lines.as_mut().expect("stdout is read");
        within("a line on stdout", lines.next_line()).await.unwrap().expect("the program ended early")
    }

    /// The next line on stdout, as JSON.
    pub async fn frame(&mut self) -> Value {
        let line = self.line().await;
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Waits for a line on stderr that says so.
    pub async fn says(&mut self, words: &str) -> String {
        loop {
            let line = within(words, self.words.next_line()).await.unwrap().expect("the program ended early");
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Reads stdout no more, as `head` when it has enough.
    pub fn hang_up(&mut self) {
        self.lines = None;
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).unwrap();
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid).unwrap(),
            rustix::process::Signal::INT,
        )
        .unwrap();
    }

    /// Waits for the end: the code, and what is left on stderr.
    pub async fn ended(mut self) -> (i32, String) {
        let mut stderr = String::new();
        while let Some(line) = within("the end of stderr", self.words.next_line()).await.unwrap() {
            stderr.push_str(&line);
            stderr.push('\n');
        }
        let status = within("the program's end", self.child.wait()).await.unwrap();
        (status.code().unwrap(), stderr)
    }
}
