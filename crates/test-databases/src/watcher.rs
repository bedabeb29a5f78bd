//! Ends a server after the process that started it, however that one ended.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Reads until the pipe ends, which the kernel sees to when its other end is gone. A server that does not obey is killed.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r _
kill -s "$2" "$1" 2>/dev/null
tries=50
while kill -0 "$1" 2>/dev/null && [ "$tries" -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
kill -s KILL "$1" 2>/dev/null
rm -rf "$3"
"#;

/// A shell that waits for our end.
#[derive(Debug)]
pub(crate) struct Watcher {
    shell: Child,
    /// Held open, never written to.
    _pipe: Option<ChildStdin>,
}

impl Watcher {
    /// Whoever is `server` gets `signal` when this process ends, and `dir` is removed.
    pub(crate) fn of(server: u32, signal: &str, dir: &Path) -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "watcher", &server.to_string(), signal])
            .arg(dir)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, _pipe: pipe })
    }
}

impl Drop for Watcher {
    /// The server has been seen to; nothing is left to do after our end.
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
