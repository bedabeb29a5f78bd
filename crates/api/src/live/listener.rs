//! One subscription to the gateways for all who watch, for as long as anybody does.
//!
//! It is a worker of a name of its own, so that it takes no clients away from other workers, and without messages: what people write
//! is nobody's business here, and costs nothing. While it lasts, the client library keeps who is connected, about 100 bytes for each.

use std::time::Duration;

use gatepipe_client::{
    BoundTo, ClientId, Closed, Dropped, GatewayClient, GatewayId, Handshake, RunningWorker, Worker,
};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::{Event, Feed, Heard, Kind, cut};

/// How long it lasts after the last viewer has gone: a page that is reloaded finds it still there.
const LINGER: Duration = Duration::from_secs(10);
/// Events of each gateway that may be on their way or wait here; more wait at the gateway, which drops what is too much.
const CREDIT: u32 = 1_024;
/// Between two looks at which gateways are heard.
const LOOK: Duration = Duration::from_millis(200);
/// How long leaving may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Subscribes whenever somebody watches, and ends it when nobody does any more; for ever.
pub async fn listen(gateways: GatewayClient, feed: Feed) {
    let mut viewers = feed.viewers();
    let name = format!("api-events-{:016x}", rand::random::<u64>());
    while viewers.wait_for(|viewers| *viewers > 0).await.is_ok() {
        // One lane: events are told in the order in which the gateway told them.
        let worker = gateways.worker(name.as_str()).credit(CREDIT).lanes(1).headers(["user-agent"]);
        let worker = worker.without_messages().stop_timeout(FAREWELL);
        match worker.start(Listener { feed: feed.clone() }) {
            Ok(running) => {
                tracing::debug!(worker = name, "listening to the gateways: somebody watches");
                tokio::select! {
                    () = nobody_watches(&mut viewers) => {}
                    () = tell_who_is_heard(&running, &feed) => {}
                }
                running.stop().await;
                feed.hears(Heard::new());
            }
            Err(error) => {
                tracing::error!(%error, "cannot listen to the gateways");
                tokio::time::sleep(LINGER).await;
            }
        }
    }
}

/// Resolves when nobody has watched for [`LINGER`].
async fn nobody_watches(viewers: &mut watch::Receiver<usize>) {
    loop {
        if viewers.wait_for(|viewers| *viewers == 0).await.is_err() {
            return;
        }
        let somebody_came = viewers.wait_for(|viewers| *viewers > 0);
        if timeout(LINGER, somebody_came).await.is_err() {
            return;
        }
    }
}

async fn tell_who_is_heard(running: &RunningWorker, feed: &Feed) {
    let mut looks = interval(LOOK);
    loop {
        looks.tick().await;
        let seen = running.stats().gateways;
        feed.hears(seen.iter().filter(|(_, seen)| seen.subscribed).map(|(gateway, _)| *gateway).collect());
    }
}

struct Listener {
    feed: Feed,
}

impl Worker for Listener {
    async fn on_connect(&self, client: ClientId, handshake: Handshake) {
        self.feed.tell(Kind::Connected, || Event {
            user_agent: handshake.header("user-agent").map(cut),
            address: Some(handshake.remote_address.clone()),
            ..Event::of_client(Kind::Connected, client)
        });
    }

    async fn on_bound(&self, client: ClientId, bound: BoundTo) {
        let BoundTo { uid, previous } = bound;
        self.feed.tell(Kind::Bound, || Event {
            uid,
            previous_uid: previous,
            ..Event::of_client(Kind::Bound, client)
        });
    }

    async fn on_close(&self, client: ClientId, closed: Closed) {
        let Closed { code, uid, inferred, .. } = closed;
        self.feed.tell(Kind::Closed, || Event {
            uid,
            code: Some(code),
            inferred,
            ..Event::of_client(Kind::Closed, client)
        });
    }

    async fn on_dropped(&self, gateway: GatewayId, dropped: Dropped) {
        self.feed.tell(Kind::Dropped, || Event {
            gateway: Some(gateway),
            count: Some(dropped.messages + dropped.others),
            ..Event::now(Kind::Dropped)
        });
    }
}
