//! Reads the text that Prometheus reads.

use std::collections::{BTreeMap, BTreeSet};

/// What kind of numbers a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// What is told of one metric.
#[derive(Debug, Clone)]
pub struct Metric {
    pub kind: Kind,
    pub help: String,
    /// The names of its labels; not `le`, which every histogram has.
    pub labels: BTreeSet<String>,
    /// How many numbers there are.
    pub series: usize,
}

impl Metric {
    /// The names under which `name` has numbers.
    pub fn samples(&self, name: &str) -> Vec<String> {
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![name.to_owned()],
            Kind::Histogram => ["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")).into(),
        }
    }
}

/// The metrics in `text` by name.
///
/// # Panics
/// When a number belongs to no metric, or a metric has none.
pub fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::<String, Metric>::new();
    let mut help = ("", "");
    let mut current = String::new();
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            help = told.split_once(' ').unwrap();
        } else if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').unwrap();
            assert_eq!(help.0, name, "a help stands before its type");
            let kind = match kind {
                "counter" => Kind::Counter,
                "gauge" => Kind::Gauge,
                "histogram" => Kind::Histogram,
                other => panic!("{name} is a {other}"),
            };
            name.clone_into(&mut current);
            // The registry ends what it was given with a full stop, a collector does not.
            let help = help.1.trim_end_matches('.').to_owned();
            let metric = Metric { kind, help, labels: BTreeSet::new(), series: 0 };
            assert!(metrics.insert(current.clone(), metric).is_none(), "{name} is told twice");
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let (series, value) = line.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let metric = metrics.get_mut(&current).unwrap_or_else(|| panic!("{line} has no type"));
            assert!(metric.samples(&current).iter().any(|sample| sample == name), "{line} in {current}");
            metric.labels.extend(names_of(labels.strip_suffix('}').unwrap()));
            metric.series += 1;
        }
    }
    for (name, metric) in &metrics {
        assert!(metric.series > 0, "{name} has no number");
    }
    metrics
}

/// The names in `name="value",other="value"`; values have no quotes in them here.
fn names_of(labels: &str) -> impl Iterator<Item = String> {
    let parts = labels.split('"').step_by(2);
    let names = parts.map(|part| part.trim_start_matches(',').trim_end_matches('='));
    names.filter(|name| !name.is_empty() && *name != "le").map(str::to_owned)
}
