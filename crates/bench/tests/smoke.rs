//! The whole of a benchmark through its real door, small: that it measures and reports, not how fast anything is.

use std::process::Command;

use gatepipe_local_cluster::program;
use serde_json::Value;

fn figures(case: &str, connections: &str) -> Vec<Value> {
    // The servers are started from beside the benchmark; this tells how to build them.
    for server in ["gatepipe-register", "gatepipe-gateway", "gatepipe-api"] {
        program::path(server).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("figures.json");
    let ran = Command::new(env!("CARGO_BIN_EXE_gatepipe-bench"))
        .args([case, "--quick", "--connections", connections, "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{stdout}{stderr}");
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    for row in &rows {
        assert!(stdout.contains(row["name"].as_str().unwrap()), "{stdout}");
    }
    rows
}

fn value(rows: &[Value], name: &str) -> f64 {
    let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {rows:?}"));
    row["value"].as_f64().unwrap()
}

#[test]
fn a_broadcast_is_measured_with_its_yardstick() {
    let rows = figures("broadcast", "300");
    for outstanding in ["one", "four"] {
        let name = format!("broadcast, {outstanding} outstanding");
        for part in [name.clone(), format!("{name}: gateway"), format!("{name}: bare send")] {
            assert!(value(&rows, &part) > 0.0, "{part}");
        }
    }
}

#[test]
fn pushes_are_measured_over_http_and_through_the_library() {
    let rows = figures("push", "160");
    assert!(value(&rows, "push over HTTP, eight gateways") > 0.0);
    assert!(value(&rows, "push through the library: driver") > 0.0);
}

#[test]
fn pushes_during_broadcasts_are_measured_beside_a_lone_loop() {
    let rows = figures("push-during-broadcast", "200");
    for part in ["longest", "median", "longest stop of a lone loop"] {
        assert!(value(&rows, &format!("push during broadcast: {part}")) > 0.0, "{part}");
    }
}

#[test]
fn a_fleet_is_bound_broadcast_to_and_pushed_to() {
    let rows = figures("fleet", "50");
    let all = 6.0 * 50.0;
    assert_eq!(value(&rows, "fleet: clients bound"), all);
    assert_eq!(value(&rows, "fleet: clients that got the broadcast"), all);
    assert_eq!(value(&rows, "fleet: pushes to random users that arrived"), 100.0);
}

#[test]
fn an_export_is_measured_with_one_of_a_tenth() {
    let rows = figures("export", "8");
    assert!(value(&rows, "export of 50000 rows: upload, queue and file") > 0.0);
    // None at all where the api gives back more from its start than the rows take.
    assert!(value(&rows, "export of 50000 rows: memory of the api, growth at most") >= 0.0);
}

#[test]
fn the_inbox_is_measured_at_least_in_sqlite() {
    let rows = figures("storage", "8");
    for call in ["unread count", "list of the newest 20", "catch-up with nothing new", "send to one"] {
        assert!(value(&rows, &format!("storage, SQLite: {call}")) > 0.0, "{call}");
    }
}

#[test]
fn a_missing_server_is_told_with_the_command_that_builds_it() {
    let dir = tempfile::tempdir().unwrap();
    let alone = dir.path().join("gatepipe-bench");
    std::fs::copy(env!("CARGO_BIN_EXE_gatepipe-bench"), &alone).unwrap();
    let ran = Command::new(alone).args(["broadcast", "--quick"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && stderr.contains("cargo build --release --workspace --bins"), "{stderr}");
}
