//! The questions: decode, one look into the hub, encode.

use gatepipe_proto::v1;
use tonic::Status;

use super::decode;
use crate::hub::{Entry, Hub};

/// Most clients on one page.
const MAX_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 100;

pub(super) fn is_online(hub: &Hub, request: &v1::IsOnlineRequest) -> Result<v1::IsOnlineReply, Status> {
    let found = hub.client_and_uid(decode::client_id(&request.client_id)?);
    let online = found.is_some();
    let uid = found.and_then(|(_, uid)| uid).map(|uid| uid.to_string()).unwrap_or_default();
    Ok(v1::IsOnlineReply { online, uid })
}

pub(super) fn clients_of_uids(
    hub: &Hub,
    request: &v1::ClientsOfUidsRequest,
) -> Result<v1::ClientsOfUidsReply, Status> {
    let uids = decode::uids(&request.uids)?.into_iter().map(|uid| {
        let client_ids = hub.clients_of_uid(&uid).iter().map(|client| client.id.to_string()).collect();
        v1::UidClients { uid: uid.to_string(), client_ids }
    });
    Ok(v1::ClientsOfUidsReply { uids: uids.filter(|entry| !entry.client_ids.is_empty()).collect() })
}

pub(super) fn counts(hub: &Hub) -> v1::CountsReply {
    let counts = hub.counts();
    v1::CountsReply {
        clients: counts.clients as u64,
        bound_clients: counts.bound_clients as u64,
        uids: Some(v1::Distinct { count: counts.uids as u64, fingerprints: Vec::new() }),
        groups: None,
    }
}

pub(super) fn clients(hub: &Hub, request: &v1::ClientsRequest) -> Result<v1::ClientsReply, Status> {
    let after = match request.after_client_id.as_str() {
        "" => None,
        text => Some(decode::client_id(text)?),
    };
    let limit = match request.limit as usize {
        0 => DEFAULT_PAGE,
        limit if limit <= MAX_PAGE => limit,
        limit => {
            return Err(
                decode::Refusal::invalid(format!("at most {MAX_PAGE} clients a page, not {limit}")).into()
            );
        }
    };
    let (page, more) = hub.page(after, limit);
    let clients = page.into_iter().map(|found| entry(found, request.sessions));
    Ok(v1::ClientsReply { clients: clients.collect(), more })
}

pub(super) fn client(hub: &Hub, request: &v1::ClientRequest) -> Result<v1::ClientReply, Status> {
    let found = hub.client_and_uid(decode::client_id(&request.client_id)?);
    Ok(v1::ClientReply { client: found.map(|found| entry(found, request.session)) })
}

fn entry((client, uid): Entry, with_session: bool) -> v1::ClientEntry {
    let carried = client.carried();
    v1::ClientEntry {
        client_id: client.id.to_string(),
        uid: uid.map(|uid| uid.to_string()).unwrap_or_default(),
        remote_address: client.remote.to_string(),
        connected_at_ms: client.connected_at_ms,
        frames_in: carried.frames_in,
        bytes_in: carried.bytes_in,
        frames_out: carried.frames_out,
        bytes_out: carried.bytes_out,
        queued_bytes: client.queued() as u64,
        session: if with_session { client.session().as_str().to_owned() } else { String::new() },
        ..v1::ClientEntry::default()
    }
}
