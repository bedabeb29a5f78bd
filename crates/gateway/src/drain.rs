//! Letting every client go, paced: so that they come back to other gateways as a stream and not as a wave.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::{CloseCode, ServerFrame};
use rand::Rng;
use rand::seq::SliceRandom;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::client::{Client, Closing};
use crate::encode;
use crate::hub::Hub;

/// Slowest pace, in clients a second.
const SLOWEST_PER_SECOND: usize = 100;
/// How long a client may take to answer its close, and a little more.
const LAST_GOODBYE: Duration = Duration::from_millis(2500);
/// Between two groups of closes.
const STEP: Duration = Duration::from_millis(50);

/// How fast `clients` leave within `timeout`: the time they are spread over.
pub(crate) fn spread(clients: usize, timeout: Duration) -> Duration {
    let slowest = Duration::from_millis(clients as u64 * 1000 / SLOWEST_PER_SECOND as u64);
    // Whoever is told last still has time to answer.
    let longest = timeout.saturating_sub(LAST_GOODBYE).mul_f64(0.9);
    slowest.min(longest)
}

/// Closes every client with 1012 after a `reconnect` frame, and waits until their tasks have ended. Gives how many had to be
/// cut at the deadline.
pub(crate) async fn drain(hub: &Hub, connections: &TaskTracker, timeout: Duration) -> usize {
    let deadline = Instant::now() + timeout;
    connections.close();
    let all_gone = async {
        // A handshake that was under way when the drain began may still seat a client.
        loop {
            let clients = hub.select(|_| true);
            if clients.is_empty() {
                break;
            }
            let over = spread(clients.len(), deadline.saturating_duration_since(Instant::now()));
            tracing::info!(clients = clients.len(), over_ms = over.as_millis(), "draining");
            release(clients, over).await;
            tokio::select! {
                () = connections.wait() => break,
                () = tokio::time::sleep(STEP) => {}
            }
        }
        connections.wait().await;
    };
    if tokio::time::timeout_at(deadline, all_gone).await.is_ok() {
        return 0;
    }
    let late = hub.select(|_| true);
    for client in &late {
        client.destroy();
    }
    connections.len()
}

/// Tells `clients` to go, in random order, evenly over a time.
async fn release(mut clients: Vec<Arc<Client>>, over: Duration) {
    clients.shuffle(&mut rand::rng());
    let total = clients.len();
    let start = Instant::now();
    let mut told = 0;
    while told < total {
        let elapsed = start.elapsed();
        let due = if elapsed >= over {
            total
        } else {
            (total as f64 * elapsed.as_secs_f64() / over.as_secs_f64()) as usize
        };
        for client in clients.drain(..due.saturating_sub(told)) {
            tell(&client, over);
        }
        told = told.max(due);
        if told < total {
            // Jitter, so that two gateways that drain together do not beat in time.
            let step = STEP.mul_f64(rand::rng().random_range(0.5..1.0));
            tokio::time::sleep(step).await;
        }
    }
}

fn tell(client: &Client, over: Duration) {
    // Come back spread over at least a second, or as long as the whole drain takes.
    let within = over.max(Duration::from_secs(1));
    let frame = ServerFrame::reconnect(u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
    client.close(&Closing {
        last_message: Some(encode::text(&frame.to_text())),
        ..Closing::new(CloseCode::RESTARTING, "the gateway is restarting")
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_leave_quickly_and_many_leave_in_time() {
        let timeout = Duration::from_secs(15);
        assert_eq!(spread(0, timeout), Duration::ZERO);
        assert_eq!(spread(100, timeout), Duration::from_secs(1));
        assert_eq!(spread(1000, timeout), Duration::from_secs(10));
        for clients in [2_000, 20_000, 1_000_000] {
            assert!(spread(clients, timeout) + LAST_GOODBYE < timeout);
        }
        assert_eq!(spread(1000, Duration::from_secs(1)), Duration::ZERO);
    }
}
