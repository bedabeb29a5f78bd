//! An initialised data directory, made once for all tests of a build: making one takes seconds, copying one does not.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::Kind;
use crate::account::Account;
use crate::programs::Programs;
use crate::server::PASSWORD;

/// Raised when the steps that make it change.
const LAYOUT: u32 = 1;

/// Puts a copy of it into `dir` as `data`.
pub(crate) fn copy_into(dir: &Path, kind: Kind, programs: &Programs, account: Account) -> anyhow::Result<()> {
    let template = place(kind, programs)?;
    let beside = template.with_extension("lock");
    let lock = File::create(&beside).with_context(|| format!("cannot make {}", beside.display()))?;
    lock.lock().context("cannot wait for whoever makes the template")?;
    if !template.is_dir() {
        make(&template, kind, programs, account)?;
    }
    drop(lock);
    copy(&template, &dir.join("data"))
}

/// In the build's directory, by version.
fn place(kind: Kind, programs: &Programs) -> anyhow::Result<PathBuf> {
    let version = Command::new(&programs.server).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout);
    let number =
        version.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let version: String = number
        .unwrap_or("unknown")
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
        .collect();
    let mut dir = std::env::current_exe().context("where this program lies")?;
    dir.pop();
    if dir.ends_with("deps") {
        dir.pop();
    }
    let dir = dir.join("test-databases");
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir.join(format!("{kind}-{version}-layout{LAYOUT}")))
}

fn make(template: &Path, kind: Kind, programs: &Programs, account: Account) -> anyhow::Result<()> {
    let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
    let password = dir.path().join("password");
    fs::write(&password, PASSWORD)?;
    account.own(dir.path())?;
    account.own(&password)?;
    for step in kind.initialise(programs, dir.path()) {
        let mut child = account
            .command(&step.program, dir.path())
            .args(&step.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", step.program.display()))?;
        let mut pipe = child.stdin.take().context("a pipe")?;
        // One that needs nothing may be gone already.
        let _ = pipe.write_all(step.reads.as_bytes());
        drop(pipe);
        let output = child.wait_with_output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let failed = !output.status.success() || said.contains("ERROR");
        ensure!(!failed, "{} failed: {said}", step.program.display());
    }
    // Whole or not at all.
    let half = template.with_extension("half");
    drop(fs::remove_dir_all(&half));
    copy(&dir.path().join("data"), &half)?;
    fs::rename(&half, template).with_context(|| format!("cannot make {}", template.display()))
}

/// With owners and modes, which servers look at.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).output().context("cannot run cp")?;
    ensure!(copied.status.success(), "cannot copy: {}", String::from_utf8_lossy(&copied.stderr));
    Ok(())
}
