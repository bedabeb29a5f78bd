//! Lists over several gateways: in order, each once, whole pages and cut ones; cursors; streams.

use futures_util::StreamExt as _;
use gatepipe_client::{
    ClientId, Code, Cursor, Error, Failure, FailureReason, Filter, GatewayClient, GatewayId, Page, UidInfo,
};
use gatepipe_proto::v1;

use crate::scripted::{Gateway, Register, eventually, group, impatient, joined, patient, uid};

async fn three_gateways() -> (Register, [Gateway; 3], GatewayClient) {
    let register = Register::start();
    let gateways = [Gateway::start(), Gateway::start(), Gateway::start()];
    gateways.iter().for_each(|gateway| register.list(gateway));
    let client = joined(patient(&register)).await;
    (register, gateways, client)
}

/// Every uid that `filter` lets through, `limit` at a time, with how often it was listed.
async fn uids(client: &GatewayClient, filter: &Filter, limit: u32) -> Vec<(String, u64)> {
    let mut listed = Vec::new();
    let mut page = Page { after: None, limit };
    loop {
        let answer = client.uids(filter, &page).await.unwrap();
        assert!(answer.is_whole());
        assert!(answer.value.items.len() <= limit as usize);
        listed.extend(answer.value.items.into_iter().map(|info| (info.uid.to_string(), info.clients)));
        page.after = answer.value.next;
        if page.after.is_none() {
            return listed;
        }
    }
}

#[tokio::test]
async fn uids_of_all_gateways_are_listed_once_and_added_up_however_pages_are_cut() {
    let (_register, gateways, client) = three_gateways().await;
    // Number n is on n % 3 + 1 gateways.
    for number in 0..50_usize {
        for gateway in &gateways[..=number % 3] {
            gateway.has_client(Some(&format!("u{number:02}")));
        }
    }
    let expected: Vec<_> = (0..50).map(|number| (format!("u{number:02}"), number % 3 + 1)).collect();
    let everybody = Filter::default();
    for cut in [1, 2, 7, 1_000] {
        gateways[1].cuts_pages_at(cut);
        for limit in [1, 3, 100] {
            assert_eq!(uids(&client, &everybody, limit).await, expected, "pages of {limit}, cut at {cut}");
        }
        let streamed: Vec<_> = client.all_uids(everybody.clone()).unwrap().collect().await;
        let streamed: Vec<_> = streamed
            .into_iter()
            .map(|item| item.map(|info: UidInfo| (info.uid.to_string(), info.clients)))
            .collect();
        assert_eq!(streamed, expected.iter().cloned().map(Ok).collect::<Vec<_>>(), "cut at {cut}");
    }
}

#[tokio::test]
async fn groups_are_listed_with_their_members_and_the_distinct_uids_of_those() {
    let (_register, [one, two, three], client) = three_gateways().await;
    one.has_member("ana", &["lobby", "news"]);
    two.has_member("ana", &["lobby"]);
    two.has_member("ben", &["lobby"]);
    three.has_member("", &["news"]);
    let first = client.groups(&Page { after: None, limit: 1 }).await.unwrap();
    let [lobby] = first.value.items.as_slice() else {
        panic!("one group: {first:?}");
    };
    assert_eq!((lobby.group.as_str(), lobby.clients, lobby.uids.count), ("lobby", 3, 2));
    let rest = client.groups(&Page { after: first.value.next, limit: 1 }).await.unwrap();
    let [news] = rest.value.items.as_slice() else {
        panic!("one group: {rest:?}");
    };
    assert_eq!((news.group.as_str(), news.clients, news.uids.count), ("news", 2, 1));
    assert_eq!(rest.value.next, None);

    let counts =
        client.count_by_group(&[group("news"), group("nobody's"), group("lobby"), group("news")]).await;
    let counts: Vec<_> = counts
        .value
        .into_iter()
        .map(|(name, info)| (name.to_string(), info.clients, info.uids.count))
        .collect();
    assert_eq!(counts, [("lobby".into(), 3, 2), ("news".into(), 2, 1), ("nobody's".into(), 0, 0)]);
}

#[tokio::test]
async fn a_cursor_leads_on_while_clients_and_gateways_come_and_go() {
    let (register, gateways, client) = three_gateways().await;
    let mut stay: Vec<_> = (0..12).map(|number| gateways[number % 3].has_client(None)).collect();
    stay.sort();
    let everybody = Filter::default();
    let first = client.clients(&everybody, &Page { after: None, limit: 5 }).await.unwrap().value;
    let mut listed: Vec<ClientId> = first.items.iter().map(|info| info.client_id).collect();
    // The one that the cursor names leaves, another comes, and a gateway joins.
    let gone = *listed.last().unwrap();
    gateways.iter().find(|gateway| gateway.id == gone.gateway()).unwrap().lost(gone);
    let fourth = Gateway::start();
    fourth.has_client(None);
    register.list(&fourth);
    eventually("it joined", || client.gateways().iter().filter(|gateway| gateway.connected).count() == 4)
        .await;
    let mut after = first.next;
    while after.is_some() {
        let text = after.unwrap().to_string();
        let page = Page { after: Some(text.parse().unwrap()), limit: 5 };
        let next = client.clients(&everybody, &page).await.unwrap().value;
        listed.extend(next.items.iter().map(|info| info.client_id));
        after = next.next;
    }
    assert!(listed.is_sorted());
    listed.retain(|client| client.gateway() != fourth.id);
    assert_eq!(listed, stay);
}

#[tokio::test]
async fn a_cursor_of_another_list_or_filter_is_refused() {
    let (_register, [one, ..], client) = three_gateways().await;
    let ana = one.has_client(Some("ana"));
    let at = |text: &Cursor| Page { after: Some(text.clone()), limit: 10 };
    let everybody = Filter::default();
    let cursor = Cursor::after_client(ana, &everybody);
    assert!(client.clients(&everybody, &at(&cursor)).await.is_ok());
    let bound = Filter { bound: Some(true), ..Filter::default() };
    let refusals = [
        client.clients(&bound, &at(&cursor)).await.unwrap_err(),
        client.sessions(&everybody, &at(&cursor)).await.unwrap_err(),
        client.uids(&everybody, &at(&cursor)).await.unwrap_err(),
        client.groups(&at(&cursor)).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal, Error::OtherList);
        assert_eq!(refusal.code(), Code::Invalid);
        assert_eq!(refusal.to_string(), "this cursor belongs to another list");
    }
}

#[tokio::test]
async fn a_filter_goes_to_its_gateways_only() {
    let (_register, [one, two, three], client) = three_gateways().await;
    let here = one.has(v1::ClientEntry { remote_address: "10.1.2.3".into(), ..v1::ClientEntry::default() });
    one.has(v1::ClientEntry { remote_address: "10.2.2.3".into(), ..v1::ClientEntry::default() });
    two.has_client(None);
    let stranger = GatewayId::random();
    let filter = Filter {
        gateways: vec![one.id, stranger],
        remote_address_prefix: "10.1.".into(),
        bound: Some(false),
        ..Filter::default()
    };
    let answer = client.clients(&filter, &Page::default()).await.unwrap();
    assert!(answer.is_whole(), "a gateway that no register knows has no clients");
    assert_eq!(answer.asked, [one.id]);
    assert_eq!(answer.value.items.iter().map(|info| info.client_id).collect::<Vec<_>>(), [here]);
    assert_eq!(client.count_clients(&filter).await.value, 1);
    assert_eq!((two.pages_asked(), three.pages_asked()), (0, 0));
}

#[tokio::test]
async fn a_gateway_that_is_silent_is_named_in_lists_and_counts_and_the_rest_is_told() {
    let register = Register::start();
    let (healthy, stopped) = (Gateway::start(), Gateway::start());
    register.list(&healthy);
    register.list(&stopped);
    let client = joined(impatient(&register)).await;
    healthy.has_member("ana", &["lobby"]);
    stopped.has_member("ben", &["lobby"]);
    let _frozen = stopped.freeze();
    let silent = [Failure { gateway: stopped.id, reason: FailureReason::Deadline }];
    let (everybody, page) = (Filter::default(), Page::default());

    // All at once, as each waits for the deadline.
    let (clients, sessions, uids, groups) = tokio::join!(
        client.clients(&everybody, &page),
        client.sessions(&everybody, &page),
        client.uids(&everybody, &page),
        client.groups(&page),
    );
    let (clients, uids, groups) = (clients.unwrap(), uids.unwrap(), groups.unwrap());
    assert_eq!((clients.value.items.len(), clients.failed.as_slice()), (1, silent.as_slice()));
    assert_eq!(sessions.unwrap().failed, silent);
    assert_eq!((uids.value.items[0].uid.as_str(), uids.failed.as_slice()), ("ana", silent.as_slice()));
    assert_eq!((groups.value.items[0].clients, groups.failed.as_slice()), (1, silent.as_slice()));

    let lobby = [group("lobby")];
    let anas = [uid("ana"), uid("ben"), uid("cem")];
    let (clients, uids, groups, by_group, stats, online) = tokio::join!(
        client.count_clients(&everybody),
        client.count_uids(&everybody),
        client.count_groups(),
        client.count_by_group(&lobby),
        client.stats(),
        client.are_uids_online(&anas),
    );
    assert_eq!((clients.value, clients.failed.as_slice()), (1, silent.as_slice()));
    assert_eq!((uids.value.count, uids.failed.as_slice()), (1, silent.as_slice()));
    assert_eq!((groups.value.count, groups.failed.as_slice()), (1, silent.as_slice()));
    assert_eq!((by_group.value[&group("lobby")].clients, by_group.failed.as_slice()), (1, silent.as_slice()));
    assert_eq!((stats.value.len(), stats.failed.as_slice()), (1, silent.as_slice()));
    assert_eq!(stats.value[&healthy.id].totals.opened, 7);
    assert_eq!(online.failed, silent);
    assert!(online.value.online.contains("ana"));
    assert!(online.value.offline.is_empty(), "nobody is called offline because a gateway is silent");
    assert!(online.value.unknown.contains("ben") && online.value.unknown.contains("cem"));
}

#[tokio::test]
async fn a_stream_names_a_silent_gateway_once_and_goes_on_with_the_rest() {
    let register = Register::start();
    let mut gateways = [Gateway::start(), Gateway::start(), Gateway::start()];
    gateways.sort_by_key(|gateway| gateway.id);
    gateways.iter().for_each(|gateway| register.list(gateway));
    let client = joined(impatient(&register)).await;
    for gateway in &gateways {
        for uid in ["u0", "u1", "u2"] {
            gateway.has_member(uid, &["lobby"]);
        }
        gateway.cuts_pages_at(2);
    }
    let _frozen = gateways[1].freeze();
    let silent = Failure { gateway: gateways[1].id, reason: FailureReason::Deadline };

    let clients: Vec<_> = client.all_clients(Filter::default()).unwrap().collect().await;
    let whose: Vec<_> = clients.into_iter().map(|item| item.map(|info| info.client_id.gateway())).collect();
    let mut expected = vec![Ok(gateways[0].id); 3];
    expected.push(Err(silent.clone()));
    expected.extend(vec![Ok(gateways[2].id); 3]);
    assert_eq!(whose, expected);

    let uids: Vec<_> = client.all_uids(Filter::default()).unwrap().collect().await;
    let sums: Vec<_> = uids.into_iter().map(|item| item.map(|info| info.clients)).collect();
    assert_eq!(sums, [Err(silent.clone()), Ok(2), Ok(2), Ok(2)]);

    let groups: Vec<_> = client.all_groups().unwrap().collect().await;
    let sums: Vec<_> = groups.into_iter().map(|item| item.map(|info| info.clients)).collect();
    assert_eq!(sums, [Err(silent), Ok(6)]);
}

#[tokio::test]
async fn a_stream_goes_on_when_a_gateway_dies_or_leaves_in_the_middle() {
    let register = Register::start();
    let mut gateways = vec![Gateway::start(), Gateway::start(), Gateway::start()];
    gateways.sort_by_key(|gateway| gateway.id);
    for gateway in &gateways {
        register.list(gateway);
        (0..4).for_each(|_| _ = gateway.has_client(None));
        gateway.cuts_pages_at(2);
    }
    let client = joined(patient(&register)).await;
    let ids: Vec<_> = gateways.iter().map(|gateway| gateway.id).collect();
    let mut stream = client.all_clients(Filter::default()).unwrap();
    let mut read = Vec::new();
    for gateway in gateways.drain(..2) {
        read.push(stream.next().await.unwrap().unwrap().client_id.gateway());
        let id = gateway.id;
        drop(gateway);
        eventually("it is gone", || {
            !client.gateways().iter().any(|one| one.gateway_id == id && one.connected)
        })
        .await;
        if id == ids[1] {
            // The register says so too: its clients are gone with it, and nobody is missing.
            register.remove(id);
            eventually("it left", || client.gateways().iter().all(|one| one.gateway_id != id)).await;
        }
        read.push(stream.next().await.unwrap().unwrap().client_id.gateway());
        if id == ids[0] {
            let dead = Failure { gateway: id, reason: FailureReason::Unreachable };
            assert_eq!(stream.next().await.unwrap(), Err(dead));
        }
    }
    let rest: Vec<_> = stream.map(|item| item.unwrap().client_id.gateway()).collect().await;
    read.extend(rest);
    assert_eq!(read, [ids[0], ids[0], ids[1], ids[1], ids[2], ids[2], ids[2], ids[2]]);
}
