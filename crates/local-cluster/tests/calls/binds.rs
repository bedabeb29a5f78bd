//! Who a client belongs to, which groups it is in, what is kept with it, and how it ends.

use futures_util::future::join_all;
use gatepipe_client::{
    Bind, BindCondition, BindPolicy, Bound, ClientId, Close, CloseCode, Code, Error, GatewayId, Session,
};
use gatepipe_local_cluster::actor::Goodbye;
use gatepipe_local_cluster::eventually::until;

use crate::crowd::{Crowd, group, text, uid};

fn session(text: &str) -> Session {
    Session::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bind_and_unbind() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    let (hello, guest) = (text("hello"), crowd.id(2));

    let greeted = Bind { message: Some(hello.clone()), ..Bind::default() };
    assert_eq!(client.bind_uid(guest, &uid("0"), greeted).await, Ok(Bound::default()));
    assert_eq!(crowd.who_heard(&hello).await, [2]);
    assert_eq!(client.uid_of_client(guest).await, Ok(Some(uid("0"))));

    let again = client.bind_uid(guest, &uid("dan"), Bind::default()).await.unwrap();
    assert_eq!(again.previous, Some(uid("0")), "a second bind replaces the first and says so");
    let free = Bind { condition: BindCondition::UnboundOrSame, ..Bind::default() };
    assert_eq!(client.bind_uid(guest, &uid("eve"), free.clone()).await, Err(Error::Conflict(guest)));
    assert_eq!(client.bind_uid(guest, &uid("dan"), free).await.unwrap().previous, Some(uid("dan")));

    assert_eq!(client.unbind_uid(guest, &uid("eve")).await, Ok(false), "only this uid is unbound");
    assert_eq!(client.uid_of_client(guest).await, Ok(Some(uid("dan"))));
    assert_eq!(client.unbind_uid(guest, &uid("dan")).await, Ok(true));
    assert_eq!(client.uid_of_client(guest).await, Ok(None));

    let gone = ClientId::random(crowd.gateways[1]);
    assert_eq!(client.bind_uid(gone, &uid("dan"), Bind::default()).await, Err(Error::NoSuchClient(gone)));
    assert_eq!(client.unbind_uid(gone, &uid("dan")).await, Ok(false));
    let unknown = ClientId::random(GatewayId::random());
    let refusal = client.bind_uid(unknown, &uid("dan"), Bind::default()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_login_is_the_only_one() {
    let mut crowd = Crowd::gather().await;
    let newest = Bind { policy: BindPolicy::NewestWins, ..Bind::default() };
    let bound = crowd.client.bind_uid(crowd.id(5), &uid("ana"), newest.clone()).await.unwrap();
    assert_eq!(bound, Bound { replaced: 3, ..Bound::default() });
    let replaced = Goodbye { code: 4002, reason: "replaced by a newer login".into() };
    for number in [0, 3, 6] {
        assert_eq!(crowd.pages[number].next_message().await, Err(Some(replaced.clone())), "page {number}");
    }
    let anas = crowd.client.clients_of_uid(&uid("ana")).await;
    assert_eq!(anas.value, [crowd.id(5)]);
    // The same login again is not newer than itself.
    assert_eq!(crowd.client.bind_uid(crowd.id(5), &uid("ana"), newest.clone()).await.unwrap().replaced, 0);

    // Three at the same time, on three gateways: one stays.
    let both = [2, 5, 8].map(|number| crowd.id(number));
    let ana = uid("ana");
    let logins = both.map(|login| crowd.client.bind_uid(login, &ana, newest.clone()));
    let logins: Vec<_> = join_all(logins).await.into_iter().map(Result::unwrap).collect();
    assert!(logins.iter().all(|login| login.failed.is_empty()), "{logins:?}");
    assert!(logins.iter().any(|login| !login.superseded), "the newest one never yields: {logins:?}");
    until("one is left", || async { crowd.client.clients_of_uid(&uid("ana")).await.value.len() == 1 }).await;
    let left = crowd.client.clients_of_uid(&uid("ana")).await.value;
    assert!(both.contains(&left[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn join_leave_and_ungroup() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    let (lobby, guest) = (group("lobby"), crowd.id(2));
    assert_eq!(client.join_group(guest, &lobby).await, Ok(true));
    assert_eq!(client.join_group(guest, &lobby).await, Ok(false), "joining twice changes nothing");
    assert_eq!(client.leave_group(guest, &lobby).await, Ok(true));
    assert_eq!(client.leave_group(guest, &lobby).await, Ok(false));

    let receipt = client.ungroup(&lobby).await;
    assert_eq!((receipt.reached, receipt.asked.len(), receipt.is_whole()), (3, 3, true));
    let hello = text("hello");
    assert_eq!(client.send_to_group(&lobby, hello.clone(), &[]).await.reached, 0);
    assert_eq!(client.send_to_all(hello.clone(), &[]).await.reached, 9, "they stay connected");
    assert_eq!(crowd.who_heard(&hello).await.len(), 9);

    let gone = ClientId::random(crowd.gateways[0]);
    assert_eq!(client.join_group(gone, &lobby).await, Err(Error::NoSuchClient(gone)));
    assert_eq!(client.leave_group(gone, &lobby).await, Ok(false));
    let joins =
        (0..1_000).map(async |number: u32| client.join_group(guest, &group(&number.to_string())).await);
    assert!(join_all(joins).await.into_iter().all(|joined| joined == Ok(true)));
    assert_eq!(client.join_group(guest, &lobby).await.unwrap_err().code(), Code::TooMany);
    assert_eq!(client.join_group(guest, &group("7")).await, Ok(false), "it is in this one already");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions() {
    let crowd = Crowd::gather().await;
    let client = &crowd.client;
    let ana = crowd.id(0);
    assert_eq!(client.session(ana).await, Ok(Some(session("{}"))));
    client.set_session(ana, &session(r#"{"name":"Ana","seen":{"a":1,"b":2},"list":[1,2,3]}"#)).await.unwrap();
    client.update_session(ana, &session(r#"{"seen":{"a":null,"c":3},"list":[9]}"#)).await.unwrap();
    let merged = client.session(ana).await.unwrap().unwrap();
    let expected = session(r#"{"name":"Ana","seen":{"b":2,"c":3},"list":[9]}"#);
    assert_eq!(merged.to_object(), expected.to_object());

    let long = session(&format!(r#"{{"x":"{}"}}"#, "x".repeat(63_000)));
    client.update_session(ana, &session(&format!(r#"{{"y":"{}"}}"#, "y".repeat(5_000)))).await.unwrap();
    let before = client.session(ana).await.unwrap().unwrap();
    assert_eq!(client.update_session(ana, &long).await.unwrap_err().code(), Code::TooLarge);
    assert_eq!(client.session(ana).await, Ok(Some(before)), "it stays as it was");
    client.set_session(ana, &session("{}")).await.unwrap();
    assert_eq!(client.session(ana).await, Ok(Some(session("{}"))));

    let gone = ClientId::random(crowd.gateways[0]);
    assert_eq!(client.session(gone).await, Ok(None));
    assert_eq!(client.set_session(gone, &long).await, Err(Error::NoSuchClient(gone)));
    assert_eq!(client.update_session(gone, &long).await, Err(Error::NoSuchClient(gone)));
}

#[tokio::test(flavor = "multi_thread")]
async fn close_destroy_and_close_uid() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    let close = Close {
        code: CloseCode::new(4_100).unwrap(),
        reason: "see you".into(),
        last_message: Some(text("bye")),
    };
    let said = Goodbye { code: 4_100, reason: "see you".into() };
    assert_eq!(client.close_client(crowd.id(2), close.clone()).await, Ok(true));
    assert_eq!(crowd.pages[2].next_message().await, Ok(text("bye")));
    assert_eq!(crowd.pages[2].next_message().await, Err(Some(said.clone())));

    assert_eq!(client.destroy_client(crowd.id(5)).await, Ok(true));
    assert_eq!(crowd.pages[5].next_message().await, Err(None), "without a close frame");

    let receipt = client.close_uid(&uid("ana"), close.clone()).await;
    assert_eq!((receipt.reached, receipt.asked.len(), receipt.is_whole()), (3, 3, true));
    for number in [0, 3, 6] {
        assert_eq!(crowd.pages[number].next_message().await, Ok(text("bye")));
        assert_eq!(crowd.pages[number].next_message().await, Err(Some(said.clone())));
    }
    for number in [0, 2, 5] {
        let gone = crowd.id(number);
        until("it is gone", || async { client.is_online(gone).await == Ok(false) }).await;
        assert_eq!(client.close_client(gone, close.clone()).await, Ok(false));
        assert_eq!(client.destroy_client(gone).await, Ok(false));
    }
    until("four are left", || async { client.counts().await.value.clients == 4 }).await;
}
