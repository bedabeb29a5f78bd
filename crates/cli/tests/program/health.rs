//! `gatepipe health`, at a real admin listener.

use gatepipe_daemon::admin::{Admin, Readiness};
use prometheus_client::registry::Registry;
use serde_json::json;

use crate::run::run;

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_readiness() {
    let readiness = Readiness::new("starting up");
    let any = "127.0.0.1:0".parse().unwrap();
    let admin = Admin::bind(any, Registry::default(), readiness.clone(), "test").unwrap();
    let url = format!("http://{}", admin.addr());
    tokio::spawn(admin.run(std::future::pending()));

    let starting = run(&format!("health {url} -o json")).await;
    assert_eq!(starting.code, 1, "{starting:?}");
    assert!(starting.stderr.contains("starting up"), "{starting:?}");
    let rows: serde_json::Value = serde_json::from_str(&starting.stdout).unwrap();
    assert_eq!((&rows[0]["healthy"], &rows[0]["ready"]), (&json!(true), &json!(false)));

    readiness.set_ready();
    // A trailing slash or a missing scheme is no mistake.
    let host = url.trim_start_matches("http://");
    let well = run(&format!("health {url}/ {host}")).await;
    assert_eq!(well.code, 0, "{well:?}");
    assert_eq!(well.stdout, format!("{url}\tyes\tyes\t\n").repeat(2));
    assert_eq!(well.stderr, "");

    readiness.set_draining("draining");
    assert_eq!(run(&format!("health {url}")).await.code, 1);
}

#[tokio::test]
async fn one_that_is_not_there_fails_them_all() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let away = run(&format!("health {}", socket.local_addr().unwrap())).await;
    assert_eq!(away.code, 1, "{away:?}");
    assert!(away.stderr.contains("not well"), "{away:?}");
}
