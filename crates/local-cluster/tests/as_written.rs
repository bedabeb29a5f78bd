//! What callers push is carried to the letter: nothing on the way rounds, reorders or rewrites it.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};

#[tokio::test(flavor = "multi_thread")]
async fn data_arrives_as_it_was_written() {
    let cluster = Cluster::start().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut page = Page::bound(&cluster.ws()[1], &alice).await;
    let uid = alice.id;
    for data in [
        "1.10",
        "123456789012345678901234567890",
        "-0.0",
        "1E+2",
        r#"{"z":1,"a":{"2":0,"1":0},"z":2}"#,
        r#"[ 1 ,"\u4e8c\/", "二" ]"#,
        "\"\\u0000\"",
        "false",
    ] {
        let push = format!(r#"{{"data": {data} ,"other":[null],"uid":"{uid}","type":"price\u0021"}}"#);
        assert_eq!(alice.post_as_written("/WebSocket/pushToUser", &push).await.ok()["reached"], 1);
        let everybody = format!(r#"{{"type":"price!","data":{data}}}"#);
        assert_eq!(admin.post_as_written("/WebSocket/broadcast", &everybody).await.ok()["reached"], 1);
        for _ in 0..2 {
            let message = page.next_message().await.expect("a frame");
            assert_eq!(String::from_utf8_lossy(message.payload()), everybody);
        }
    }
    // Of a field that stands twice the last one counts, and null is as good as absent.
    let twice = format!(r#"{{"uid":{uid},"data":1.0,"data":2.50}}"#);
    let nothing = format!(r#"{{"uid":{uid},"data": null}}"#);
    for (push, frame) in
        [(twice, r#"{"type":"notification","data":2.50}"#), (nothing, r#"{"type":"notification","data":[]}"#)]
    {
        alice.post_as_written("/WebSocket/pushToUser", &push).await.ok();
        let message = page.next_message().await.expect("a frame");
        assert_eq!(String::from_utf8_lossy(message.payload()), frame);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_could_not_read_is_refused_and_not_carried() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let deep = "[".repeat(200) + &"]".repeat(200);
    for data in ["01", "1e999", "[1,]", r#""\ud800""#, "\"\u{1}\"", "undefined", &deep] {
        let push = format!(r#"{{"uid":{},"data":{data}}}"#, alice.id);
        let refused = alice.post_as_written("/WebSocket/pushToUser", &push).await;
        assert_eq!(refused.status, 400, "{data}");
    }
    let last = format!(r#"{{"uid":{},"data":"last"}}"#, alice.id);
    alice.post_as_written("/WebSocket/pushToUser", &last).await.ok();
    assert_eq!(page.next().await["data"], "last");
}
