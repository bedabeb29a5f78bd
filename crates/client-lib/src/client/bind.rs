//! Binding, and the newest login of a uid replacing the older ones wherever they are.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, CloseCode, Code, Uid, v1};
use tokio::time::Instant;

use super::GatewayClient;
use super::commands::{Sent, of_client};
use crate::receipt::Outcomes;
use crate::{Bind, BindPolicy, Bound, Close, Error, Failure, FailureReason, Receipt};

/// The order of binds: by time, then by client.
type BoundAt = (i64, ClientId);

impl GatewayClient {
    /// Binds a client to `uid`, in place of the uid it was bound to. Its own gateway hears it.
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
        let client = bound_at.1;
        let mut done = bound(client, sent, deadline).await?;
        let told = self.close_older(bound_at, &uid, deadline).await;
        let newer = told.iter().flat_map(|(_, outcome)| outcome).any(|receipt| receipt.newer > 0);
        let closed = Receipt::of(told);
        done.replaced += closed.reached;
        done.failed = closed.failed;
        if newer && !done.superseded {
            done.superseded = true;
            done.failed.extend(self.close_superseded(client, deadline).await);
            done.failed.sort_by_key(|failure| failure.gateway);
        }
        Ok(done)
    }

    /// Closes the uid's older clients on all other gateways; the bind did so on its own. The receipts tell of newer ones.
    async fn close_older(&self, bound_at: BoundAt, uid: &Uid, deadline: Instant) -> Outcomes<v1::Receipt> {
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
        self.outcomes(deadline, submitted).await
    }

    /// Closes a client that another gateway has a newer one for. That one's command to close older ones may have come here just before
    /// this bind, and ours does not touch it: if we did not yield, both would stay.
    async fn close_superseded(&self, client: ClientId, deadline: Instant) -> Vec<Failure> {
        let gateway = client.gateway();
        let close = v1::CloseClient { client_id: client.to_string(), close: Some(replaced().into()) };
        let submitted = self.view().submit(gateway, Command::CloseClient(close));
        let failed = Receipt::of(self.outcomes(deadline, vec![(gateway, submitted)]).await).failed;
        // It may be gone already: the newer one's command came too.
        let matters = |failure: &Failure| {
            !matches!(failure.reason, FailureReason::Refused { code: Code::NotFound, .. })
        };
        failed.into_iter().filter(matters).collect()
    }
}

fn replaced() -> Close {
    Close { code: CloseCode::REPLACED, reason: "replaced by a newer login".into(), last_message: None }
}

async fn bound(client: ClientId, sent: Sent, deadline: Instant) -> Result<Bound, Error> {
    match of_client(client, sent.answer(deadline).await) {
        Ok(receipt) => Ok(Bound {
            previous: Uid::try_from(receipt.previous_uid.as_str()).ok(),
            replaced: receipt.replaced,
            superseded: receipt.newer > 0,
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
