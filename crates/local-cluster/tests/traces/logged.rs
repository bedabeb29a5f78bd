//! From a line of the log to the trace that it belongs to.

use std::sync::mpsc;

use gatepipe_local_cluster::eventually::PATIENCE;
use gatepipe_local_cluster::program::Program;
use serde_json::Value;

use crate::collector::Collector;
use crate::{TRACE, traceparent};

const ROUTE: &str = "GET /api/admin/Auth/me";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_of_a_request_names_its_trace() {
    let collector = Collector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", dir.path().join("gatepipe.db").display());
    let secret = "0123456789".repeat(4);
    let flags = ["--listen", "127.0.0.1:0", "--database-url", &database, "--jwt-secret", &secret];
    let flags =
        [&flags[..], &["--otlp-endpoint", &collector.url, "--log", "gatepipe_api=debug,info"]].concat();
    let (answered, lines) = mpsc::channel();
    let api = Program::try_start("gatepipe-api", &flags, move |line| {
        if line.contains("request answered") {
            answered.send(serde_json::from_str::<Value>(line).unwrap()).unwrap();
        }
    })
    .unwrap();
    let me = format!("{}/api/admin/Auth/me", api.url("http"));
    let ask = |sampled| reqwest::Client::new().get(&me).header("traceparent", traceparent(sampled)).send();

    assert_eq!(ask(true).await.unwrap().status(), 401);
    let line = lines.recv_timeout(PATIENCE).unwrap();
    assert_eq!(line["span"]["trace_id"], TRACE, "{line}");
    collector.until("the trace", |told| !told.named(TRACE, ROUTE).is_empty()).await;

    // A trace that nobody keeps is not worth a name.
    assert_eq!(ask(false).await.unwrap().status(), 401);
    let line = lines.recv_timeout(PATIENCE).unwrap();
    assert_eq!(line["span"]["trace_id"], Value::Null, "{line}");
}
