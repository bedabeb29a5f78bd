//! Binding, and the newest login of a uid replacing the older ones wherever they are.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, CloseCode, Code, Uid, v1};
use tokio::time::Instant;

use super::GatewayClient;
use super::commands::{Sent, of_client};
use crate::receipt::split;
use crate::{Bind, BindPolicy, Bound, Close, Error, Failure};

/// The order of binds: by time, then by client.
type BoundAt = (i64, ClientId);

impl GatewayClient {
    /// Binds a client to `uid`, in place of the uid it was bound to. Its own gateway hears it.
    ///
    /// With [`BindPolicy::NewestWins`] all other gateways hear it afterwards, within the same deadline: the uid's clients that were
    /// bound before this one are closed with 4002. Of two such binds at the same time one client stays and the other is closed, in
    /// the order of the clocks of those who bind. Such a call goes on by itself when it is dropped.
    ///
    /// GatewayWorker: `bindUid`, with [`Bind::default`].
    ///
    /// # Errors
    /// [`Error::NoSuchClient`], [`Error::Conflict`], [`Error::UnknownGateway`], and the ways a gateway can fail. Older clients on other
    /// gateways stay then.
    pub async fn bind_uid(&self, client: ClientId, uid: &Uid, bind: Bind) -> Result<Bound, Error> {
        let deadline = self.deadline();
        let bound_at = (next_bind_ms(), client);
        let command = Command::BindUid(v1::BindUid {
            client_id: client.to_string(),
            uid: uid.to_string(),
            condition: v1::BindCondition::from(bind.condition).into(),
            message: bind.message.map(Into::into),
            policy: v1::BindPolicy::from(bind.policy).into(),
            bound_at_ms: bound_at.0,
        });
        let sent = self.submit_one(client.gateway(), command)?;
        match bind.policy {
            BindPolicy::KeepAll => bound(client, sent, deadline).await,
            BindPolicy::NewestWins => {
                let (this, uid) = (self.clone(), uid.clone());
                let binding =
                    tokio::spawn(async move { this.bind_newest(bound_at, uid, sent, deadline).await });
                // It ends early only with the runtime.
                binding.await.unwrap_or(Err(Error::UnknownOutcome(client.gateway())))
            }
        }
    }

    async fn bind_newest(
        &self,
        bound_at: BoundAt,
        uid: Uid,
        sent: Sent,
        deadline: Instant,
    ) -> Result<Bound, Error> {
        let mut done = bound(bound_at.1, sent, deadline).await?;
        let closing = self.close_older(bound_at, &uid, deadline);
        let (closed, yielded) = join(closing, self.yield_to_newer(bound_at, &uid, deadline)).await;
        done.replaced += closed.0;
        done.failed = closed.1;
        for failure in yielded {
            if done.failed.iter().all(|known| known.gateway != failure.gateway) {
                done.failed.push(failure);
            }
        }
        done.failed.sort_by_key(|failure| failure.gateway);
        Ok(done)
    }

    /// Closes the uid's older clients on all other gateways; the bind did so on its own.
    async fn close_older(&self, bound_at: BoundAt, uid: &Uid, deadline: Instant) -> (u64, Vec<Failure>) {
        let (bound_at_ms, client) = bound_at;
        let close = v1::CloseUid {
            uid: uid.to_string(),
            close: Some(replaced().into()),
            exclude_client_ids: vec![client.to_string()],
            bound_before: Some(v1::BoundBefore { bound_at_ms, client_id: client.to_string() }),
        };
        let view = self.view();
        let others = view.gateways.keys().copied().filter(|gateway| *gateway != client.gateway());
        let submitted = view.submit_all(others, |_| vec![Command::CloseUid(close.clone())]);
        let receipt = self.receipt_by(deadline, submitted).await;
        (receipt.reached, receipt.failed)
    }

    /// Closes this client if the uid has a newer one.
    ///
    /// The newer one's command to close older ones may have come to this gateway just before this bind, and this one's does not touch
    /// it: without looking both would stay. The look comes after the bind, so one of the two sees the other.
    async fn yield_to_newer(&self, bound_at: BoundAt, uid: &Uid, deadline: Instant) -> Vec<Failure> {
        let question = v1::ClientsRequest {
            filter: Some(v1::ClientFilter { uids: vec![uid.to_string()], ..v1::ClientFilter::default() }),
            limit: 1_000,
            ..v1::ClientsRequest::default()
        };
        let asked = self.ask_each_by(deadline, &[], |_| vec![question.clone()]).await;
        let mut newer = false;
        let (_, mut failed) = split(asked.outcomes, |_, page: v1::ClientsReply| {
            newer |= page.clients.iter().any(|entry| is_newer(entry, bound_at));
        });
        if newer {
            let client = bound_at.1;
            tracing::debug!(client_id = %client, "a newer login came in between: this one is closed");
            let close = v1::CloseClient { client_id: client.to_string(), close: Some(replaced().into()) };
            let submitted = self.view().submit(client.gateway(), Command::CloseClient(close));
            let receipt = self.receipt_by(deadline, vec![(client.gateway(), submitted)]).await;
            failed.extend(receipt.failed);
        }
        failed
    }
}

fn replaced() -> Close {
    Close { code: CloseCode::REPLACED, reason: "replaced by a newer login".into(), last_message: None }
}

fn is_newer(entry: &v1::ClientEntry, bound_at: BoundAt) -> bool {
    entry.client_id.parse().is_ok_and(|client| (entry.bound_at_ms, client) > bound_at)
}

async fn bound(client: ClientId, sent: Sent, deadline: Instant) -> Result<Bound, Error> {
    match of_client(client, sent.answer(deadline).await) {
        Ok(receipt) => Ok(Bound {
            previous: Uid::try_from(receipt.previous_uid.as_str()).ok(),
            replaced: receipt.replaced,
            failed: Vec::new(),
        }),
        Err(Error::Refused { code: Code::Conflict, .. }) => Err(Error::Conflict(client)),
        Err(error) => Err(error),
    }
}

/// Now, in epoch milliseconds, and later than every bind of this process before, whatever the clock does.
fn next_bind_ms() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    let later = |last: i64| now.max(last.saturating_add(1));
    let before = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(later(last)));
    later(before.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use gatepipe_proto::GatewayId;

    use super::*;

    #[test]
    fn no_two_binds_of_a_process_happen_at_the_same_time() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    let times: Vec<_> = (0..1_000).map(|_| next_bind_ms()).collect();
                    assert!(times.is_sorted());
                    times
                })
            })
            .collect();
        let times: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(times.len(), 4_000);
    }

    #[test]
    fn newer_is_by_time_and_then_by_client() {
        let gateway = GatewayId::random();
        let mut clients = [ClientId::random(gateway), ClientId::random(gateway)];
        clients.sort();
        let [low, high] = clients;
        let entry = |bound_at_ms, client: ClientId| v1::ClientEntry {
            client_id: client.to_string(),
            bound_at_ms,
            ..v1::ClientEntry::default()
        };
        for (found, bound_at, expected) in [
            (entry(7, low), (6, high), true),
            (entry(7, low), (8, high), false),
            (entry(7, high), (7, low), true),
            (entry(7, low), (7, high), false),
            (entry(7, low), (7, low), false),
        ] {
            assert_eq!(is_newer(&found, bound_at), expected, "{found:?} {bound_at:?}");
        }
    }
}
