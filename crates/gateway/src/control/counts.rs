//! Questions about numbers. Shards are asked in turn, with a pause between two of them.

use gatepipe_proto::{distinct, v1};

use super::decode::{self, Refusal};
use crate::hub::{Counts, Filter, Hub, Tally};

pub(super) async fn counts(hub: &Hub, request: v1::CountsRequest) -> Result<v1::CountsReply, Refusal> {
    let filter = decode::filter(request.filter)?;
    let tally = tally(hub, &filter, request.distinct).await;
    let told = |fingerprints| request.distinct.then(|| distinct::told(fingerprints));
    Ok(v1::CountsReply {
        clients: tally.clients as u64,
        bound_clients: tally.bound_clients as u64,
        uids: told(tally.uids),
        groups: told(tally.groups),
    })
}

/// How many there are in all. Looks at every uid and group, unless none came or went since the last time.
pub(super) async fn all(hub: &Hub) -> Counts {
    let names = hub.names();
    match hub.known_counts(&names) {
        Some(counts) => counts,
        None => hub.note_counts(names, tally(hub, &Filter::default(), true).await),
    }
}

/// Adds up all shards.
async fn tally(hub: &Hub, filter: &Filter, names: bool) -> Tally {
    let mut all = Tally::default();
    for tally in hub.tally_by_shard(filter, names) {
        all.add(tally);
        tokio::task::yield_now().await;
    }
    all
}
