//! The steps of messages to one uid, told to whoever follows it.

use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use gatepipe_proto::{Code, v1};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::decode::{self, Refusal};
use crate::hub::Hub;
use crate::trail::follow::{Followers, TooManyFollowers};

/// Follows from now on, until the stream is dropped or the gateway ends.
pub(super) fn open(
    request: &v1::FollowRequest,
    hub: &Hub,
    followers: &Arc<Followers>,
    draining: bool,
    stop: CancellationToken,
) -> Result<impl Stream<Item = Result<v1::FollowStep, Status>> + use<>, Refusal> {
    let uid = decode::uid(&request.uid)?;
    let following = followers.follow(uid, request.key)?;
    tracing::info!("somebody follows the messages of a uid");
    // Counted now: whoever is bound later is met by what is told from here on.
    let clients = hub.clients_of_uid(following.uid()).len() as u64;
    following.say(v1::Following { gateway_id: hub.gateway().to_string(), clients, draining });
    let steps = stream::unfold(following, async |following| Some((Ok(following.next().await), following)));
    let ending = stream::once(async { Err(Code::Unavailable.status("the gateway is ending")) });
    Ok(steps.take_until(stop.cancelled_owned()).chain(ending))
}

impl From<TooManyFollowers> for Refusal {
    fn from(error: TooManyFollowers) -> Self {
        Self { code: Code::TooMany, text: error.to_string() }
    }
}
