//! What a running cluster counts, what is written about it, and what alerts and dashboards make of it, are the same things.

mod cluster;
mod exposition;
mod promql;
mod promtool;
mod queries;

use std::collections::BTreeSet;

use cluster::scraped;
use exposition::{Kind, Metric};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md"));

/// A metric as its line in the tables of the document.
fn row(name: &str, metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
    let labels = labels.join(", ");
    let separator = if labels.is_empty() { "" } else { " " };
    format!("| `{name}` | {kind} |{separator}{labels} | {} |", metric.help)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_every_metric_and_no_other() {
    let scraped = scraped().await;
    let counted: BTreeSet<_> = scraped.all().iter().map(|(name, metric)| row(name, metric)).collect();
    let written: BTreeSet<_> =
        DOCUMENT.lines().filter(|line| line.starts_with("| `gatepipe_")).map(str::to_owned).collect();
    let missing: Vec<_> = counted.difference(&written).collect();
    let gone: Vec<_> = written.difference(&counted).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/metrics.md lacks these lines:\n{missing:#?}\nand has these, which no process tells:\n{gone:#?}"
    );
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `gatepipe_")).count();
    assert_eq!(rows, written.len(), "docs/metrics.md has a line twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_follow_the_rules_of_prometheus() {
    for (name, metric) in scraped().await.all() {
        assert!(name.starts_with("gatepipe_"), "{name}");
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        assert!(name.chars().all(is_plain) && !name.contains("__"), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name} is a {:?}", metric.kind);
        assert!(
            metric.kind != Kind::Histogram || name.ends_with("_seconds") || name.ends_with("_bytes"),
            "{name}"
        );
        let unit = name.trim_end_matches("_total");
        for base in ["bytes", "seconds"] {
            assert!(
                !unit.contains(base) || unit.ends_with(&format!("_{base}")),
                "{name}: its unit is not its end"
            );
        }
        for other in ["millis", "_ms", "_kb", "_mb", "percent", "minutes"] {
            assert!(!unit.contains(other), "{name}: not a base unit");
        }
        assert!(!metric.help.is_empty(), "{name} has no help");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_users_make_up_is_a_label() {
    let scraped = scraped().await;
    for line in scraped.texts().into_iter().flat_map(str::lines) {
        // A value may be any number, and so one of theirs.
        let series = line.rsplit_once(' ').map_or(line, |(series, _)| series);
        for secret in &scraped.made_up {
            assert!(!series.contains(secret.as_str()), "{secret} is in the metrics: {line}");
        }
    }
    // Small enough that a thousand processes are no trouble to whoever collects them.
    let series: usize = scraped.all().values().map(|metric| metric.series).sum();
    assert!(series < 2000, "{series} series after a few requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_counts_what_happened_in_it() {
    let scraped = scraped().await;
    let at_least = |text: &str, series: &str, least: f64| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")));
        let value: f64 = line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap();
        assert!(value >= least, "{series} is {value}");
    };
    let gateway = &scraped.gateway;
    at_least(gateway, "gatepipe_gateway_connections_opened_total", 2.0);
    at_least(gateway, r#"gatepipe_gateway_connections_closed_total{code="4001"}"#, 1.0);
    at_least(gateway, r#"gatepipe_gateway_handshakes_refused_total{reason="path"}"#, 1.0);
    at_least(gateway, "gatepipe_gateway_frames_in_total", 1.0);
    at_least(gateway, "gatepipe_gateway_traffic_in_bytes_total", 15.0);
    at_least(gateway, "gatepipe_gateway_traffic_out_bytes_total", 50.0);
    at_least(gateway, r#"gatepipe_gateway_command_write_seconds_count{way="batch"}"#, 1.0);
    at_least(gateway, "gatepipe_gateway_pipes", 1.0);
    at_least(gateway, "gatepipe_ready", 1.0);
    let api = &scraped.api;
    at_least(api, "gatepipe_api_pipe_batches_total", 1.0);
    at_least(api, r#"gatepipe_api_pipe_receipts_total{result="done"}"#, 2.0);
    at_least(api, r#"gatepipe_api_http_requests_total{route="/api/admin/WebSocket/bind",status="200"}"#, 1.0);
    at_least(api, r#"gatepipe_api_http_request_seconds_count{route="/api/admin/WebSocket/bind"}"#, 1.0);
    at_least(api, r#"gatepipe_api_store_call_seconds_count{call="read_standings"}"#, 1.0);
    at_least(api, "gatepipe_api_gateways_connected", 2.0);
    let register = &scraped.register;
    at_least(register, "gatepipe_register_gateways", 2.0);
    at_least(register, "gatepipe_register_leases_lost_total", 0.0);
}
