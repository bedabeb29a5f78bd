//! Who is there: lists page by page and as streams, counts, and presence, all agreeing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{Stream, StreamExt};
use gatepipe_client::{
    ClientId, Code, DistinctCount, Failure, Filter, GatewayClient, GatewayId, Listing, Page, Session,
};
use serde_json::Value;

use crate::crowd::{Crowd, group, text, uid};

const EVERYBODY: [usize; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

async fn all<T>(stream: impl Stream<Item = Result<T, Failure>>) -> Vec<T> {
    stream.map(|item| item.expect("every gateway answers")).collect().await
}

/// The pages of a list put together.
async fn paged<T>(list: impl AsyncFn(Page) -> Listing<T>) -> Vec<T> {
    let mut items = Vec::new();
    let mut page = Page { after: None, limit: 2 };
    loop {
        let listing = list(page.clone()).await;
        assert!(listing.items.len() <= 2);
        items.extend(listing.items);
        page.after = listing.next;
        if page.after.is_none() {
            return items;
        }
    }
}

async fn clients(client: &GatewayClient, filter: &Filter) -> Vec<ClientId> {
    let list = async |page| {
        let answer = client.clients(filter, &page).await.unwrap();
        assert!(answer.is_whole());
        answer.value
    };
    paged(list).await.into_iter().map(|info| info.client_id).collect()
}

async fn uids(client: &GatewayClient, filter: &Filter) -> Vec<(String, u64)> {
    let list = async |page| {
        let answer = client.uids(filter, &page).await.unwrap();
        assert!(answer.is_whole());
        answer.value
    };
    paged(list).await.into_iter().map(|info| (info.uid.to_string(), info.clients)).collect()
}

fn exactly(count: u64) -> DistinctCount {
    DistinctCount { count, exact: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_and_uids_by_every_filter_in_pages_streams_and_numbers() {
    let crowd = Crowd::gather().await;
    let client = &crowd.client;
    let everybody = Filter::default;
    /// A name, the filter, the pages it lets through, and their uids with how many pages each has.
    type Case = (&'static str, Filter, Vec<usize>, Vec<(&'static str, u64)>);
    let cases: Vec<Case> = vec![
        ("everybody", everybody(), EVERYBODY.to_vec(), vec![("ana", 3), ("ben", 2), ("cem", 1)]),
        ("one uid", Filter::uid(uid("ana")), vec![0, 3, 6], vec![("ana", 3)]),
        (
            "some uids",
            Filter { uids: vec![uid("cem"), uid("ben"), uid("nobody"), uid("ben")], ..everybody() },
            vec![1, 4, 7],
            vec![("ben", 2), ("cem", 1)],
        ),
        ("one group", Filter::group(group("lobby")), vec![0, 4, 8], vec![("ana", 1), ("cem", 1)]),
        (
            "two groups, one client in both",
            Filter { groups: vec![group("news"), group("lobby")], ..everybody() },
            vec![0, 4, 5, 7, 8],
            vec![("ana", 1), ("ben", 1), ("cem", 1)],
        ),
        ("one gateway", Filter::gateway(crowd.gateways[1]), vec![3, 4, 5], vec![("ana", 1), ("cem", 1)]),
        (
            "bound ones",
            Filter { bound: Some(true), ..everybody() },
            vec![0, 1, 3, 4, 6, 7],
            vec![("ana", 3), ("ben", 2), ("cem", 1)],
        ),
        ("unbound ones", Filter { bound: Some(false), ..everybody() }, vec![2, 5, 8], vec![]),
        (
            "all of it",
            Filter {
                uids: vec![uid("ana"), uid("cem")],
                groups: vec![group("lobby"), group("news")],
                gateways: crowd.gateways[..2].to_vec(),
                remote_address_prefix: "127.0.".into(),
                bound: Some(true),
            },
            vec![0, 4],
            vec![("ana", 1), ("cem", 1)],
        ),
        ("another address", Filter { remote_address_prefix: "10.".into(), ..everybody() }, vec![], vec![]),
        ("a gateway that is none", Filter::gateway(GatewayId::random()), vec![], vec![]),
    ];
    for (name, filter, expected, expected_uids) in cases {
        let (expected, numbers) = (crowd.sorted_ids(&expected), expected.len() as u64);
        let expected_uids: Vec<_> = expected_uids.into_iter().map(|(uid, n)| (uid.to_owned(), n)).collect();
        assert_eq!(clients(client, &filter).await, expected, "{name}");
        let streamed = all(client.all_clients(filter.clone()).unwrap()).await;
        assert_eq!(
            streamed.iter().map(|info| info.client_id).collect::<Vec<_>>(),
            expected,
            "{name}, streamed"
        );
        let sessions = all(client.all_sessions(filter.clone()).unwrap()).await;
        assert_eq!(
            sessions.iter().map(|(client, _)| *client).collect::<Vec<_>>(),
            expected,
            "{name}, sessions"
        );
        assert_eq!(client.count_clients(&filter).await.value, numbers, "{name}, counted");

        assert_eq!(uids(client, &filter).await, expected_uids, "{name}");
        let streamed = all(client.all_uids(filter.clone()).unwrap()).await;
        let streamed: Vec<_> =
            streamed.into_iter().map(|info| (info.uid.to_string(), info.clients)).collect();
        assert_eq!(streamed, expected_uids, "{name}, streamed");
        let counted = client.count_uids(&filter).await.value;
        assert_eq!(counted, exactly(expected_uids.len() as u64), "{name}, counted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_their_numbers() {
    let crowd = Crowd::gather().await;
    let client = &crowd.client;
    let expected = [("lobby", 3, exactly(2)), ("news", 3, exactly(2))];
    let expected = expected.map(|(name, clients, uids)| (name.to_owned(), clients, uids));
    let list = async |page: Page| {
        let one_each = Page { limit: 1, ..page };
        client.groups(&one_each).await.unwrap().value
    };
    let listed: Vec<_> =
        paged(list).await.into_iter().map(|info| (info.group.to_string(), info.clients, info.uids)).collect();
    assert_eq!(listed, expected);
    let streamed = all(client.all_groups().unwrap()).await;
    let streamed: Vec<_> =
        streamed.into_iter().map(|info| (info.group.to_string(), info.clients, info.uids)).collect();
    assert_eq!(streamed, expected);
    assert_eq!(client.count_groups().await.value, exactly(2));

    let counted = client.count_by_group(&[group("news"), group("empty"), group("news")]).await.value;
    let numbers = |name: &str| counted.get(name).map(|info| (info.clients, info.uids.count));
    assert_eq!((counted.len(), numbers("news"), numbers("empty")), (2, Some((3, 2)), Some((0, 0))));

    let counts = client.counts().await.value;
    assert_eq!((counts.clients, counts.bound_clients), (9, 6));
    assert_eq!((counts.uids, counts.groups), (exactly(3), exactly(2)));
    let here = counts.gateways[&crowd.gateways[0]];
    assert_eq!((here.clients, here.bound_clients, here.uids, here.groups), (3, 2, 2, 2));

    // All groups with their uids: from the clients, each of which tells its own.
    let mut members = BTreeMap::<String, BTreeSet<String>>::new();
    for info in all(client.all_clients(Filter::default()).unwrap()).await {
        for group in &info.groups {
            members.entry(group.to_string()).or_default().extend(info.uid.iter().map(ToString::to_string));
        }
    }
    let names = |names: [&str; 2]| names.map(str::to_owned).into();
    assert_eq!(
        members,
        [("lobby".into(), names(["ana", "cem"])), ("news".into(), names(["ana", "ben"]))].into()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_and_who_is_online() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    assert_eq!(client.is_online(crowd.id(5)).await, Ok(true));
    assert_eq!(client.is_online(ClientId::random(crowd.gateways[0])).await, Ok(false));
    assert_eq!(client.uid_of_client(crowd.id(7)).await, Ok(Some(uid("ben"))));
    assert_eq!(client.uid_of_client(crowd.id(5)).await, Ok(None));
    assert_eq!(client.is_uid_online(&uid("ana")).await, Ok(true));
    assert_eq!(client.is_uid_online(&uid("nobody")).await, Ok(false));

    let asked = [uid("ana"), uid("nobody"), uid("cem"), uid("ana")];
    let online = client.are_uids_online(&asked).await;
    assert!(online.is_whole());
    assert_eq!(online.value.online, BTreeSet::from([uid("ana"), uid("cem")]));
    assert_eq!(online.value.offline, BTreeSet::from([uid("nobody")]));
    assert!(online.value.unknown.is_empty());
    assert_eq!(client.clients_of_uid(&uid("ana")).await.value, crowd.sorted_ids(&[0, 3, 6]));
    let found = client.clients_of_uids(&asked).await.value;
    let expected = [(uid("ana"), crowd.sorted_ids(&[0, 3, 6])), (uid("cem"), crowd.sorted_ids(&[4]))];
    assert_eq!(found, expected.into());

    crowd.pages[0].send(r#"{"type":"ping"}"#).await;
    assert_eq!(crowd.pages[0].next().await["type"], "pong");
    client.send_to_client(crowd.id(0), text("12345")).await;
    crowd.who_heard(&text("12345")).await;
    let info = client.client_info(crowd.id(0)).await.unwrap().unwrap();
    assert_eq!((info.client_id, info.uid.as_ref()), (crowd.id(0), Some(&uid("ana"))));
    assert_eq!(info.groups, [group("lobby"), group("news")]);
    assert_eq!(info.remote_address, "127.0.0.1");
    assert!(info.bound_at_ms.is_some() && info.connected_at_ms > 1_700_000_000_000, "{info:?}");
    assert!(info.frames_in >= 1 && info.bytes_in >= 15, "{info:?}");
    assert!(info.frames_out >= 4 && info.bytes_out > 60, "{info:?}");
    assert_eq!(info.queued_bytes, 0);
    assert_eq!(client.client_info(crowd.id(5)).await.unwrap().unwrap().bound_at_ms, None);
    assert_eq!(client.client_info(ClientId::random(crowd.gateways[2])).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_by_filter_and_refused_cursors() {
    let crowd = Crowd::gather().await;
    let client = &crowd.client;
    for number in EVERYBODY {
        let session = Session::parse(&format!(r#"{{"number":{number}}}"#)).unwrap();
        client.set_session(crowd.id(number), &session).await.unwrap();
    }
    let lobby = Filter::group(group("lobby"));
    let list = async |page| {
        let answer = client.sessions(&lobby, &page).await.unwrap();
        assert!(answer.is_whole());
        answer.value
    };
    let found: BTreeMap<_, _> = paged(list).await.into_iter().collect();
    let expected = [0, 4, 8].map(|number| (crowd.id(number), Value::from(number)));
    let numbers: BTreeMap<_, _> =
        found.into_iter().map(|(client, session)| (client, session.to_object()["number"].clone())).collect();
    assert_eq!(numbers, expected.into());

    let first = Page { after: None, limit: 1 };
    let cursor = client.clients(&lobby, &first).await.unwrap().value.next;
    let page = Page { after: cursor, limit: 1 };
    assert_eq!(client.clients(&lobby, &page).await.unwrap().value.items.len(), 1);
    let refusals = [
        client.clients(&Filter::default(), &page).await.err(),
        client.sessions(&lobby, &page).await.err(),
        client.uids(&lobby, &page).await.err(),
        client.groups(&page).await.err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.map(|error| error.code()), Some(Code::Invalid));
    }
}
