//! Every query of the alerts and of the dashboard names metrics that a cluster tells, and labels that they have.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster::scraped;
use crate::promql;

const ALERTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/prometheus/alerts.yml"));
const SCRAPES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/prometheus/prometheus.yml"));
const DASHBOARD: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/grafana/dashboards/gatepipe.json"));
const DATASOURCES: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/grafana/provisioning/datasources/prometheus.yml"
));

/// What Prometheus adds to everything that it collects.
const ADDED: [&str; 2] = ["instance", "job"];

/// A query and where it stands.
pub struct Query {
    pub place: String,
    pub text: String,
    /// What the legend names.
    labels: BTreeSet<String>,
}

fn of_the_alerts() -> Vec<Query> {
    let mut queries = Vec::new();
    let mut place = "";
    for line in ALERTS.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- alert: ") {
            place = name;
        } else if let Some(text) = line.strip_prefix("expr: ") {
            assert!(!text.starts_with(['|', '>', '"', '\'']), "{place}: a query is one plain line");
            queries.push(Query { place: place.into(), text: text.into(), labels: BTreeSet::new() });
        }
    }
    queries
}

pub fn of_the_dashboard() -> Vec<Query> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let legend = target["legendFormat"].as_str().unwrap_or_default();
            let labels =
                legend.split("{{").skip(1).map(|part| part.split("}}").next().unwrap().trim().into());
            queries.push(Query {
                place: place.into(),
                text: target["expr"].as_str().unwrap().into(),
                labels: labels.collect(),
            });
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if variable["type"] == "query" {
            // A word of Grafana's: the values that a label of a query has.
            let text = variable["query"]["query"].as_str().unwrap();
            let inner = text.strip_prefix("label_values(").and_then(|inner| inner.strip_suffix(')'));
            let (text, label) = inner.unwrap().rsplit_once(", ").unwrap();
            queries.push(Query {
                place: variable["name"].as_str().unwrap().into(),
                text: text.into(),
                labels: [label.to_owned()].into(),
            });
        }
    }
    queries
}

/// Fails for a metric that nobody tells, and for a label that none of the query's metrics has.
async fn check(queries: Vec<Query>) {
    let all = scraped().await.all();
    let samples = |name: &String| {
        all.iter().find(|(metric, told)| told.samples(metric).contains(name)).map(|(_, told)| told)
    };
    for Query { place, text, labels } in queries {
        let named = promql::named(&text);
        assert!(!named.metrics.is_empty(), "{place}: {text} names no metric");
        let mut known: BTreeSet<String> = ADDED.map(str::to_owned).into();
        for (name, chosen_by) in &named.metrics {
            let mut of_this: BTreeSet<String> = ADDED.map(str::to_owned).into();
            if name != "up" {
                let metric = samples(name).unwrap_or_else(|| panic!("{place}: no process tells {name}"));
                of_this.extend(metric.labels.iter().cloned());
                if name.ends_with("_bucket") {
                    of_this.insert("le".into());
                }
            }
            let unknown: Vec<_> = chosen_by.difference(&of_this).collect();
            assert!(unknown.is_empty(), "{place}: {name} has no {unknown:?}");
            known.extend(of_this);
        }
        for label in named.grouped_by.iter().chain(&labels) {
            assert!(known.contains(label), "{place}: nothing in {text} has a label {label}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alert_looks_at_metrics_that_exist_and_says_what_to_do() {
    let queries = of_the_alerts();
    assert!(queries.len() >= 10, "{} alerts", queries.len());
    assert_eq!(ALERTS.matches("- alert: ").count(), queries.len());
    for word in ["summary: ", "action: ", "severity: "] {
        assert_eq!(ALERTS.matches(word).count(), queries.len(), "every alert has one {word}");
    }
    check(queries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_of_the_dashboard_shows_metrics_that_exist() {
    let queries = of_the_dashboard();
    assert!(queries.len() >= 30, "{} queries", queries.len());
    check(queries).await;
}

/// What tests and people know the programs by.
#[test]
fn prometheus_collects_from_the_documented_ports_of_every_program() {
    let jobs: Vec<_> = SCRAPES.lines().filter_map(|line| line.trim().strip_prefix("- job_name: ")).collect();
    assert_eq!(jobs, ["gatepipe-register", "gatepipe-gateway", "gatepipe-api"]);
    let ports = [
        gatepipe_register::Config::default().admin_listen,
        gatepipe_gateway::Config::default().admin_listen,
        gatepipe_api::Config::default().admin_listen,
    ];
    for port in ports.map(|listen| listen.port()) {
        assert!(SCRAPES.contains(&format!(":{port}")), "nobody asks port {port}");
    }
}

#[test]
fn the_dashboard_fits_together() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "an id stands twice");
    let mut taken = BTreeSet::new();
    for panel in panels {
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        for (x, y) in (0..place("w")).flat_map(|x| (0..place("h")).map(move |y| (x, y))) {
            assert!(place("x") + x < 24, "{} does not fit", panel["title"]);
            assert!(taken.insert((place("x") + x, place("y") + y)), "{} lies on another", panel["title"]);
        }
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{}", panel["title"]);
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
        assert!(unit.is_some(), "{} has no unit", panel["title"]);
        let targets = panel["targets"].as_array().unwrap();
        let refs: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(refs.len(), targets.len(), "{}", panel["title"]);
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let source = variables.iter().find(|variable| variable["name"] == "datasource").unwrap();
    let uid = source["current"]["value"].as_str().unwrap();
    assert!(DATASOURCES.contains(&format!("uid: {uid}\n")), "no datasource {uid} is provisioned");
}
