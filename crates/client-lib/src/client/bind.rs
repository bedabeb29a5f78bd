//! Binding, and the newest login of a uid replacing the older ones wherever they are.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, CloseCode, Code, Uid, v1};
use tokio::time::Instant;

use super::GatewayClient;
use super::commands::{Sent, Submitted, of_client, outcome};
use crate::{Bind, BindPolicy, Bound, Close, Error, Failure, FailureReason, Receipt};

/// The order of binds: by time, then by client.
type BoundAt = (i64, ClientId);

impl GatewayClient {
    /// Binds a client to `uid`, in place of the uid it was bound to. Its own gateway hears it.
    ///
    /// Once this returns, every send to the uid that is called from then on reaches the client, from any program. When another program believes
    /// that the uid has no client there, that takes a round trip to it more, and at most a second when that program is stuck: with a deadline of
    /// less the bind may be done although this says [`Error::Deadline`].
    ///
    /// With [`BindPolicy::NewestWins`] all other gateways hear it afterwards, within the same deadline: the uid's clients that were
    /// bound before this one are closed with 4002. Of two such binds at the same time one client stays and the other is closed
    /// ([`Bound::superseded`]), by the clocks of the hosts that bind. Such a call goes on by itself when it is dropped.
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
            BindPolicy::KeepAll => bound(client, sent, deadline).await.map(|(bound, _)| bound),
            BindPolicy::NewestWins => {
                let (this, uid) = (self.clone(), uid.clone());
                let binding = async move { this.bind_newest(bound_at, uid, sent, deadline).await };
                let binding = tokio::spawn(gatepipe_traces::within(&gatepipe_traces::current(), binding));
                // It ends early only with the runtime.
                binding.await.unwrap_or(Err(Error::UnknownOutcome(client.gateway())))
            }
        }
    }

    /// Binds, then closes the uid's older clients on all other gateways; the bind did so on its own.
    ///
    /// A receipt may tell of a newer one instead. That one's command to close older ones may have come here just before this
    /// bind, and ours does not touch it: if this client did not yield, both would stay.
    async fn bind_newest(
        &self,
        bound_at: BoundAt,
        uid: Uid,
        sent: Sent,
        deadline: Instant,
    ) -> Result<Bound, Error> {
        let (told_ms, client) = bound_at;
        let (mut done, kept_ms) = bound(client, sent, deadline).await?;
        // The client may have been bound to the uid already, by a clock that is ahead: whoever was bound before that is older.
        let older = self.close_older((told_ms.max(kept_ms), client), &uid).into_iter();
        let mut telling: FuturesUnordered<_> = older.map(|sent| outcome(deadline, sent)).collect();
        let mut told = Vec::new();
        let mut yielding = None;
        while let Some((gateway, receipt)) = telling.next().await {
            let newer = receipt.as_ref().is_ok_and(|receipt| receipt.newer > 0);
            if newer && !done.superseded {
                done.superseded = true;
                // At once: another gateway may be mute until the deadline.
                yielding = Some(self.close_superseded(client));
            }
            told.push((gateway, receipt));
        }
        let closed = Receipt::of(told);
        done.replaced += closed.reached;
        done.failed = closed.failed;
        if let Some(sent) = yielding {
            let yielded = Receipt::of(vec![outcome(deadline, sent).await]);
            done.failed.extend(yielded.failed.into_iter().filter(is_trouble));
            done.failed.sort_by_key(|failure| failure.gateway);
        }
        Ok(done)
    }

    fn close_older(&self, bound_at: BoundAt, uid: &Uid) -> Vec<Submitted> {
        let (bound_at_ms, client) = bound_at;
        let close = v1::CloseUid {
            uid: uid.to_string(),
            close: Some(replaced().into()),
            exclude_client_ids: vec![client.to_string()],
            bound_before: Some(v1::BoundBefore { bound_at_ms, client_id: client.to_string() }),
        };
        let view = self.view();
        let others = view.gateways.keys().copied().filter(|gateway| *gateway != client.gateway());
        view.submit_all(others, |_| vec![Command::CloseUid(close.clone())])
    }

    fn close_superseded(&self, client: ClientId) -> Submitted {
        let close = v1::CloseClient { client_id: client.to_string(), close: Some(replaced().into()) };
        let gateway = client.gateway();
        (gateway, self.view().submit(gateway, Command::CloseClient(close)))
    }
}

/// A client that is gone already, perhaps by the newer one's command, need not be closed.
fn is_trouble(failure: &Failure) -> bool {
    !matches!(failure.reason, FailureReason::Refused { code: Code::NotFound, .. })
}

fn replaced() -> Close {
    Close { code: CloseCode::REPLACED, reason: "replaced by a newer login".into(), last_message: None }
}

/// What the bind did on its own gateway, and when it counts as bound if that is later than told.
async fn bound(client: ClientId, sent: Sent, deadline: Instant) -> Result<(Bound, i64), Error> {
    match of_client(client, sent.answer(deadline).await) {
        Ok(receipt) => {
            let bound = Bound {
                previous: Uid::try_from(receipt.previous_uid.as_str()).ok(),
                replaced: receipt.replaced,
                superseded: receipt.newer > 0,
                failed: Vec::new(),
            };
            Ok((bound, receipt.bound_at_ms))
        }
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
}
