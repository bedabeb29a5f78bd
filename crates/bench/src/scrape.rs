//! Reading `/metrics` of a server under test.

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The sum of all series of a metric whose line contains `label`.
///
/// # Errors
/// When it does not answer, or has no such series.
pub async fn sum(admin: &str, metric: &str, label: &str) -> anyhow::Result<u64> {
    let mut stream = TcpStream::connect(admin).await?;
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    sum_in(&text, metric, label)
        .with_context(|| format!("no {metric} with {label:?} in the metrics of {admin}"))
}

fn sum_in(text: &str, metric: &str, label: &str) -> Option<u64> {
    let lines = text.lines().filter(|line| line.starts_with(metric) && line.contains(label));
    let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    values.reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_one_metric_are_added() {
        let text = "# HELP gatepipe_commands x\ngatepipe_commands_total{kind=\"a\",code=\"0\"} 3\n\
                    gatepipe_commands_total{kind=\"a\",code=\"1\"} 4\ngatepipe_connections 9\n";
        assert_eq!(sum_in(text, "gatepipe_commands_total", "kind=\"a\""), Some(7));
        assert_eq!(sum_in(text, "gatepipe_connections", ""), Some(9));
        assert_eq!(sum_in(text, "gatepipe_commands_total", "kind=\"b\""), None);
    }
}
