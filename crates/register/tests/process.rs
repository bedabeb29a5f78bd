//! The program itself: its exit codes, and its end.

mod common;

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use common::{announce_at, gateway};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gatepipe-register");

fn run(flags: &[&str]) -> Output {
    Command::new(PROGRAM).args(flags).output().unwrap()
}

#[test]
fn what_is_wrong_is_one_line_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    #[rustfmt::skip]
    let cases = [
        (vec!["--listen", &taken, "--admin-listen", free], 1, "in use; stop the other process or choose another with --listen"),
        (vec!["--listen", free, "--admin-listen", &taken], 1, "choose another with --admin-listen"),
        (vec!["--listen", "0.0.0.0:0", "--admin-listen", free], 2, "set --secret"),
        (vec!["--listen", "nowhere"], 2, "--listen: \"nowhere\" is not an address"),
        (vec!["--config", "/nowhere/at/all.toml"], 2, "cannot read /nowhere/at/all.toml"),
        (vec!["--secret", "two words"], 2, "visible ASCII"),
        (vec!["--log", "gatepipe=loud"], 2, "is not a filter"),
    ];
    for (flags, code, words) in cases {
        let output = run(&flags);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {said}");
        let complaints: Vec<_> =
            said.lines().filter(|line| line.starts_with("gatepipe-register: ")).collect();
        assert!(complaints.len() == 1 && complaints[0].contains(words), "{flags:?}: {said}");
        assert!(!said.contains("two words"), "{said}");
    }
    let said = String::from_utf8(run(&["--lissten", "x"]).stderr).unwrap();
    assert!(said.contains("did you mean --listen?"), "{said}");
    let both = run(&["--listen", "nowhere", "--admin-listen", "nowhere", "--log-format", "xml"]);
    assert_eq!(String::from_utf8(both.stderr).unwrap().lines().count(), 3);
}

#[test]
fn help_and_version_are_no_failures() {
    for flag in ["--help", "--version"] {
        let output = run(&[flag]);
        assert!(output.status.success() && !output.stdout.is_empty() && output.stderr.is_empty());
    }
}

struct Process {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone in every test that went well.
        let _ = self.child.kill();
    }
}

#[tokio::test]
async fn a_sigterm_ends_open_streams_and_exits_with_0_at_once() {
    let mut process = {
        let mut child = Command::new(PROGRAM)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
                "--secret",
                "hush",
                "--log-format",
                "json",
            ])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Process { child, log }
    };
    let mut said = String::new();
    while !said.contains("register is up") {
        assert_ne!(process.log.read_line(&mut said).unwrap(), 0, "{said}");
    }
    assert!(!said.contains("hush"), "{said}");
    let rpc = said.split("\"rpc\":\"").nth(1).unwrap().split('"').next().unwrap();
    let rpc: SocketAddr = rpc.parse().unwrap();
    let refused = announce_at(rpc, &gateway("edge-1:2300")).await.err().expect("refused");
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    let health = common::watched_health(rpc).await;

    let begun = Instant::now();
    let pid = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = tokio::task::spawn_blocking(move || process.child.wait().unwrap());
    let status = common::within("the end", status).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    drop(health);
}
