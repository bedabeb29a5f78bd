//! Starting the program and reading what it says.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::eventually::within;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

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
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub fn start(line: &str) -> Self {
        let mut child = gatepipe(line.split_whitespace()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line on stdout, as JSON.
    pub async fn frame(&mut self) -> Value {
        let line = within("a line on stdout", self.lines.next_line()).await.unwrap();
        let line = line.expect("the program ended early");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
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

    /// Waits for the end: the code, and everything on stderr.
    pub async fn ended(mut self) -> (i32, String) {
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        within("the end of stderr", pipe.read_to_string(&mut stderr)).await.unwrap();
        let status = within("the program's end", self.child.wait()).await.unwrap();
        (status.code().unwrap(), stderr)
    }
}
