//! The two texts in which scrapers read metrics: OpenMetrics, and Prometheus' own older one for whoever does not ask for OpenMetrics.

use std::fmt::Write as _;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// As in `Accept` and `Content-Type`.
const OPEN_METRICS: &str = "application/openmetrics-text";

/// Metrics as text.
pub(crate) struct Exposition {
    pub(crate) text: String,
    pub(crate) content_type: &'static str,
}

impl Exposition {
    /// What `registry` counts, in the text that a scraper with this `Accept` header understands.
    ///
    /// # Errors
    /// A metric cannot be written.
    pub(crate) fn of(registry: &Registry, accept: Option<&str>) -> Result<Self, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, registry)?;
        if accept.is_some_and(|accept| accept.contains(OPEN_METRICS)) {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            return Ok(Self { text, content_type });
        }
        Ok(Self { text: classic(&text), content_type: "text/plain; version=0.0.4; charset=utf-8" })
    }
}

/// In the older text a family of counters is called as its samples are, there is no type for infos, and nothing marks the end.
fn classic(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut lines = open_metrics.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(comment) = line.strip_prefix("# ") else {
            let _ = writeln!(text, "{line}");
            continue;
        };
        // A family's help stands right before its type.
        let help = comment.strip_prefix("HELP ").and_then(|help| help.split_once(' '));
        let kind = lines.peek().and_then(|next| next.strip_prefix("# TYPE ")?.split_once(' '));
        if let (Some((name, help)), Some((_, kind))) = (help, kind) {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                other => ("", other),
            };
            let _ = writeln!(text, "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::metrics::info::Info;

    use super::*;

    #[test]
    fn each_scraper_gets_the_text_that_it_asks_for() {
        let mut registry = Registry::default();
        registry.register("seen", "Things seen", Counter::<u64>::default());
        registry.register("here", "Things here", Gauge::<i64>::default());
        registry.register("took_seconds", "How long", Histogram::new([1.0]));
        registry.register("build", "Which", Info::new([("version", "1")]));

        let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
        let open = Exposition::of(&registry, Some(prometheus)).unwrap();
        assert!(open.content_type.starts_with("application/openmetrics-text; version=1.0.0"));
        assert!(open.text.contains("# TYPE seen counter\nseen_total 0\n"), "{}", open.text);
        assert!(open.text.ends_with("# EOF\n"), "{}", open.text);

        for accept in [None, Some("*/*"), Some("text/plain")] {
            let classic = Exposition::of(&registry, accept).unwrap();
            assert!(classic.content_type.starts_with("text/plain; version=0.0.4"));
            assert_eq!(
                classic.text,
                "# HELP seen_total Things seen.\n# TYPE seen_total counter\nseen_total 0\n\
                 # HELP here Things here.\n# TYPE here gauge\nhere 0\n\
                 # HELP took_seconds How long.\n# TYPE took_seconds histogram\n\
                 took_seconds_sum 0.0\ntook_seconds_count 0\n\
                 took_seconds_bucket{le=\"1.0\"} 0\ntook_seconds_bucket{le=\"+Inf\"} 0\n\
                 # HELP build_info Which.\n# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n"
            );
        }
    }
}
