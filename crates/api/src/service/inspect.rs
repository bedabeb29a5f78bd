//! What operators look at: gateways and how full they are, clients, and who is online.

use std::collections::BTreeSet;

use gatepipe_client::{
    Answer, ClientDetails, ClientInfo, Cursor, Error, Filter, GatewayStatus, GroupInfo, Listing, Page, Stats,
};
use gatepipe_proto::{ClientId, Uid};

use super::receipt::{Failed, failures};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::id::UserId;
use crate::reason::Reason;
use crate::store::UserRow;

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

/// A page of the groups that have a member, and the gateways that could not be asked for theirs.
///
/// # Errors
/// [`ApiError::Fields`] when the page's cursor belongs to another list.
pub async fn groups(
    app: &App,
    _by: &Allowed<Inspect>,
    page: &Page,
) -> Result<(Listing<GroupInfo>, Vec<Failed>), ApiError> {
    let answer = app.gateways.groups(page).await;
    let Answer { value, failed, blind, .. } =
        answer.map_err(|error| ApiError::field("cursor", error.to_string()))?;
    Ok((value, failures(failed, blind)))
}

/// A user as operators look for one.
pub struct Found {
    /// `None` when the database has no such user; clients may be bound to the number all the same.
    pub user: Option<UserRow>,
    /// Unread notifications; `None` without a user.
    pub unread: Option<i64>,
    /// The first of its clients, on all gateways.
    pub clients: Listing<ClientInfo>,
    /// Gateways that could not be asked: its clients there are missing.
    pub failed: Vec<Failed>,
}

/// Finds a user: in the database, and on every gateway; at most `limit` clients.
///
/// # Errors
/// The store's.
pub async fn user(app: &App, by: &Allowed<Inspect>, user: UserId, limit: u32) -> Result<Found, ApiError> {
    let filter = Filter::uid(user.into());
    let (row, listed) = tokio::join!(app.store.user(user), clients(app, by, &filter, None, limit));
    let (user, (clients, failed)) = (row?, listed?);
    let unread = match &user {
        Some(user) => Some(app.store.unread_count(user.id).await?),
        None => None,
    };
    Ok(Found { user, unread, clients, failed })
}

/// Everything about one client, with its session and its handshake.
///
/// # Errors
/// [`Reason::ClientGone`] when it is gone, [`ApiError::Unavailable`] when its gateway cannot say.
pub async fn client(app: &App, _by: &Allowed<Inspect>, client: ClientId) -> Result<ClientDetails, ApiError> {
    match app.gateways.client_details(client).await {
        Ok(Some(details)) => Ok(details),
        Ok(None) | Err(Error::NoSuchClient(_) | Error::UnknownGateway { register_connected: true, .. }) => {
            Err(Reason::ClientGone.into())
        }
        Err(other) => {
            Err(ApiError::Unavailable(format!("the client's gateway cannot be asked now: {other}")))
        }
    }
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
