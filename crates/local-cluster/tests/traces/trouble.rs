//! A collector that is away harms nobody, and is told of once.

use std::sync::{Arc, Mutex};

use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::program::Program;
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::v1::gateway_client::GatewayClient as Door;
use tokio::net::{TcpListener, TcpSocket};

use crate::collector::Collector;
use crate::{TRACE, traceparent};

/// How many spans a gateway counts with this result.
async fn spans(gateway: &Program, result: &str) -> u64 {
    let metrics = within("metrics", reqwest::get(format!("{}/metrics", gateway.url("admin")))).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let name = format!("gatepipe_traces_spans_total{{result=\"{result}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{name} is missing")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_told_of_once_and_gets_what_comes_when_it_is_back() {
    // The port is ours, and nobody listens there yet.
    let port = TcpSocket::new_v4().unwrap();
    port.set_reuseaddr(true).unwrap();
    port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = port.local_addr().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (url, kept) = (format!("http://{address}"), log.clone());
    let flags = ["--rpc-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--otlp-endpoint", &url];
    let gateway = Program::try_start("gatepipe-gateway", &flags, move |line| {
        kept.lock().unwrap().push(line.to_owned())
    });
    let gateway = gateway.unwrap();
    let door = within("a connection", Door::connect(gateway.url("rpc"))).await.unwrap();
    let command = async || {
        let ungroup = Command::Ungroup(v1::Ungroup { group: "nobody".into() });
        let command = v1::Command { id: 1, command: Some(ungroup), traceparent: traceparent(true) };
        within("a receipt", door.clone().execute(command)).await.unwrap();
    };
    for count in 1..=3 {
        command().await;
        until("the span is given up", || async { spans(&gateway, "failed").await >= count }).await;
    }
    assert_eq!(spans(&gateway, "sent").await, 0);

    let collector =
        Collector::on(TcpListener::from_std(port.listen(8).unwrap().into_std().unwrap()).unwrap());
    // Those that come before it is seen that the collector is back may be lost.
    until("the collector is told", || async {
        command().await;
        !collector.told().named(TRACE, "ungroup").is_empty()
    })
    .await;
    until("it is counted", || async { spans(&gateway, "sent").await >= 1 }).await;
    let said = |words: &str| log.lock().unwrap().iter().filter(|line| line.contains(words)).count();
    until("it is said", || async { said("takes traces again") == 1 }).await;
    assert_eq!(said("does not take traces"), 1);
}
