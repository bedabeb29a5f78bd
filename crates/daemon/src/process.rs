//! What every process tells of itself, beside what its daemon counts: memory, processor, descriptors, threads, version, readiness.
//!
//! Linux tells it in `/proc/self`, which is read when somebody asks for the metrics; what is not there is left out.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::admin::Readiness;

/// How often in a second Linux counts the time of processes, in what it tells programs; the same on every machine it runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// Adds what every process tells of itself to `registry`.
pub(crate) fn register(registry: &mut Registry, program: &'static str, readiness: Readiness) {
    let build = [("program", program), ("version", env!("CARGO_PKG_VERSION"))];
    registry.register("gatepipe_build", "Which program this is; always 1", Info::new(build));
    let started_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    registry.register_collector(Box::new(Process { started_at, readiness }));
}

#[derive(Debug)]
struct Process {
    /// In seconds since 1970.
    started_at: f64,
    readiness: Readiness,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name: &'static str, help: &'static str, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        gauge(
            "gatepipe_ready",
            "1 when the process can be sent work, as /readyz tells, else 0",
            f64::from(u8::from(self.readiness.is_ready())),
        )?;
        gauge(
            "gatepipe_process_start_time_seconds",
            "When the process started, in seconds since 1970",
            self.started_at,
        )?;
        let status = read("status");
        if let Some(kibibytes) = number_after(&status, "VmRSS:") {
            let help = "Memory that the process has in RAM";
            gauge("gatepipe_process_resident_memory_bytes", help, kibibytes * 1024.0)?;
        }
        if let Some(threads) = number_after(&status, "Threads:") {
            gauge("gatepipe_process_threads", "Threads of the process", threads)?;
        }
        if let Some(open) = open_descriptors() {
            gauge("gatepipe_process_open_fds", "Descriptors that the process has open", open as f64)?;
        }
        if let Some(most) = number_after(&read("limits"), "Max open files") {
            gauge("gatepipe_process_max_fds", "Descriptors that the process may have open", most)?;
        }
        if let Some(seconds) = processor_seconds(&read("stat")) {
            let help = "Time of processors that the process has used";
            let counter = ConstCounter::new(seconds);
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor("gatepipe_process_cpu_seconds", help, None, kind)?)?;
        }
        Ok(())
    }
}

/// Empty where there is no such file.
fn read(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default()
}

/// The first number of the line that begins with `label`.
fn number_after(text: &str, label: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Newer kernels tell their number as the directory's size, which costs nothing however many there are; else they are counted.
fn open_descriptors() -> Option<u64> {
    let path = "/proc/self/fd";
    match std::fs::metadata(path).ok()?.len() {
        // The one by which they are counted is not there any more.
        0 => Some(std::fs::read_dir(path).ok()?.count().saturating_sub(1) as u64),
        size => Some(size),
    }
}

/// In `/proc/self/stat` the fields 14 and 15. The second field is a name in brackets in which anything may stand.
fn processor_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        let status = "Name:\tgatepipe\nVmRSS:\t   12345 kB\nThreads:\t7\n";
        assert_eq!(number_after(status, "VmRSS:"), Some(12_345.0));
        assert_eq!(number_after(status, "Threads:"), Some(7.0));
        assert_eq!(number_after(status, "VmSwap:"), None);
        let limits = "Max open files            1024                 1048576              files     \n";
        assert_eq!(number_after(limits, "Max open files"), Some(1024.0));
        assert_eq!(number_after("Max open files            unlimited\n", "Max open files"), None);
        let stat = "1 (a) b) S 0 1 1 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 7 0 100 0 0";
        assert_eq!(processor_seconds(stat), Some(2.0));
        assert_eq!(processor_seconds(""), None);
    }
}
