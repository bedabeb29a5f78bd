//! What operators look at: gateways and how full they are, clients, and who is online.

use std::collections::BTreeSet;

use gatepipe_client::{Answer, ClientInfo, Cursor, Error, Filter, GatewayStatus, Listing, Page, Stats};
use gatepipe_proto::{ClientId, Session, Uid};

use super::receipt::{Failed, failures};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::id::UserId;

/// Every gateway this api knows.
pub struct Gateways {
    /// In order of gateway_id; without numbers when it could not be asked.
    pub list: Vec<(GatewayStatus, Option<Stats>)>,
    /// Registers that are heard now.
    pub registers_connected: usize,
    /// Gateways that could not be asked for their numbers.
    pub failed: Vec<Failed>,
}

/// Lists the gateways and asks each for its numbers.
pub async fn gateways(app: &App, _by: &Allowed<Inspect>) -> Gateways {
    let mut stats = app.gateways.stats().await;
    let with_numbers = |gateway: GatewayStatus| {
        let numbers = stats.value.remove(&gateway.gateway_id);
        (gateway, numbers)
    };
    Gateways {
        list: app.gateways.gateways().into_iter().map(with_numbers).collect(),
        registers_connected: app.gateways.registers_connected(),
        // That no register is heard is told by their number.
        failed: failures(stats.failed, false),
    }
}

/// A page of the clients that `filter` lets through, and the gateways that could not be asked for theirs.
///
/// # Errors
/// [`ApiError::Fields`] when `after` belongs to another list or filter.
pub async fn clients(
    app: &App,
    _by: &Allowed<Inspect>,
    filter: &Filter,
    after: Option<Cursor>,
    limit: u32,
) -> Result<(Listing<ClientInfo>, Vec<Failed>), ApiError> {
    let answer = app.gateways.clients(filter, &Page { after, limit }).await;
    let Answer { value, failed, blind, .. } =
        answer.map_err(|error| ApiError::field("cursor", error.to_string()))?;
    Ok((value, failures(failed, blind)))
}

/// Everything about one client, with its session.
///
/// # Errors
/// [`ApiError::NotFound`] when it is gone, [`ApiError::Unavailable`] when its gateway cannot say.
pub async fn client(
    app: &App,
    _by: &Allowed<Inspect>,
    client: ClientId,
) -> Result<(ClientInfo, Session), ApiError> {
    let (info, session) = tokio::join!(app.gateways.client_info(client), app.gateways.session(client));
    match (info, session) {
        (Ok(Some(info)), Ok(Some(session))) => Ok((info, session)),
        (Ok(None), _) | (_, Ok(None)) => Err(gone()),
        (Err(error), _) | (_, Err(error)) => Err(match error {
            Error::NoSuchClient(_) | Error::UnknownGateway { register_connected: true, .. } => gone(),
            other => ApiError::Unavailable(format!("the client's gateway cannot be asked now: {other}")),
        }),
    }
}

fn gone() -> ApiError {
    ApiError::NotFound("this client is not connected".into())
}

/// Which of some users have a client, each user in exactly one list, in the order of the question.
#[derive(Debug, Default)]
pub struct Online {
    /// Some gateway has one.
    pub online: Vec<UserId>,
    /// Every gateway says that it has none.
    pub offline: Vec<UserId>,
    /// Nobody who answered has one, but not everybody answered.
    pub unknown: Vec<UserId>,
    /// Gateways that could not be asked.
    pub failed: Vec<Failed>,
}

/// Asks all gateways who of `users` is online.
pub async fn online(app: &App, _by: &Allowed<Inspect>, users: &[UserId]) -> Online {
    let uids: Vec<Uid> = users.iter().map(|user| Uid::from(*user)).collect();
    let answer = app.gateways.are_uids_online(&uids).await;
    let mut told = Online { failed: failures(answer.failed, answer.blind), ..Online::default() };
    let mut seen = BTreeSet::new();
    for (user, uid) in users.iter().zip(&uids).filter(|(user, _)| seen.insert(**user)) {
        let list = match () {
            () if answer.value.online.contains(uid) => &mut told.online,
            () if answer.value.offline.contains(uid) => &mut told.offline,
            () => &mut told.unknown,
        };
        list.push(*user);
    }
    told
}
