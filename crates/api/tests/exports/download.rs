//! Who gets a file, whole or in parts, and until when.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::common::{Reply, World, eventually};
use crate::{files, small};

#[tokio::test]
async fn a_download_says_what_it_is_and_is_called_as_it_should() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let mut body = small("t");
    body["prefix"] = json!("用户 列表");
    let id = ana.order(body).await;
    let shown = ana.done(id).await;
    let response = ana.download(id).await;
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    let called = headers["content-disposition"].to_str().unwrap();
    let time = &shown["file_name"].as_str().unwrap()["用户 列表_".len()..];
    assert_eq!(
        called,
        format!(
            "attachment; filename=\"__ ___{time}\"; filename*=UTF-8''%E7%94%A8%E6%88%B7%20%E5%88%97%E8%A1%A8_{time}"
        )
    );
    assert_eq!(headers["cache-control"], "private, no-store");
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_eq!(headers["content-length"].to_str().unwrap(), shown["file_bytes"].to_string());
    assert_eq!(response.bytes().await.unwrap().len() as u64, shown["file_bytes"].as_u64().unwrap());
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let id = ana.order(small("t")).await;
    let whole = ana.file(id).await;
    let tag = ana.download(id).await.headers()["etag"].clone();
    let date = ana.download(id).await.headers()["last-modified"].clone();
    let part = async |range: &str, same: Option<&reqwest::header::HeaderValue>| {
        let mut request =
            ana.request(Method::GET, &format!("/ExportTask/download?id={id}")).header("range", range);
        if let Some(same) = same {
            request = request.header("if-range", same);
        }
        let response = request.send().await.unwrap();
        let range = response.headers().get("content-range").map(|range| range.to_str().unwrap().to_owned());
        (response.status().as_u16(), range, response.bytes().await.unwrap().to_vec())
    };
    let length = whole.len();
    let rest = (206, Some(format!("bytes 100-{}/{length}", length - 1)), whole[100..].to_vec());
    for same in [None, Some(&tag), Some(&date)] {
        assert_eq!(part("bytes=100-", same).await, rest);
    }
    assert_eq!(
        part("bytes=0-9", None).await,
        (206, Some(format!("bytes 0-9/{length}")), whole[..10].to_vec())
    );
    let last =
        (206, Some(format!("bytes {}-{}/{length}", length - 7, length - 1)), whole[length - 7..].to_vec());
    assert_eq!(part("bytes=-7", None).await, last);
    // Of another file nobody gets a part, and of what is not understood the whole.
    let other = "\"other\"".parse().unwrap();
    let odd = reqwest::header::HeaderValue::from_bytes(b"\"\xff\"").unwrap();
    for (range, same) in [
        ("bytes=100-", Some(&other)),
        ("bytes=100-", Some(&odd)),
        ("bytes=0-1,5-6", None),
        ("lines=1-", None),
    ] {
        assert_eq!(part(range, same).await, (200, None, whole.clone()), "{range}");
    }
    let beyond = ana.request(Method::GET, &format!("/ExportTask/download?id={id}"));
    let beyond = beyond.header("range", format!("bytes={length}-")).send().await.unwrap();
    assert_eq!(beyond.headers()["content-range"].to_str().unwrap(), format!("bytes */{length}"));
    Reply::read(beyond).await.refused(416);
}

#[tokio::test]
async fn a_link_is_good_for_its_file_and_its_time_and_nothing_else() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let (id, other) = (ana.order(small("t")).await, ana.order(small("u")).await);
    let whole = ana.file(id).await;
    ana.done(other).await;
    let link = ana.show(id).await["download_url"].as_str().unwrap().to_owned();
    let fetch = async |link: &str| reqwest::get(format!("{}{link}", world.http)).await.unwrap();
    let response = fetch(&link).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.unwrap().to_vec(), whole);
    let expires: i64 = link.split("expires=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
    assert!((expires - chrono::Utc::now().timestamp() - 300).abs() < 10);

    let key = world
        .store
        .export_task(gatepipe_api::id::ExportTaskId::new(id).unwrap())
        .await
        .unwrap()
        .unwrap()
        .link_key;
    let past = chrono::Utc::now().timestamp() - 1;
    let signature = gatepipe_api::export::link::sign(&key, id, past);
    let flipped = if link.ends_with('0') { "1" } else { "0" };
    for wrong in [
        link.replace(&format!("id={id}"), &format!("id={other}")),
        link.replace(&format!("id={id}"), "id=4711"),
        link.replace(&expires.to_string(), &(expires + 1).to_string()),
        format!("{}{flipped}", &link[..link.len() - 1]),
        format!("/api/admin/ExportTask/download?id={id}&expires={past}&signature={signature}"),
    ] {
        Reply::read(fetch(&wrong).await).await.refused_as(403, "link_not_valid");
    }
    for (wrong, names) in [
        ("&expires=1", ["signature"]),
        ("&signature=0", ["expires"]),
        ("&expires=x&signature=0", ["expires"]),
    ] {
        let reply = ana.get(&format!("/ExportTask/download?id={id}{wrong}")).await;
        reply.wrong_fields(&names);
    }
    Reply::read(fetch(&format!("/api/admin/ExportTask/download?id={id}")).await).await.refused(401);
}

#[tokio::test]
async fn there_is_nothing_to_download_before_the_end() {
    let world = World::start_with(|config| config.export.workers = 0).await;
    let ana = world.person("ana", &[]).await;
    let id = ana.order(small("t")).await;
    assert_eq!(ana.show(id).await["download_url"], json!(null));
    let reply = Reply::read(ana.download(id).await).await;
    reply.refused_as(409, "export_not_finished");
    assert!(reply.body["msg"].as_str().unwrap().contains("0 of 2 rows"));
}

#[tokio::test]
async fn a_file_goes_when_its_time_is_over() {
    let world = World::start_with(|config| config.export.keep = Duration::from_millis(1_500)).await;
    let ana = world.person("ana", &[]).await;
    let id = ana.order(small("t")).await;
    let link = ana.done(id).await["download_url"].as_str().unwrap().to_owned();
    eventually("the file is removed", async || files(&world).is_empty()).await;
    eventually("the task has expired", async || ana.show(id).await["state"] == "expired").await;
    let shown = ana.show(id).await;
    assert_eq!((&shown["download_url"], &shown["file_bytes"]), (&json!(null), &json!(null)));
    let reply = Reply::read(ana.download(id).await).await;
    reply.refused_as(404, "export_expired");
    assert!(reply.body["msg"].as_str().unwrap().contains("order the export again"));
    let status = reqwest::get(format!("{}{link}", world.http)).await.unwrap().status();
    assert!(status == 404 || status == 403, "{status}");
}
