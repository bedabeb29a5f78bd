//! Prometheus' own judgement, where Debian's package `prometheus` is installed.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::cluster::scraped;

#[expect(clippy::disallowed_methods, reason = "what stands in for a test's command line")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Runs it with these arguments and this input, and gives what it says when it is not content. `None` when it is not installed.
async fn complaints(arguments: &[&str], input: &str) -> Option<Result<(), String>> {
    let mut command = Command::new("promtool");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = match command.kill_on_drop(true).spawn() {
        Ok(running) => running,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(
                variable("GATEPIPE_TEST_ALL").is_none(),
                "promtool is not installed, and GATEPIPE_TEST_ALL allows no gaps"
            );
            eprintln!("skipped: promtool (apt-get install prometheus)");
            return None;
        }
        Err(error) => panic!("promtool does not start: {error}"),
    };
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = running.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_finds_nothing_wrong_with_the_metrics() {
    for text in scraped().await.texts() {
        if let Some(said) = complaints(&["check", "metrics"], text).await {
            assert_eq!(said, Ok(()), "{text}");
        }
    }
}

/// The queries of the dashboard as rules, because only those can be checked without a server.
#[tokio::test(flavor = "multi_thread")]
async fn promtool_can_read_every_query_of_the_dashboard() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("queries.yml");
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    for (position, query) in crate::queries::of_the_dashboard().iter().enumerate() {
        let query = query.text.replace("$__rate_interval", "5m");
        // A JSON text is one in YAML, too.
        let quoted = serde_json::to_string(&query).unwrap();
        rules.push_str(&format!("  - record: query:{position}\n    expr: {quoted}\n"));
    }
    std::fs::write(&file, &rules).unwrap();
    if let Some(said) = complaints(&["check", "rules", file.to_str().unwrap()], "").await {
        assert_eq!(said, Ok(()), "{rules}");
    }
}
