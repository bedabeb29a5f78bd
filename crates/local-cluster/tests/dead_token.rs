//! A bind that overlaps a forced offline: whichever comes first, the page does not stay.

mod common;

use gatepipe_api::id::UserId;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_bound_with_a_token_that_died_meanwhile_is_closed_with_4001() {
    let cluster = common::cluster().await;
    let person = cluster.people().iter().find(|person| person.name == "bob").unwrap().clone();
    let bob = Caller::of(&cluster, "bob");
    let mut page = Page::open(&cluster.ws()[0]).await;
    let body = json!({"client_id": page.client_id()}).to_string();

    // "100 Continue" comes when the body is wanted, which is after the token was checked.
    let mut request = TcpStream::connect(cluster.http().strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /api/admin/WebSocket/bind HTTP/1.1\r\nhost: api\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        person.token,
        body.len()
    );
    request.write_all(head.as_bytes()).await.unwrap();
    let mut wanted = [0; 25];
    within("the body is wanted", request.read_exact(&mut wanted)).await.unwrap();
    assert_eq!(&wanted, b"HTTP/1.1 100 Continue\r\n\r\n");

    // Another api forces bob offline; its close does not find the page, which is not bob's yet.
    let user = UserId::new(bob.id.try_into().unwrap()).unwrap();
    assert!(cluster.store().cut_tokens(user, 1).await.unwrap());

    request.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("the answer", request.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let (frames, code) = page.rest().await;
    let kinds: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!((kinds.as_slice(), code), (["bind_success", "force_offline"].as_slice(), Some(4001)));

    // And it does not come back with the old token.
    let mut again = Page::open(&cluster.ws()[1]).await;
    let refused = bob.post("/WebSocket/bind", json!({"client_id": again.client_id()})).await;
    assert_eq!(refused.status, 401);
    let admin = Caller::of(&cluster, "admin");
    admin.post("/WebSocket/broadcast", json!({"data": "still here"})).await.ok();
    assert_eq!(again.next().await["data"], "still here", "unbound, and nothing came before");
}
