//! Traces of a daemon: where its spans go, how many are sampled, and what is counted. What a span is stands in `gatepipe_traces`.
//!
//! Only a program that was built with the feature `otlp` can send any; another one refuses the setting instead of overlooking it.

#[cfg(feature = "otlp")]
mod export;

use std::fmt;
use std::str::FromStr;

use gatepipe_traces::Tracer;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::config::{Knob, Noted, Settings};

/// Where spans go.
pub(crate) const ENDPOINT: Knob = Knob::one(
    "otlp-endpoint",
    "URL",
    Some(""),
    "Where traces are sent: the gRPC listener of an OpenTelemetry collector, such as http://127.0.0.1:4317. Needs a program built with the feature otlp; a register has none to send. Empty: nowhere",
)
.remark("\"http://127.0.0.1:4317\"");
/// How many there are.
pub(crate) const SAMPLE: Knob = Knob::one(
    "otlp-sample",
    "RATIO",
    Some("1"),
    "Of all requests that come without a traceparent, how many are traced: 0 to 1. A request that brings one has been decided on by its caller. All of them by default, so that the one you look for is there; with hundreds of pushes a second give less: each push costs a span for each gateway and client, and what is too much is dropped and counted",
);

/// Where the spans of a daemon go; nowhere by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traces {
    to: Option<Collector>,
}

#[derive(Debug, Clone, PartialEq)]
struct Collector {
    url: String,
    ratio: Ratio,
}

/// How many of all are meant, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio(f64);

impl Ratio {
    /// All of them.
    pub const ALL: Self = Self(1.0);
}

impl fmt::Display for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for Ratio {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(Self(ratio)),
            _ => Err("it is a number from 0 to 1"),
        }
    }
}

impl Traces {
    /// Reads `--otlp-endpoint` and `--otlp-sample`.
    ///
    /// # Errors
    /// [`Noted`]
    pub fn read(settings: &mut Settings) -> Result<Self, Noted> {
        Self::read_for(settings, cfg!(feature = "otlp"))
    }

    fn read_for(settings: &mut Settings, can_send: bool) -> Result<Self, Noted> {
        let ratio = settings.number::<Ratio>(SAMPLE.name);
        let url = settings.text(ENDPOINT.name)?;
        Self::checked(&url, ratio?, can_send).map_err(|problem| {
            settings.mistake(ENDPOINT.name, problem);
            Noted
        })
    }

    /// To the collector at `url`, or nowhere when that is empty.
    ///
    /// # Errors
    /// What is wrong with the URL, or that this program cannot send any.
    pub fn new(url: &str, ratio: Ratio) -> Result<Self, String> {
        Self::checked(url, ratio, cfg!(feature = "otlp"))
    }

    /// The URL of the collector; empty when there is none.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.to.as_ref().map_or("", |collector| &collector.url)
    }

    /// How many of all requests are traced; all of them while nothing is sent.
    #[must_use]
    pub fn ratio(&self) -> Ratio {
        self.to.as_ref().map_or(Ratio::ALL, |collector| collector.ratio)
    }

    fn checked(url: &str, ratio: Ratio, can_send: bool) -> Result<Self, String> {
        if url.is_empty() {
            return Ok(Self::default());
        }
        if !can_send {
            return Err(
                "this program was built without traces: build it with --features otlp, or leave this out"
                    .to_owned(),
            );
        }
        match problem(url) {
            Some(problem) => Err(problem),
            None => Ok(Self { to: Some(Collector { url: url.to_owned(), ratio }) }),
        }
    }

    /// Begins to send what is traced, as `service`, of which `instance` is one. Registers what is counted.
    ///
    /// Spans that the collector does not take in time are dropped and counted; nobody waits for it. A tokio runtime must be running when it
    /// is asked to send anywhere.
    #[must_use]
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "there is nobody who would send"))]
    pub fn begin(&self, registry: &mut Registry, service: &'static str, instance: String) -> Sending {
        let counts = Counts::register(registry);
        #[cfg(feature = "otlp")]
        if let Some(collector) = &self.to {
            return export::begin(collector, counts, service, instance);
        }
        Sending {
            tracer: Tracer::default(),
            #[cfg(feature = "otlp")]
            task: None,
        }
    }
}

/// What is wrong with a URL of a collector.
fn problem(url: &str) -> Option<String> {
    let shown = |url: &str| url.rsplit_once('@').map_or(url, |(_, host)| host).to_owned();
    let Ok(parsed) = url.parse::<hyper::Uri>() else {
        return Some("is not a URL like http://127.0.0.1:4317".to_owned());
    };
    if parsed.scheme_str() == Some("https") {
        return Some(format!(
            "{:?}: TLS is not spoken with a collector; run one beside this program, which passes it on, and give http://",
            shown(url)
        ));
    }
    if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Some("a collector is not given a name or password in its URL; OTEL_EXPORTER_OTLP_HEADERS may hold a header for it".to_owned());
    }
    let fits = parsed.scheme_str() == Some("http")
        && parsed.host().is_some_and(|host| !host.is_empty())
        && parsed.port_u16() != Some(0)
        && parsed.path() == "/"
        && parsed.query().is_none();
    (!fits).then(|| format!("{url:?} is not a URL like http://127.0.0.1:4317"))
}

/// What became of spans.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "there is nobody who would send"))]
struct Counts {
    sent: Counter,
    failed: Counter,
    dropped: Counter,
}

impl Counts {
    fn register(registry: &mut Registry) -> Self {
        let spans = Family::<Outcome, Counter>::default();
        registry.register(
            "gatepipe_traces_spans",
            "Spans, by what became of them: sent, failed when the collector did not take them, dropped when too many waited",
            spans.clone(),
        );
        let of = |result| spans.get_or_create_owned(&Outcome { result });
        Self { sent: of("sent"), failed: of("failed"), dropped: of("dropped") }
    }
}

/// Sends spans until it is dropped.
#[derive(Debug)]
pub struct Sending {
    tracer: Tracer,
    #[cfg(feature = "otlp")]
    task: Option<export::Task>,
}

impl Sending {
    /// What makes the spans.
    #[must_use]
    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }

    /// Sends what there is, for a few seconds at most, and ends. Spans that end later are dropped.
    pub async fn finish(self) {
        #[cfg(feature = "otlp")]
        if let Some(task) = self.task {
            task.finish().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigError, Program};

    const PROGRAM: Program =
        Program { name: "a-daemon", section: "gateway", about: "A daemon.", examples: "", knobs: &[] };

    fn read(flags: &[&str], can_send: bool) -> Result<Traces, Vec<String>> {
        static ONE: Program = PROGRAM;
        let mut settings = Settings::load_from(&ONE, ["a-daemon"].iter().chain(flags), []).unwrap();
        let traces = Traces::read_for(&mut settings, can_send);
        match settings.check() {
            Ok(()) => Ok(traces.unwrap()),
            Err(ConfigError::Mistakes(mistakes)) => Err(mistakes),
            Err(ConfigError::Flags(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn traces_are_off_by_default_and_all_are_sent_when_they_are_on() {
        assert_eq!(read(&[], false).unwrap(), Traces::default());
        assert_eq!(read(&["--otlp-sample", "0.5"], true).unwrap(), Traces::default());
        let on = read(&["--otlp-endpoint", "http://collector:4317"], true).unwrap();
        assert_eq!(on.to, Some(Collector { url: "http://collector:4317".into(), ratio: Ratio::ALL }));
        let some = read(&["--otlp-endpoint", "http://[::1]/", "--otlp-sample", "0.01"], true).unwrap();
        assert_eq!(some.to.unwrap().ratio, Ratio(0.01));
    }

    #[test]
    fn a_program_that_cannot_send_any_refuses_and_says_what_to_do() {
        let mistakes = read(&["--otlp-endpoint", "http://127.0.0.1:4317"], false).unwrap_err();
        let expected =
            "--otlp-endpoint: this program was built without traces: build it with --features otlp";
        assert!(mistakes.len() == 1 && mistakes[0].starts_with(expected), "{mistakes:?}");
        assert!(read(&["--otlp-endpoint", ""], false).is_ok());
    }

    #[test]
    fn what_cannot_be_a_collector_is_told_without_its_password() {
        let cases = [
            ("127.0.0.1:4317", "is not a URL like"),
            ("ftp://collector", "is not a URL like"),
            ("http://collector:0", "is not a URL like"),
            ("http://collector/v1/traces", "is not a URL like"),
            ("https://ana:hunter2@collector", "TLS is not spoken"),
            ("http://ana:hunter2@collector", "OTEL_EXPORTER_OTLP_HEADERS"),
        ];
        for (url, expected) in cases {
            let mistakes = read(&["--otlp-endpoint", url], true).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{mistakes:?}");
            assert!(!mistakes[0].contains("hunter2"), "{mistakes:?}");
        }
        for ratio in ["1.5", "-0.1", "NaN", "half"] {
            let mistakes = read(&["--otlp-sample", ratio], true).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with("--otlp-sample"), "{mistakes:?}");
        }
    }
}
