//! The JSON object kept with a client: set, merged, told, gone with the client.

mod common;

use common::{Worker, start};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, MAX_SESSION_BYTES, v1};

fn set(client_id: &str, session: &str) -> Kind {
    Kind::SetSession(v1::SetSession { client_id: client_id.to_owned(), session: session.to_owned() })
}

fn update(client_id: &str, patch: &str) -> Kind {
    Kind::UpdateSession(v1::UpdateSession { client_id: client_id.to_owned(), patch: patch.to_owned() })
}

async fn session(worker: &mut Worker, client_id: &str) -> String {
    worker.client(client_id, true).await.expect("a connected client").session
}

#[tokio::test]
async fn a_session_is_set_merged_and_told() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let ana = page.client_id.clone();
    let other = gateway.page().await;
    assert_eq!(session(&mut worker, &ana).await, "{}");
    for (command, reached, expected) in [
        (
            set(&ana, r#"{"name": "Ana", "cart": {"apples": 1, "pears": 2}}"#),
            1,
            r#"{"name": "Ana", "cart": {"apples": 1, "pears": 2}}"#,
        ),
        (
            update(&ana, r#"{"cart":{"pears":null,"plums":[3]},"seen":true}"#),
            1,
            r#"{"name":"Ana","cart":{"apples":1,"plums":[3]},"seen":true}"#,
        ),
        (
            update(&ana, r#"{"cart":{"apples":1}}"#),
            0,
            r#"{"name":"Ana","cart":{"apples":1,"plums":[3]},"seen":true}"#,
        ),
        (set(&ana, r#"{"name":"张三"}"#), 1, r#"{"name":"张三"}"#),
        (set(&ana, r#"{"name":"张三"}"#), 0, r#"{"name":"张三"}"#),
        (update(&ana, r#"{"name":null}"#), 1, "{}"),
        (set(&ana, "{}"), 0, "{}"),
    ] {
        let receipt = worker.execute(command).await;
        assert_eq!((receipt.code, receipt.reached), (0, reached), "{}", receipt.error);
        assert_eq!(session(&mut worker, &ana).await, expected);
    }
    assert_eq!(session(&mut worker, &other.client_id).await, "{}");
    assert_eq!(worker.client(&other.client_id, false).await.unwrap().session, "", "it was not asked for");
}

#[tokio::test]
async fn what_is_no_session_is_refused_and_the_old_one_stays() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let ana = page.client_id.as_str();
    let of_length = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
    let longest = of_length(MAX_SESSION_BYTES);
    assert_eq!(worker.execute(set(ana, &longest)).await.reached, 1);
    let nobody = format!("{}{}", gateway.gateway_id, "0".repeat(24));
    for (command, code) in [
        (set(ana, "[]"), Code::Invalid),
        (set(ana, "null"), Code::Invalid),
        (set(ana, "{"), Code::Invalid),
        (set(ana, ""), Code::Invalid),
        (set(ana, &of_length(MAX_SESSION_BYTES + 1)), Code::TooLarge),
        (update(ana, "\"text\""), Code::Invalid),
        (update(ana, &of_length(MAX_SESSION_BYTES + 1)), Code::TooLarge),
        (update(ana, r#"{"b":1}"#), Code::TooLarge),
        (set(&nobody, "{}"), Code::NotFound),
        (update(&nobody, "{}"), Code::NotFound),
        (set("ana", "{}"), Code::Invalid),
    ] {
        let receipt = worker.execute(command).await;
        assert_eq!(Code::from_number(receipt.code), Some(code), "{}", receipt.error);
        assert!(!receipt.error.is_empty());
        assert_eq!(receipt.reached, 0);
    }
    assert_eq!(session(&mut worker, ana).await, longest);
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_by_many_workers_at_once_lose_nothing() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let merging = (0..200).map(|number| {
        let (mut worker, patch) =
            (worker.clone(), update(&page.client_id, &format!("{{\"{number}\":{number}}}")));
        async move { worker.execute(patch).await.reached }
    });
    let merged: u64 = futures_util::future::join_all(merging).await.iter().sum();
    assert_eq!(merged, 200);
    let session: serde_json::Value =
        serde_json::from_str(&session(&mut worker, &page.client_id).await).unwrap();
    assert_eq!(session.as_object().unwrap().len(), 200);
}

#[tokio::test]
async fn a_client_that_left_has_no_session() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let client_id = page.client_id.clone();
    assert_eq!(worker.execute(set(&client_id, r#"{"a":1}"#)).await.reached, 1);
    drop(page);
    worker.until_clients(0).await;
    assert_eq!(worker.client(&client_id, true).await, None);
    assert_eq!(worker.execute(set(&client_id, "{}")).await.code, Code::NotFound.number());
}
