//! What may be ordered, and what its owner hears.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::common::{Person, World};
use crate::{files, left, small};

#[tokio::test]
async fn an_order_is_taken_written_and_told_of() {
    let world = World::start_with(|config| config.time_zone = "Asia/Shanghai".parse().unwrap()).await;
    let ana = world.person("ana", &[]).await;
    let ordered = ana.post("/ExportTask/create", small("用户")).await;
    let task = ordered.accepted();
    assert_eq!(
        (
            &task["title"],
            &task["format"],
            &task["total"],
            &task["done"],
            &task["reason"],
            &task["file_bytes"]
        ),
        (&json!("用户"), &json!("xlsx"), &json!(2), &json!(0), &Value::Null, &Value::Null)
    );
    let id = task["id"].as_i64().unwrap();
    let shown = ana.done(id).await;
    assert_eq!((&shown["done"], &shown["total"]), (&json!(2), &json!(2)));
    for name in ["created_at", "started_at", "finished_at", "expires_at"] {
        let written = shown[name].as_str().unwrap();
        let ms = shown[format!("{name}_ms")].as_i64().unwrap() + 8 * 3_600_000;
        let time = chrono::DateTime::from_timestamp_millis(ms).unwrap();
        assert_eq!(written, time.format("%Y-%m-%d %H:%M:%S").to_string());
    }
    let written: String = shown["created_at"].as_str().unwrap().replace(['-', ':'], "").replace(' ', "_");
    assert_eq!(shown["file_name"], format!("用户_{written}_{id}.xlsx"));

    let list = ana.get("/Notification/list").await;
    let told = &list.data()["list"][0];
    assert_eq!(
        (&told["title"], &told["level"], &told["notification_type"], &told["link"]),
        (&json!("Export ready: 用户"), &json!("urgent"), &json!("success"), &json!("/devTools/exportTask"))
    );
    assert!(told["content"].as_str().unwrap().contains(shown["file_name"].as_str().unwrap()));
    assert_eq!(ana.unread().await, 1);
    // The rows have gone; the file is there, whole.
    let left = left(&world, 1).await;
    assert!(left.len() == 1 && left[0].ends_with(".xlsx"), "{left:?}");
    crate::common::eventually("the worker is free again", async || {
        world.admin_page("/metrics").await.1.contains("gatepipe_api_exports_running 0")
    })
    .await;
    let (_, page) = world.admin_page("/metrics").await;
    for line in
        [r#"exports_total{result="ordered"} 1"#, r#"exports_total{result="done"} 1"#, "exports_running 0"]
    {
        assert!(page.contains(&format!("gatepipe_api_{line}")), "{line}: {page}");
    }
}

#[tokio::test]
async fn exports_are_listed_page_by_page_newest_first_and_by_state() {
    let world = World::start_with(|config| config.export.workers = 0).await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(ana.order(small(&format!("a{number}"))).await);
        bob.order(small("b")).await;
    }
    ids.reverse();
    let page = async |query: &str| {
        let reply = ana.get(&format!("/ExportTask/list?{query}")).await;
        let rows = reply.data()["list"].as_array().unwrap().iter();
        let ids: Vec<i64> = rows.map(|row| row["id"].as_i64().unwrap()).collect();
        (ids, reply.data()["next_cursor"].clone())
    };
    assert_eq!(page("").await, (ids.clone(), Value::Null));
    assert_eq!(page("limit=2").await, (ids[..2].to_vec(), json!(ids[1])));
    assert_eq!(page(&format!("limit=2&before_id={}", ids[1])).await, (ids[2..].to_vec(), Value::Null));
    assert_eq!(page("state=queued").await.0, ids);
    assert_eq!(page("state=done").await.0, [0_i64; 0]);
    ana.get("/ExportTask/list?state=gone&limit=0&before_id=x").await.wrong_fields(&[
        "before_id",
        "limit",
        "state",
    ]);
}

#[tokio::test]
async fn nobody_sees_anothers() {
    let world = World::start().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.admin().await);
    let id = ana.order(small("a")).await;
    ana.done(id).await;
    for path in ["show", "download"] {
        bob.get(&format!("/ExportTask/{path}?id={id}")).await.refused_as(404, "no_such_export");
        bob.get(&format!("/ExportTask/{path}?id=4711")).await.refused(404);
        bob.get(&format!("/ExportTask/{path}")).await.wrong_fields(&["id"]);
    }
    assert_eq!(bob.get("/ExportTask/list").await.data()["list"], json!([]));
}

#[tokio::test]
async fn fields_that_break_a_rule_are_named_and_nothing_is_left() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    ana.post("/ExportTask/create", json!({})).await.wrong_fields(&["data", "headers", "title"]);
    let cases = [
        ("title", json!("")),
        ("title", json!("x".repeat(256))),
        ("headers", json!([])),
        ("headers", json!([1])),
        ("headers", json!([{"title": "a", "type": "money"}])),
        ("headers", json!(vec!["a"; 16_385])),
        ("prefix", json!("../a")),
        ("prefix", json!("")),
        ("format", json!("pdf")),
        ("data", json!("x")),
        ("data", json!([1])),
        ("data", json!([[1, 2]])),
        ("data", json!([[{}]])),
        ("data", json!([["x".repeat(32_768)]])),
    ];
    for (name, value) in cases {
        let mut body = small("t");
        body[name] = value;
        ana.post("/ExportTask/create", body).await.wrong_fields(&[name]);
    }
    let reply =
        ana.post("/ExportTask/create", json!({"title": "t", "headers": ["a"], "data": [[1], [[]]]})).await;
    let told = reply.refused(422)["data"].as_str().unwrap().to_owned();
    assert!(told.starts_with("row 2: cell 1 must be"), "{told}");
    assert_eq!(ana.get("/ExportTask/list").await.data()["list"], json!([]));
    assert_eq!(files(&world), [""; 0]);
}

#[tokio::test]
async fn a_wrong_line_is_named_and_nothing_is_left() {
    let world = World::start_with(|config| config.export.body_limit = 3 << 20).await;
    let ana = world.person("ana", &[]).await;
    let first = r#"{"title": "t", "headers": ["a", {"title": "day", "type": "date"}]}"#;
    let fault = async |lines: &str| {
        let reply = ana.stream(format!("{first}\n{lines}")).await;
        reply.refused(422)["data"].as_str().unwrap().to_owned()
    };
    assert!(fault("[1]\n[2,\"2026-13-01\"]\n").await.starts_with("line 3: cell 2 must be a day"));
    assert!(fault("[1]\n\n[1,").await.starts_with("line 4: is not JSON"));
    assert!(fault("[1,null,3]").await.starts_with("line 2: has 3 cells, but there are 2 headers"));
    assert!(fault("{}").await.starts_with("line 2: must be a JSON array"));
    assert!(
        fault(&format!("[1]\n[\"{}\"]", "x".repeat(1 << 20))).await.contains("longer than 1048576 bytes")
    );
    ana.stream("").await.refused(400);
    ana.stream("[1]\n[2]").await.wrong_fields(&["body"]);
    ana.stream("{\"title\": 1}\n").await.wrong_fields(&["headers", "title"]);
    // More than the body limit of everything else, and then more than its own.
    let row = format!("[\"{}\"]\n", "x".repeat(32_000));
    ana.stream(format!("{first}\n{}", row.repeat(200))).await.refused(413);
    let sent = ana.stream(format!("{first}\n{}", row.repeat(60))).await;
    assert_eq!(sent.accepted()["total"], 60);
    ana.done(sent.accepted()["id"].as_i64().unwrap()).await;
    left(&world, 1).await;
    ana.post("/ExportTask/create", json!({"title": "x".repeat(2 << 20)})).await.refused(413);
}

#[tokio::test]
async fn a_user_has_so_many_unfinished_exports_and_no_more() {
    let world = World::start_with(|config| {
        config.export.workers = 0;
        config.export.unfinished = 2.try_into().unwrap();
    })
    .await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    let orders = (0..8).map(|_| ana.post("/ExportTask/create", small("a")));
    let replies = futures_util::future::join_all(orders).await;
    let taken = replies.iter().filter(|reply| reply.status == 202).count();
    assert_eq!(taken, 2, "{replies:?}");
    for refused in replies.iter().filter(|reply| reply.status != 202) {
        refused.refused_as(409, "too_many_exports");
    }
    ana.stream("{\"title\": \"t\", \"headers\": [\"a\"]}\n[1]").await.refused(409);
    assert_eq!(files(&world).len(), 2);
    bob.order(small("b")).await;
}

#[tokio::test]
async fn an_order_that_is_sent_again_is_taken_once() {
    let world = World::start_with(|config| config.export.unfinished = 1.try_into().unwrap()).await;
    let ana = world.person("ana", &[]).await;
    let first = ana.post_with_key("/ExportTask/create", "k", small("a")).await;
    let again = ana.post_with_key("/ExportTask/create", "k", small("a")).await;
    assert_eq!((first.accepted(), first.is_replayed()), (again.accepted(), false));
    assert!(again.is_replayed());
    ana.post_with_key("/ExportTask/create", "k", small("b")).await.wrong_fields(&["Idempotency-Key"]);
    let id = first.accepted()["id"].as_i64().unwrap();
    ana.done(id).await;

    // The same with rows that are streamed.
    let lines = "{\"title\":\"t\",\"headers\":[\"a\"]}\n[1]\n";
    let stream = async |lines: &str| {
        let request = ana.request(reqwest::Method::POST, "/ExportTask/create").header("idempotency-key", "l");
        let request = request.header("content-type", "application/x-ndjson").body(lines.to_owned());
        crate::common::Reply::read(request.send().await.unwrap()).await
    };
    let first = stream(lines).await;
    let again = stream(lines).await;
    assert_eq!(first.accepted(), again.accepted());
    assert!(!first.is_replayed() && again.is_replayed());
    stream("{\"title\":\"t\",\"headers\":[\"a\"]}\n[2]\n").await.wrong_fields(&["Idempotency-Key"]);
    ana.done(first.accepted()["id"].as_i64().unwrap()).await;
    let list = ana.get("/ExportTask/list").await;
    assert_eq!(list.data()["list"].as_array().unwrap().len(), 2);
    assert_eq!(ana.unread().await, 2);
    left(&world, 2).await;
}

/// Begins to send rows and sends no more of them.
async fn begin_to_stream(world: &World, ana: &Person, header: &str) -> TcpStream {
    let address = world.http.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let begun = format!(
        "POST /api/admin/ExportTask/create HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{header}\
         content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{{\"title\":\"t\",\"headers\":[\"a\"]}}\n[1]\n",
        ana.token
    );
    socket.write_all(begun.as_bytes()).await.unwrap();
    socket
}

#[tokio::test]
async fn who_has_no_room_left_is_told_before_the_rows_are_there_with_a_key_too() {
    let world = World::start_with(|config| {
        config.export.workers = 0;
        config.export.unfinished = 1.try_into().unwrap();
    })
    .await;
    let ana = world.person("ana", &[]).await;
    ana.order(small("a")).await;
    let mut socket = begin_to_stream(&world, &ana, "idempotency-key: k\r\n").await;
    let mut answer = [0; 12];
    tokio::time::timeout(Duration::from_secs(10), socket.read_exact(&mut answer))
        .await
        .expect("it does not wait for the rows")
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 409");
    assert_eq!(files(&world).len(), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let socket = begin_to_stream(&world, &ana, "").await;
    crate::common::eventually("the rows begin", async || files(&world).len() == 1).await;
    assert!(files(&world)[0].ends_with(".rows.part"));
    drop(socket);
    crate::common::eventually("they are gone", async || files(&world).is_empty()).await;
    assert_eq!(ana.get("/ExportTask/list").await.data()["list"], json!([]));
}
