//! Questions about clients: decode, a look into the hub, encode. What looks at everybody pauses between two shards.

use std::collections::HashSet;

use gatepipe_proto::{Code, v1};
use prost::Message;

use super::MAX_GRPC_MESSAGE_BYTES;
use super::decode::{self, Refusal};
use crate::hub::{Hub, Listed, Page};

/// A page ends before it has more, in bytes as encoded; one entry always fits.
pub(super) const PAGE_BYTES: usize = 2 << 20;

pub(super) fn is_online(hub: &Hub, request: &v1::IsOnlineRequest) -> Result<v1::IsOnlineReply, Refusal> {
    let found = hub.client_and_uid(decode::client_id(&request.client_id)?);
    let online = found.is_some();
    let uid = found.and_then(|(_, uid)| uid).map(|uid| uid.to_string()).unwrap_or_default();
    Ok(v1::IsOnlineReply { online, uid })
}

pub(super) fn client(hub: &Hub, request: &v1::ClientRequest) -> Result<v1::ClientReply, Refusal> {
    let found = hub.listed(decode::client_id(&request.client_id)?);
    let told = |listed: Listed| {
        let client = listed.client.clone();
        let handshake = if request.handshake { client.handshake().headers() } else { Vec::new() };
        v1::ClientEntry { handshake, ..entry(listed, request.session) }
    };
    Ok(v1::ClientReply { client: found.map(told) })
}

pub(super) async fn clients_of_uids(
    hub: &Hub,
    request: &v1::ClientsOfUidsRequest,
) -> Result<v1::ClientsOfUidsReply, Refusal> {
    let mut reply = v1::ClientsOfUidsReply::default();
    let mut room = MAX_GRPC_MESSAGE_BYTES / 2;
    let mut named = HashSet::new();
    let uids = decode::uids(&request.uids)?.into_iter().filter(|uid| named.insert(uid.clone()));
    for (position, uid) in uids.enumerate() {
        if position % 256 == 255 {
            tokio::task::yield_now().await;
        }
        let clients = hub.clients_of_uid(&uid);
        let client_ids: Vec<String> = clients.iter().map(|client| client.id.to_string()).collect();
        if client_ids.is_empty() {
            continue;
        }
        let entry = v1::UidClients { uid: uid.to_string(), client_ids };
        room = left_of(room, entry.encoded_len())?;
        reply.uids.push(entry);
    }
    Ok(reply)
}

fn left_of(room: usize, bytes: usize) -> Result<usize, Refusal> {
    room.checked_sub(bytes).ok_or_else(|| Refusal {
        code: Code::TooLarge,
        text: "these uids have too many clients for one answer: ask for pages of clients".to_owned(),
    })
}

pub(super) async fn clients(hub: &Hub, request: v1::ClientsRequest) -> Result<v1::ClientsReply, Refusal> {
    let after = decode::after(&request.after_client_id)?;
    let limit = decode::limit(request.limit)?;
    let filter = decode::filter(request.filter)?;
    let mut page = Page::default();
    for mut part in hub.page_by_shard(after, &filter, limit, PAGE_BYTES) {
        page.clients.append(&mut part.clients);
        page.more = part.more;
        if page.more {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut reply = v1::ClientsReply { clients: Vec::new(), more: page.more };
    let mut room = PAGE_BYTES;
    for listed in page.clients {
        let entry = entry(listed, request.sessions);
        let bytes = entry.encoded_len();
        if bytes > room && !reply.clients.is_empty() {
            reply.more = true;
            break;
        }
        room = room.saturating_sub(bytes);
        reply.clients.push(entry);
    }
    Ok(reply)
}

fn entry(listed: Listed, with_session: bool) -> v1::ClientEntry {
    let Listed { client, uid, bound_at_ms, mut groups } = listed;
    groups.sort_unstable();
    let carried = client.carried();
    v1::ClientEntry {
        client_id: client.id.to_string(),
        uid: uid.map(|uid| uid.to_string()).unwrap_or_default(),
        remote_address: client.remote.to_string(),
        connected_at_ms: client.connected_at_ms,
        bound_at_ms,
        groups: groups.iter().map(ToString::to_string).collect(),
        frames_in: carried.frames_in,
        bytes_in: carried.bytes_in,
        frames_out: carried.frames_out,
        bytes_out: carried.bytes_out,
        queued_bytes: client.queued() as u64,
        session: if with_session { client.session().as_str().to_owned() } else { String::new() },
        heard_at_ms: client.heard_at_ms(),
        handshake: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_does_not_fit_is_refused_as_too_large() {
        assert_eq!(left_of(10, 10).ok(), Some(0));
        assert_eq!(left_of(10, 11).unwrap_err().code, Code::TooLarge);
    }
}
