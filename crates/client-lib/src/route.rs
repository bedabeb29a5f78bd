//! Which gateways must hear a target, and in how many commands: pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use gatepipe_proto::{ClientId, GatewayId, Group, Uid};

/// Most client ids or uids in one command or question: with the longest uids about 1 MiB.
const NAMES_AT_ONCE: usize = 4_000;
/// Most uids in one question whose answer is a page of uids: as many as a page has, so that the first page tells all.
pub(crate) const UIDS_OF_A_PAGE: usize = 1_000;
/// Most groups in one command or question; gateways refuse more.
pub(crate) const GROUPS_AT_ONCE: usize = 1_000;

/// The gateways that a question about `wanted` (all members when empty) goes to, each once. A wanted gateway that is no member has
/// no clients, unless no register is connected that could know it: then it is among them, to be named as failed.
pub(crate) fn asked<'a>(
    members: impl IntoIterator<Item = &'a GatewayId>,
    wanted: &[GatewayId],
    register_connected: bool,
) -> Vec<GatewayId> {
    let members: BTreeSet<_> = members.into_iter().copied().collect();
    if wanted.is_empty() {
        return members.into_iter().collect();
    }
    let wanted: BTreeSet<_> = wanted.iter().copied().collect();
    wanted.into_iter().filter(|gateway| !register_connected || members.contains(gateway)).collect()
}

/// Clients by the gateway that holds them, without those in `exclude`, each once.
pub(crate) fn clients_by_gateway(
    clients: &[ClientId],
    exclude: &[ClientId],
) -> BTreeMap<GatewayId, BTreeSet<ClientId>> {
    let exclude: HashSet<_> = exclude.iter().collect();
    let mut gateways = BTreeMap::<_, BTreeSet<_>>::new();
    for client in clients.iter().filter(|client| !exclude.contains(client)) {
        gateways.entry(client.gateway()).or_default().insert(*client);
    }
    gateways
}

/// What one gateway needs to know of `exclude`: its own clients.
pub(crate) fn excluded_on(gateway: GatewayId, exclude: &[ClientId]) -> Vec<String> {
    let here = exclude.iter().filter(|client| client.gateway() == gateway);
    here.map(ToString::to_string).collect()
}

/// Client ids in as many commands as they need.
pub(crate) fn client_batches(clients: &BTreeSet<ClientId>) -> Vec<Vec<String>> {
    let clients: Vec<_> = clients.iter().map(ToString::to_string).collect();
    clients.chunks(NAMES_AT_ONCE).map(<[_]>::to_vec).collect()
}

/// Uids in as many commands as they need, each once. A client has one uid, so it is reached by one of them at most.
pub(crate) fn uid_batches(uids: &[Uid]) -> Vec<Arc<[Uid]>> {
    if let [uid] = uids {
        return vec![Arc::new([uid.clone()])];
    }
    once(uids).chunks(NAMES_AT_ONCE).map(Arc::from).collect()
}

/// Uids in as many questions as they need for one page of answers to each, each once.
pub(crate) fn uid_pages(uids: &[Uid]) -> Vec<Vec<String>> {
    let once: Vec<_> = once(uids).iter().map(ToString::to_string).collect();
    once.chunks(UIDS_OF_A_PAGE).map(<[_]>::to_vec).collect()
}

fn once(uids: &[Uid]) -> Vec<Uid> {
    let mut named = HashSet::new();
    uids.iter().filter(|uid| named.insert(*uid)).cloned().collect()
}

/// Groups for one command, each once; `Err` tells how many there are when it is more than one command takes. A client may be in any
/// number of them, and only within one command a gateway knows that it was reached already: so there is never a second one.
pub(crate) fn groups_at_once(groups: &[Group]) -> Result<Vec<String>, usize> {
    let once: BTreeSet<_> = groups.iter().collect();
    match once.len() {
        0..=GROUPS_AT_ONCE => Ok(once.into_iter().map(ToString::to_string).collect()),
        many => Err(many),
    }
}

/// Groups in as many questions as they need, each once and in order.
pub(crate) fn group_batches(groups: &[Group]) -> Vec<Vec<String>> {
    let once: BTreeSet<_> = groups.iter().collect();
    let once: Vec<_> = once.into_iter().map(ToString::to_string).collect();
    once.chunks(GROUPS_AT_ONCE).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(number: u8) -> GatewayId {
        format!("{number:016x}").parse().unwrap()
    }

    fn client(gateway: u8, number: u8) -> ClientId {
        format!("{gateway:016x}{number:024x}").parse().unwrap()
    }

    #[test]
    fn a_client_is_told_through_its_own_gateway_once() {
        let clients = [client(2, 1), client(1, 1), client(2, 2), client(2, 1)];
        let routes = clients_by_gateway(&clients, &[]);
        assert_eq!(routes.keys().copied().collect::<Vec<_>>(), [gateway(1), gateway(2)]);
        assert_eq!(routes[&gateway(2)], BTreeSet::from([client(2, 1), client(2, 2)]));
    }

    #[test]
    fn an_excluded_client_is_not_told_and_a_gateway_without_others_hears_nothing() {
        let routes = clients_by_gateway(&[client(1, 1), client(2, 1)], &[client(1, 1), client(3, 1)]);
        assert_eq!(routes.keys().copied().collect::<Vec<_>>(), [gateway(2)]);
    }

    #[test]
    fn a_gateway_hears_only_of_excluded_clients_of_its_own() {
        let exclude = [client(1, 1), client(2, 1)];
        assert_eq!(excluded_on(gateway(1), &exclude), [client(1, 1).to_string()]);
        assert!(excluded_on(gateway(3), &exclude).is_empty());
    }

    #[test]
    fn many_names_go_in_several_commands_and_none_twice() {
        let uids: Vec<_> = (0..10_000_u64).chain(0..10_000).map(Uid::from).collect();
        let batches = uid_batches(&uids);
        assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [4_000, 4_000, 2_000]);
        assert_eq!(batches.concat().into_iter().collect::<HashSet<_>>().len(), 10_000);
        assert!(uid_batches(&[]).is_empty());
        assert_eq!(client_batches(&BTreeSet::from([client(1, 1)])), [[client(1, 1).to_string()]]);
    }

    #[test]
    fn a_question_goes_to_the_gateways_it_is_about() {
        let (one, two, stranger) = (gateway(1), gateway(2), gateway(9));
        #[rustfmt::skip]
        let cases: &[(&str, &[GatewayId], bool, &[GatewayId])] = &[
            ("everybody", &[], true, &[one, two]),
            ("everybody, no register", &[], false, &[one, two]),
            ("one, named twice", &[two, two], true, &[two]),
            ("in order", &[two, one], true, &[one, two]),
            ("a stranger is gone", &[stranger, one], true, &[one]),
            ("only a stranger: nobody", &[stranger], true, &[]),
            ("nobody can know whether a stranger is gone", &[stranger, one], false, &[one, stranger]),
        ];
        for (name, wanted, register_connected, expected) in cases {
            assert_eq!(asked(&[one, two], wanted, *register_connected), *expected, "{name}");
        }
    }

    #[test]
    fn groups_of_a_send_go_in_one_command_or_none() {
        let groups = |count: usize| -> Vec<Group> {
            (0..count).chain(0..count).map(|number| number.to_string().parse().unwrap()).collect()
        };
        assert_eq!(groups_at_once(&[]), Ok(vec![]));
        assert_eq!(groups_at_once(&groups(1_000)).map(|groups| groups.len()), Ok(1_000));
        assert_eq!(groups_at_once(&groups(1_001)), Err(1_001));
        let questions = group_batches(&groups(2_500));
        assert_eq!(questions.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 500]);
        assert!(questions.concat().is_sorted());
    }
}
