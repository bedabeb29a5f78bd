//! Lists and numbers: filters, pages in order, and their bounds.

mod common;

use std::collections::BTreeMap;

use common::{Page, Running, Worker, start, within};
use gatepipe_proto::distinct::{self, Sum};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command as Kind;

/// Two people and somebody unknown: ana twice, once from 127.0.0.2, ben once, one without a uid.
struct Crowd {
    gateway: Running,
    worker: Worker,
    pages: BTreeMap<&'static str, Page>,
}

async fn crowd() -> Crowd {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = BTreeMap::new();
    for (name, address, uid, groups) in [
        ("ana's phone", [127, 0, 0, 2], "ana", &["staff", "berlin"][..]),
        ("ana's desk", [127, 0, 0, 1], "ana", &["staff"]),
        ("ben's desk", [127, 0, 0, 1], "ben", &["berlin"]),
        ("somebody", [127, 0, 0, 2], "", &["berlin"]),
    ] {
        let page = gateway.page_from(address).await;
        if !uid.is_empty() {
            assert_eq!(worker.bind(&page, uid).await.reached, 1);
        }
        for group in groups {
            assert_eq!(worker.join(&page, group).await.reached, 1);
        }
        pages.insert(name, page);
    }
    Crowd { gateway, worker, pages }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn by_uids(uids: &[&str]) -> v1::ClientFilter {
    v1::ClientFilter { uids: strings(uids), ..Default::default() }
}

fn by_groups(groups: &[&str]) -> v1::ClientFilter {
    v1::ClientFilter { groups: strings(groups), ..Default::default() }
}

fn by_address(prefix: &str) -> v1::ClientFilter {
    v1::ClientFilter { remote_address_prefix: prefix.to_owned(), ..Default::default() }
}

fn by_state(bound: v1::BoundState) -> v1::ClientFilter {
    v1::ClientFilter { bound: bound.into(), ..Default::default() }
}

/// Every client in pages of `limit`.
async fn all_clients(worker: &mut Worker, limit: u32, filter: &v1::ClientFilter) -> Vec<v1::ClientEntry> {
    let mut all: Vec<v1::ClientEntry> = Vec::new();
    loop {
        let request = v1::ClientsRequest {
            after_client_id: all.last().map(|entry| entry.client_id.clone()).unwrap_or_default(),
            limit,
            filter: Some(filter.clone()),
            sessions: false,
        };
        let reply = within("a page", worker.0.clients(request)).await.unwrap().into_inner();
        assert!(reply.clients.len() == limit as usize || !reply.more);
        all.extend(reply.clients);
        if !reply.more {
            return all;
        }
    }
}

#[tokio::test]
async fn clients_uids_and_counts_obey_the_same_filter() {
    let Crowd { gateway: _gateway, mut worker, pages } = crowd().await;
    let everybody = ["ana's desk", "ana's phone", "ben's desk", "somebody"];
    for (filter, expected) in [
        (v1::ClientFilter::default(), &everybody[..]),
        (by_uids(&["ana", "nobody"]), &["ana's desk", "ana's phone"]),
        (by_uids(&["ben", "ana"]), &["ana's desk", "ana's phone", "ben's desk"]),
        (by_groups(&["berlin"]), &["ana's phone", "ben's desk", "somebody"]),
        (by_groups(&["berlin", "staff", "nobody"]), &everybody),
        (by_groups(&["nobody"]), &[]),
        (by_address("127.0.0."), &everybody),
        (by_address("127.0.0.2"), &["ana's phone", "somebody"]),
        (by_address("10."), &[]),
        (by_state(v1::BoundState::Bound), &["ana's desk", "ana's phone", "ben's desk"]),
        (by_state(v1::BoundState::Unbound), &["somebody"]),
        (v1::ClientFilter { groups: strings(&["berlin"]), ..by_uids(&["ana"]) }, &["ana's phone"]),
        (
            v1::ClientFilter { groups: strings(&["berlin", "staff"]), ..by_address("127.0.0.1") },
            &["ana's desk", "ben's desk"],
        ),
        (
            v1::ClientFilter { groups: strings(&["berlin"]), ..by_state(v1::BoundState::Bound) },
            &["ana's phone", "ben's desk"],
        ),
        (v1::ClientFilter { uids: strings(&["ana"]), ..by_state(v1::BoundState::Unbound) }, &[]),
    ] {
        let name_of = |client_id: &str| {
            *pages.iter().find(|(_, page)| page.client_id == client_id).expect("a page of ours").0
        };
        let entries = all_clients(&mut worker, 2, &filter).await;
        assert!(entries.is_sorted_by(|one, next| one.client_id < next.client_id));
        let mut found: Vec<_> = entries.iter().map(|entry| name_of(&entry.client_id)).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{filter:?}");

        let mut uids: BTreeMap<String, u64> = BTreeMap::new();
        let mut groups: Vec<&String> = entries.iter().flat_map(|entry| &entry.groups).collect();
        for entry in entries.iter().filter(|entry| !entry.uid.is_empty()) {
            *uids.entry(entry.uid.clone()).or_default() += 1;
        }
        groups.sort_unstable();
        groups.dedup();
        let request = v1::UidsRequest { filter: Some(filter.clone()), ..Default::default() };
        let told = worker.0.uids(request).await.unwrap().into_inner();
        let told_uids: BTreeMap<_, _> =
            told.uids.into_iter().map(|entry| (entry.uid, entry.clients)).collect();
        assert_eq!(told_uids, uids, "{filter:?}");

        let request = v1::CountsRequest { filter: Some(filter.clone()), distinct: true };
        let counts = worker.0.counts(request).await.unwrap().into_inner();
        let bound = entries.iter().filter(|entry| !entry.uid.is_empty()).count();
        assert_eq!(
            (counts.clients, counts.bound_clients),
            (entries.len() as u64, bound as u64),
            "{filter:?}"
        );
        let prints = |names: Vec<&String>| {
            Some(distinct::told(names.into_iter().map(|name| distinct::fingerprint(name))))
        };
        assert_eq!(counts.uids, prints(uids.keys().collect()), "{filter:?}");
        assert_eq!(counts.groups, prints(groups), "{filter:?}");
    }
    let plain = worker.0.counts(v1::CountsRequest::default()).await.unwrap().into_inner();
    assert_eq!(plain, v1::CountsReply { clients: 4, bound_clients: 3, uids: None, groups: None });
}

#[tokio::test]
async fn an_entry_tells_everything_about_its_client() {
    let Crowd { gateway: _gateway, mut worker, pages } = crowd().await;
    let phone = &pages["ana's phone"];
    let session = r#"{"device": "phone"}"#.to_owned();
    let set = v1::SetSession { client_id: phone.client_id.clone(), session: session.clone() };
    worker.execute(Kind::SetSession(set)).await;
    let request =
        v1::ClientsRequest { filter: Some(by_uids(&["ana"])), sessions: true, ..Default::default() };
    let entries = worker.0.clients(request).await.unwrap().into_inner().clients;
    let told = entries.iter().find(|entry| entry.client_id == phone.client_id).unwrap();
    assert_eq!((told.uid.as_str(), told.remote_address.as_str()), ("ana", "127.0.0.2"));
    assert_eq!((&told.groups, &told.session), (&strings(&["berlin", "staff"]), &session));
    assert!(told.bound_at_ms >= told.connected_at_ms && told.connected_at_ms > 0);
    assert!(entries.iter().all(|entry| entry.heard_at_ms >= entry.connected_at_ms), "{entries:?}");
    let alone = worker.client(&phone.client_id, true).await.unwrap();
    // Reckoned from two clocks at each question, of which each is cut to milliseconds.
    assert!((alone.heard_at_ms - told.heard_at_ms).abs() <= 2, "{alone:?} {told:?}");
    assert_eq!(v1::ClientEntry { heard_at_ms: told.heard_at_ms, ..alone }, *told);
    let somebody = worker.client(&pages["somebody"].client_id, true).await.unwrap();
    assert_eq!((somebody.bound_at_ms, somebody.session.as_str()), (0, "{}"));
    let nobody = format!("{}{}", &phone.client_id[..16], "0".repeat(24));
    assert_eq!(worker.client(&nobody, true).await, None);
}

#[tokio::test]
async fn pages_survive_clients_that_come_and_go() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut staying = Vec::new();
    let mut leaving = Vec::new();
    for number in 0..200 {
        let page = gateway.page().await;
        worker.join(&page, "crowd").await;
        if number % 3 == 0 { leaving.push(page) } else { staying.push(page) }
    }
    let mut coming = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let request = v1::ClientsRequest {
            after_client_id: seen.last().cloned().unwrap_or_default(),
            limit: 9,
            filter: Some(by_groups(&["crowd"])),
            ..Default::default()
        };
        let reply = worker.0.clients(request).await.unwrap().into_inner();
        assert!(reply.clients.len() == 9 || !reply.more);
        seen.extend(reply.clients.into_iter().map(|entry| entry.client_id));
        if !reply.more {
            break;
        }
        // The one that the cursor names may go, too.
        leaving.retain(|page| Some(&page.client_id) != seen.last());
        leaving.truncate(leaving.len().saturating_sub(3));
        let page = gateway.page().await;
        worker.join(&page, "crowd").await;
        coming.push(page);
    }
    assert!(seen.is_sorted_by(|one, next| one < next), "nobody is told twice");
    for page in &staying {
        assert!(seen.binary_search(&page.client_id).is_ok(), "one that stayed was missed");
    }
}

#[tokio::test]
async fn a_page_ends_at_about_two_mebibytes() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let session = format!("{{\"a\":\"{}\"}}", "x".repeat(60_000));
    let mut pages = Vec::new();
    for _ in 0..50 {
        let page = gateway.page().await;
        let set = v1::SetSession { client_id: page.client_id.clone(), session: session.clone() };
        assert_eq!(worker.execute(Kind::SetSession(set)).await.reached, 1);
        pages.push(page);
    }
    let mut seen: Vec<String> = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let after_client_id = seen.last().cloned().unwrap_or_default();
        let request =
            v1::ClientsRequest { after_client_id, limit: 1000, sessions: true, ..Default::default() };
        let reply = worker.0.clients(request).await.unwrap().into_inner();
        sizes.push(reply.clients.len());
        seen.extend(reply.clients.into_iter().map(|entry| entry.client_id));
        if !reply.more {
            break;
        }
    }
    assert_eq!(sizes, [34, 16]);
    assert!(seen.is_sorted_by(|one, next| one < next));

    // A thousand groups with the longest names: 258 KB a client.
    let joins = pages[..10].iter().flat_map(|page| {
        (0..1000).map(|number| {
            let group = format!("{number:0>255}");
            Kind::JoinGroup(v1::JoinGroup { client_id: page.client_id.clone(), group })
        })
    });
    assert!(worker.pipe(joins.collect()).await.iter().all(|receipt| receipt.reached == 1));
    let filter = by_groups(&[&format!("{:0>255}", 7)]);
    let request = v1::ClientsRequest { limit: 1000, filter: Some(filter.clone()), ..Default::default() };
    let first = worker.0.clients(request).await.unwrap().into_inner();
    assert_eq!((first.clients.len(), first.more), (8, true));
    let after_client_id = first.clients.last().unwrap().client_id.clone();
    let request =
        v1::ClientsRequest { after_client_id, limit: 1000, filter: Some(filter), ..Default::default() };
    let second = worker.0.clients(request).await.unwrap().into_inner();
    assert_eq!((second.clients.len(), second.more), (2, false));
}

#[tokio::test]
async fn uids_come_in_order_each_once_with_all_their_clients() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    // Every uid has 1 to 6 clients, all over the shards.
    for number in 0..30_u64 {
        for _ in 0..=number % 6 {
            let page = gateway.page().await;
            worker.bind(&page, &format!("user {number}")).await;
            pages.push(page);
        }
    }
    pages.push(gateway.page().await);
    let mut seen: Vec<v1::UidEntry> = Vec::new();
    loop {
        let after_uid = seen.last().map(|entry| entry.uid.clone()).unwrap_or_default();
        let request = v1::UidsRequest { after_uid, limit: 4, filter: None };
        let reply = worker.0.uids(request).await.unwrap().into_inner();
        assert!(reply.uids.len() == 4 || !reply.more);
        seen.extend(reply.uids);
        if !reply.more {
            break;
        }
    }
    let mut expected: Vec<_> = (0..30)
        .map(|number| v1::UidEntry { uid: format!("user {number}"), clients: number % 6 + 1 })
        .collect();
    expected.sort_by(|one, other| one.uid.cmp(&other.uid));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn groups_come_in_order_with_members_and_distinct_uids() {
    let Crowd { gateway, mut worker, pages } = crowd().await;
    let ask = |limit, after: &str, groups: &[&str], uids| v1::GroupsRequest {
        after_group: after.to_owned(),
        limit,
        groups: strings(groups),
        uids,
    };
    let count = |entry: &v1::GroupEntry| {
        let mut sum = Sum::default();
        entry.uids.iter().for_each(|uids| sum.add(uids));
        (entry.group.clone(), entry.clients, sum.count().count)
    };
    let reply = worker.0.groups(ask(0, "", &[], true)).await.unwrap().into_inner();
    assert!(!reply.more);
    let told: Vec<_> = reply.groups.iter().map(count).collect();
    assert_eq!(told, [("berlin".into(), 3, 2), ("staff".into(), 2, 1)]);
    let reply = worker.0.groups(ask(1, "", &[], false)).await.unwrap().into_inner();
    assert_eq!((reply.groups[0].group.as_str(), &reply.groups[0].uids, reply.more), ("berlin", &None, true));
    let reply = worker.0.groups(ask(1, "berlin", &[], false)).await.unwrap().into_inner();
    assert_eq!((reply.groups[0].group.as_str(), reply.more), ("staff", false));
    let reply = worker.0.groups(ask(0, "", &["staff", "nobody"], false)).await.unwrap().into_inner();
    assert_eq!((reply.groups.len(), reply.groups[0].clients), (1, 2));
    let reply = worker.0.groups(ask(0, "staff", &["staff"], false)).await.unwrap().into_inner();
    assert_eq!(reply.groups.len(), 0);

    let page = &pages["somebody"];
    let joins = (0..25).map(|number| {
        Kind::JoinGroup(v1::JoinGroup {
            client_id: page.client_id.clone(),
            group: format!("room {number:02}"),
        })
    });
    worker.pipe(joins.collect()).await;
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().cloned().unwrap_or_default();
        let reply = worker.0.groups(ask(4, &after, &[], false)).await.unwrap().into_inner();
        seen.extend(reply.groups.into_iter().map(|entry| entry.group));
        if !reply.more {
            break;
        }
    }
    let mut expected: Vec<_> = (0..25).map(|number| format!("room {number:02}")).collect();
    expected.splice(0..0, ["berlin".to_owned()]);
    expected.push("staff".to_owned());
    assert_eq!(seen, expected);
    drop(gateway);
}

#[tokio::test]
async fn what_is_over_a_bound_is_refused_in_words() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    let filter = |filter| v1::ClientsRequest { filter: Some(filter), ..Default::default() };
    for (request, good) in [
        (v1::ClientsRequest { limit: 1000, ..Default::default() }, true),
        (v1::ClientsRequest { limit: 1001, ..Default::default() }, false),
        (v1::ClientsRequest { after_client_id: "x".into(), ..Default::default() }, false),
        (filter(v1::ClientFilter { uids: names(10_000), ..Default::default() }), true),
        (filter(v1::ClientFilter { uids: names(10_001), ..Default::default() }), false),
        (filter(v1::ClientFilter { groups: names(1000), ..Default::default() }), true),
        (filter(v1::ClientFilter { groups: names(1001), ..Default::default() }), false),
        (filter(by_uids(&[""])), false),
        (filter(by_address(&"1".repeat(64))), true),
        (filter(by_address(&"1".repeat(65))), false),
        (filter(v1::ClientFilter { bound: 3, ..Default::default() }), false),
    ] {
        let filter = request.filter.clone();
        let told = worker.0.clients(request).await.map(|_| ());
        let uids = worker.0.uids(v1::UidsRequest { filter: filter.clone(), ..Default::default() }).await;
        let counts = worker.0.counts(v1::CountsRequest { filter: filter.clone(), distinct: false }).await;
        let is_bad_filter = filter.is_some() && !good;
        assert_eq!((uids.is_err(), counts.is_err()), (is_bad_filter, is_bad_filter));
        match told {
            Ok(()) => assert!(good),
            Err(status) => {
                assert!(!good && status.code() == tonic::Code::InvalidArgument, "{status}");
                assert!(!status.message().is_empty());
            }
        }
    }
    let uids = |limit, after: &str| v1::UidsRequest { limit, after_uid: after.to_owned(), filter: None };
    assert!(worker.0.uids(uids(1001, "")).await.is_err());
    assert!(worker.0.uids(uids(0, &"x".repeat(256))).await.is_err());
    let groups = |groups, after: &str| v1::GroupsRequest {
        groups,
        after_group: after.to_owned(),
        ..Default::default()
    };
    assert!(worker.0.groups(groups(names(1001), "")).await.is_err());
    assert!(worker.0.groups(groups(names(1), &"x".repeat(256))).await.is_err());
    assert!(worker.0.groups(groups(names(1000), "x")).await.is_ok());
    assert!(worker.0.clients_of_uids(v1::ClientsOfUidsRequest { uids: names(10_001) }).await.is_err());
    let mut pages = Vec::new();
    for _ in 0..15 {
        let page = gateway.page().await;
        worker.bind(&page, "ana").await;
        pages.push(page);
    }
    let often = |times| v1::ClientsOfUidsRequest { uids: vec!["ana".to_owned(); times] };
    let named_often = worker.0.clients_of_uids(often(10_000)).await.unwrap().into_inner();
    assert_eq!(named_often.uids.iter().map(|uid| uid.client_ids.len()).collect::<Vec<_>>(), [15]);
    let request = v1::ClientRequest { client_id: "x".into(), ..v1::ClientRequest::default() };
    assert!(worker.0.client(request).await.is_err());
}
