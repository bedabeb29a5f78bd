//! What a register or a gateway cannot start with is told in one line each; what may get better is a warning, and it goes on.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use gatepipe_local_cluster::eventually::PATIENCE;
use serde_json::Value;

use crate::programs::{Program, program};

/// Starts one that must end by itself: its exit code and what it said, line by line.
fn refused(name: &str, flags: &[&str]) -> (Option<i32>, Vec<String>) {
    let free = ["--listen", "--admin-listen", "--rpc-listen"];
    let has_rpc = name == "gatepipe-gateway";
    let mut command = Command::new(program(name));
    for flag in free.into_iter().filter(|flag| *flag != "--rpc-listen" || has_rpc) {
        if !flags.contains(&flag) {
            command.args([flag, "127.0.0.1:0"]);
        }
    }
    command.args(["--log", "error"]).args(flags).env_clear();
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut child = Killed(child);
    let deadline = Instant::now() + PATIENCE;
    let (sent, lines) = mpsc::channel();
    let stderr = BufReader::new(child.0.stderr.take().unwrap());
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sent.send(line)));
    let mut said = Vec::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        said.push(line);
    }
    assert!(Instant::now() < deadline, "{name} {flags:?} did not end; it said {said:?}");
    (child.0.wait().unwrap().code(), said)
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_the_flag_that_chooses_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let cases = [
        ("gatepipe-register", "--listen"),
        ("gatepipe-register", "--admin-listen"),
        ("gatepipe-gateway", "--listen"),
        ("gatepipe-gateway", "--rpc-listen"),
        ("gatepipe-gateway", "--admin-listen"),
    ];
    for (name, flag) in cases {
        let (code, said) = refused(name, &[flag, &address]);
        assert_eq!((code, said.len()), (Some(1), 1), "{said:?}");
        for part in [name, &address, "in use", flag] {
            assert!(said[0].contains(part), "{part} in {said:?}");
        }
    }
}

#[test]
fn every_mistake_in_the_file_and_the_flags_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("gatepipe.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "[gateway]\nping_intervall = \"55s\"\nping_not_response_limit = \"many\"\n")
        .unwrap();
    let (code, said) = refused("gatepipe-gateway", &["--config", path, "--drain-timeout", "soon"]);
    assert_eq!((code, said.len()), (Some(2), 3), "{said:?}");
    for part in ["did you mean ping_interval", "ping_not_response_limit", "--drain-timeout"] {
        assert!(said.iter().any(|line| line.contains(part)), "{part} in {said:?}");
    }
    // A limit below zero would be a wish that nobody can grant.
    let (code, said) = refused("gatepipe-gateway", &["--ping-not-response-limit", "-1"]);
    assert_eq!((code, said.len()), (Some(2), 1), "{said:?}");
    assert!(
        said[0].contains("--ping-not-response-limit") && said[0].contains("must be 0 or more"),
        "{said:?}"
    );
    // What is wrong in the gateway's part does not concern the register.
    let _register = Program::start("gatepipe-register", &["--listen", "127.0.0.1:0", "--config", path]);

    let absent = Path::new(path).with_extension("absent");
    let (code, said) = refused("gatepipe-register", &["--config", absent.to_str().unwrap()]);
    assert_eq!((code, said.len()), (Some(2), 1), "{said:?}");
    assert!(said[0].contains("gatepipe.absent"), "{said:?}");
}

#[test]
fn commands_are_not_taken_from_other_hosts_without_a_secret() {
    let cases = [
        ("gatepipe-register", vec!["--listen", "0.0.0.0:0"]),
        ("gatepipe-gateway", vec!["--rpc-listen", "0.0.0.0:0", "--advertise", "edge-1:2300"]),
    ];
    for (name, flags) in cases {
        let (code, said) = refused(name, &flags);
        assert_eq!((code, said.len()), (Some(2), 1), "{said:?}");
        assert!(said[0].contains("--secret"), "{said:?}");
    }
}

/// The warning of a gateway that is not announced, while it serves its clients' port all the same.
fn why_not_announced(register: &str, secret: &str) -> Value {
    let mut command = Command::new(program("gatepipe-gateway"));
    for flag in ["--listen", "--rpc-listen", "--admin-listen"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command.args(["--log-format", "json", "--register", register, "--secret", secret]);
    let child = command.env_clear().stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut child = Killed(child);
    let (sent, warnings) = mpsc::channel();
    let stderr = BufReader::new(child.0.stderr.take().unwrap());
    std::thread::spawn(move || {
        let events = stderr.lines().map_while(Result::ok);
        let events = events.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        events.filter(|event| event["level"] == "WARN").try_for_each(|event| sent.send(event))
    });
    let first = warnings.recv_timeout(PATIENCE).expect("a warning");
    assert!(child.0.try_wait().unwrap().is_none(), "it goes on");
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_says_why_it_is_not_announced_and_tries_again() {
    let flags = ["--listen", "127.0.0.1:0", "--secret", "the-right-one"];
    let register = Program::start("gatepipe-register", &flags);
    let wrong = tokio::task::block_in_place(|| why_not_announced(&register.url("rpc"), "another-one"));
    let reason = wrong["reason"].as_str().unwrap();
    assert!(reason.contains("secret") && reason.contains("--secret"), "{wrong}");
    assert!(!wrong.to_string().contains("-one"), "{wrong}");

    let address = register.addr("rpc").to_owned();
    register.kill();
    let away = format!("http://{address}");
    let away = tokio::task::block_in_place(|| why_not_announced(&away, "the-right-one"));
    assert!(away["register"].as_str().unwrap().contains(&address), "{away}");
    assert!(away["reason"].as_str().unwrap().contains("refused"), "{away}");
}
