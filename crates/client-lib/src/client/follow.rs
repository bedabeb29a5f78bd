//! Following the messages to a uid.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use gatepipe_proto::v1::follow_step::Step;
use gatepipe_proto::{GatewayId, Uid, v1};
use tokio::time::{Instant, timeout_at};

use super::GatewayClient;
use super::asking::Asked;
use crate::directory::View;
use crate::follow::{FollowedGateway, Following, Opened};
use crate::receipt::FailureReason;

impl GatewayClient {
    /// Follows the messages to `uid` on all gateways that are members now: what is called after this returned is told. Those that
    /// join later are followed as well, each from when that is told.
    ///
    /// For people who look for one message. Each gateway lets 16 at a time, and tells what came in, and what each client of the uid made of
    /// it; never what it says. A gateway that could not be asked within the deadline, or refused, is named as failed.
    ///
    /// GatewayWorker has no such call.
    pub async fn follow_uid(&self, uid: &Uid) -> Following {
        let (deadline, view) = (self.deadline(), self.view());
        let request = v1::FollowRequest { uid: uid.to_string(), key: rand::random() };
        let opening = view.gateways.keys().map(|gateway| {
            let (view, request) = (&view, request.clone());
            async move { (*gateway, open(view, *gateway, deadline, request).await) }
        });
        let (mut outcomes, mut streams) = (Vec::new(), Vec::new());
        for (gateway, opened) in join_all(opening).await {
            outcomes.push((
                gateway,
                opened.map(|(followed, steps)| {
                    streams.push((gateway, steps));
                    followed
                }),
            ));
        }
        let add = |gateways: &mut BTreeMap<_, _>, gateway, followed| {
            gateways.insert(gateway, followed);
        };
        Following::new(self.clone(), request, Asked::new(&view, outcomes).sum(add), streams)
    }

    /// Follows on one gateway more.
    pub(crate) async fn follow_on(
        &self,
        gateway: GatewayId,
        request: v1::FollowRequest,
    ) -> Result<Opened, FailureReason> {
        open(&self.view(), gateway, self.deadline(), request).await
    }
}

/// Follows on one gateway, from when this returns.
async fn open(
    view: &View,
    gateway: GatewayId,
    deadline: Instant,
    request: v1::FollowRequest,
) -> Result<Opened, FailureReason> {
    let mut steps = view.ask(gateway, deadline, request).await?;
    match timeout_at(deadline, steps.message()).await.map_err(|_| FailureReason::Deadline)? {
        Ok(Some(v1::FollowStep { step: Some(Step::Following(following)), .. })) => {
            let v1::Following { clients, draining, .. } = following;
            Ok((FollowedGateway { clients, draining }, steps))
        }
        // It went away at once, or is no gateway as we know them.
        _ => Err(FailureReason::Unreachable),
    }
}
