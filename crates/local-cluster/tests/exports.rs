//! An export from its order to the download, as its owner's pages on two gateways see it.

mod common;

use std::fmt::Write as _;

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use serde_json::{Value, json};

/// Reads frames up to the notification: the progress before it, and it.
async fn heard(page: &mut Page) -> (Vec<Value>, Value) {
    let mut progress = Vec::new();
    loop {
        let frame = page.next().await;
        match frame["type"].as_str() {
            Some("export_progress") => progress.push(frame["data"].clone()),
            Some("notification") => return (progress, frame["data"].clone()),
            other => panic!("an unexpected frame of the type {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_sees_the_progress_and_the_end_on_every_gateway_and_nobody_else_does() {
    let cluster = common::cluster().await;
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let mut bobs = Page::bound(&cluster.ws()[0], &bob).await;
    let total = 30_000;
    let mut lines = String::from("{\"title\": \"用户 🙂\", \"headers\": [\"n\", \"name\"]}\n");
    for row in 0..total {
        writeln!(lines, "[{row},\"名称 {row}\"]").unwrap();
    }
    let ordered = alice.post_lines("/ExportTask/create", lines).await;
    assert_eq!((ordered.status, &ordered.data["total"]), (202, &json!(total)));
    let id = &ordered.data["id"];

    for page in &mut pages {
        let (progress, told) = heard(page).await;
        let done: Vec<i64> = progress.iter().map(|data| data["done"].as_i64().unwrap()).collect();
        assert!(done.is_sorted_by(|one, next| one < next), "{done:?}");
        assert_eq!(progress.last(), Some(&json!({"task_id": id, "done": total, "total": total})));
        assert_eq!((&told["id"], &told["level"]), (&json!(1), &json!("urgent")));
        assert_eq!(
            (&told["title"], &told["notification_type"], &told["link"]),
            (&json!("Export ready: 用户 🙂"), &json!("success"), &json!("/devTools/exportTask"))
        );
    }
    // What a page heard is true: the link works at once.
    let shown = alice.get(&format!("/ExportTask/show?id={id}")).await.ok();
    assert_eq!((&shown["state"], &shown["done"]), (&json!("done"), &json!(total)));
    let link = format!("{}{}", cluster.http(), shown["download_url"].as_str().unwrap());
    let file = within("the file", reqwest::get(link)).await.unwrap();
    assert_eq!(file.status(), 200);
    assert_eq!(file.bytes().await.unwrap().len() as u64, shown["file_bytes"].as_u64().unwrap());
    // Bob hears what comes next, and nothing of the export before it.
    bob.post("/WebSocket/pushToUser", json!({"uid": bob.id, "type": "next"})).await.ok();
    assert_eq!(bobs.next().await["type"], "next");
}
