//! Commands through `Execute` and `Pipe`, and what pages see of them.

mod common;

use common::{Page, Running, Worker, start, text, within};
use futures_util::{SinkExt, StreamExt};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};
use tokio_tungstenite::tungstenite::Message;

async fn bound(gateway: &Running, worker: &mut Worker, uid: &str) -> Page {
    let page = gateway.page().await;
    assert_eq!(worker.bind(&page, uid).await.code, 0);
    page
}

#[tokio::test]
async fn a_page_gets_its_id_first_and_a_pong_for_each_ping() {
    let gateway = start(|_| {}).await;
    let mut page = gateway.page().await;
    assert!(page.client_id.starts_with(&gateway.gateway_id));
    assert_eq!(page.client_id.len(), 40);
    page.send(r#"{"type":"ping"}"#).await;
    page.send(r#"{"type":"other","data":1}"#).await;
    page.send(r#" { "n" : 1, "type" : "ping" } "#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    let metrics = gateway.metrics().await;
    assert!(metrics.contains("\ngatepipe_gateway_frames_dropped_total 1\n"), "{metrics}");
    assert!(metrics.contains("\ngatepipe_gateway_connections 1\n"), "{metrics}");
}

#[tokio::test]
async fn every_client_of_a_uid_receives_once_and_nobody_else() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut phone = bound(&gateway, &mut worker, "ana").await;
    let mut desk = bound(&gateway, &mut worker, "ana").await;
    let mut other = bound(&gateway, &mut worker, "ben").await;
    let send = v1::SendToUids {
        uids: vec!["ana".into(), "nobody".into(), "ana".into()],
        message: text("for ana"),
        ..Default::default()
    };
    assert_eq!(worker.execute(Kind::SendToUids(send)).await.reached, 2);
    assert_eq!(worker.broadcast("for all").await.reached, 3);
    for page in [&mut phone, &mut desk] {
        assert_eq!(page.text().await, "for ana");
        assert_eq!(page.text().await, "for all");
    }
    assert_eq!(other.text().await, "for all");
    assert_eq!(worker.send_to_uid("nobody", "x").await.reached, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_bound_to_the_next_of_several_uids_meanwhile_receives_once() {
    const SENDS: usize = 4000;
    let gateway = start(|_| {}).await;
    let mut page = gateway.page().await;
    let binds = (0..SENDS).map(|number| {
        Kind::BindUid(v1::BindUid {
            client_id: page.client_id.clone(),
            uid: if number % 2 == 0 { "ana" } else { "ben" }.to_owned(),
            ..Default::default()
        })
    });
    let sends = (0..SENDS).map(|number| {
        Kind::SendToUids(v1::SendToUids {
            uids: vec!["ana".into(), "ben".into()],
            message: text(&number.to_string()),
            ..Default::default()
        })
    });
    let (binds, sends) = (binds.collect(), sends.collect());
    let (mut binder, mut sender) = (gateway.worker().await, gateway.worker().await);
    let reading = tokio::spawn(async move {
        let mut texts = Vec::new();
        while texts.last().is_none_or(|text| text != "end") {
            texts.push(page.text().await);
        }
        texts
    });
    let (_, receipts) = tokio::join!(binder.pipe(binds), sender.pipe(sends));
    assert!(receipts.iter().all(|receipt| receipt.reached <= 1));
    assert_eq!(sender.broadcast("end").await.reached, 1);
    let mut texts = within("the end", reading).await.unwrap();
    let received = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), received, "some came twice");
}

#[tokio::test]
async fn the_excluded_hear_nothing() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut ana = bound(&gateway, &mut worker, "ana").await;
    let mut ben = bound(&gateway, &mut worker, "ben").await;
    let exclude_client_ids = vec![ana.client_id.clone()];
    let all = v1::SendToAll { message: text("all but ana"), exclude_client_ids: exclude_client_ids.clone() };
    assert_eq!(worker.execute(Kind::SendToAll(all)).await.reached, 1);
    let uids = v1::SendToUids {
        uids: vec!["ana".into(), "ben".into()],
        message: text("uids but ana"),
        exclude_client_ids: exclude_client_ids.clone(),
    };
    assert_eq!(worker.execute(Kind::SendToUids(uids)).await.reached, 1);
    let clients = v1::SendToClients {
        client_ids: vec![ana.client_id.clone(), ben.client_id.clone(), ben.client_id.clone()],
        message: text("clients but ana"),
        exclude_client_ids,
    };
    assert_eq!(worker.execute(Kind::SendToClients(clients)).await.reached, 1);
    assert_eq!(worker.broadcast("end").await.reached, 2);
    assert_eq!(ana.text().await, "end");
    for expected in ["all but ana", "uids but ana", "clients but ana", "end"] {
        assert_eq!(ben.text().await, expected);
    }
}

#[tokio::test]
async fn binary_messages_arrive_as_binary() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let body = v1::message::Body::Binary(vec![0, 159, 255].into());
    let send = v1::SendToAll { message: Some(v1::Message { body: Some(body) }), ..Default::default() };
    assert_eq!(worker.execute(Kind::SendToAll(send)).await.reached, 1);
    assert_eq!(page.next().await, Some(Message::binary(vec![0, 159, 255])));
}

#[tokio::test]
async fn a_bind_says_what_it_replaced_and_obeys_its_condition() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let bind = |uid: &str, condition: v1::BindCondition| {
        Kind::BindUid(v1::BindUid {
            client_id: page.client_id.clone(),
            uid: uid.into(),
            condition: condition.into(),
            message: text(&format!("bound to {uid}")),
            ..Default::default()
        })
    };
    let first = bind("0", v1::BindCondition::UnboundOrSame);
    let other = bind("ben", v1::BindCondition::UnboundOrSame);
    let any = bind("ben", v1::BindCondition::Any);

    let receipt = worker.execute(first.clone()).await;
    assert_eq!((receipt.code, receipt.reached, receipt.previous_uid.as_str()), (0, 1, ""));
    let receipt = worker.execute(first).await;
    assert_eq!((receipt.code, receipt.reached, receipt.previous_uid.as_str()), (0, 0, "0"));
    let receipt = worker.execute(other).await;
    assert_eq!(receipt.code, Code::Conflict.number());
    let receipt = worker.execute(any).await;
    assert_eq!((receipt.code, receipt.reached, receipt.previous_uid.as_str()), (0, 1, "0"));
    for expected in ["bound to 0", "bound to 0", "bound to ben"] {
        assert_eq!(page.text().await, expected);
    }
    assert_eq!(worker.send_to_uid("0", "x").await.reached, 0);
    assert_eq!(worker.send_to_uid("ben", "x").await.reached, 1);

    let unbind =
        |uid: &str| Kind::UnbindUid(v1::UnbindUid { client_id: page.client_id.clone(), uid: uid.into() });
    assert_eq!(worker.execute(unbind("0")).await.reached, 0);
    assert_eq!(worker.send_to_uid("ben", "x").await.reached, 1);
    assert_eq!(worker.execute(unbind("ben")).await.previous_uid, "ben");
    assert_eq!(worker.send_to_uid("ben", "x").await.reached, 0);
}

#[tokio::test]
async fn a_client_that_left_takes_its_binding_along() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = bound(&gateway, &mut worker, "ana").await;
    let stays = bound(&gateway, &mut worker, "ana").await;
    page.frames.close(None).await.unwrap();
    assert_eq!(page.close_code().await, None);
    worker.until_clients(1).await;
    let counts = worker.counts().await;
    assert_eq!((counts.clients, counts.bound_clients, counts.uids.unwrap().count), (1, 1, 1));
    drop(stays);
    worker.until_clients(0).await;
    let counts = worker.counts().await;
    assert_eq!((counts.clients, counts.bound_clients, counts.uids.unwrap().count), (0, 0, 0));
    let receipt = worker.bind(&page, "ana").await;
    assert_eq!(receipt.code, Code::NotFound.number());
    assert_eq!(worker.send_to_client(&page.client_id, "x").await.reached, 0);
}

#[tokio::test]
async fn a_closed_client_gets_its_last_message_then_the_code_and_reason() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut ana = bound(&gateway, &mut worker, "ana").await;
    let mut ben = gateway.page().await;
    let close = |last: &str| {
        Some(v1::Close { code: 4001, reason: "维护".into(), last_message: text(last), destroy: false })
    };
    assert_eq!(worker.send_to_uid("ana", "before").await.reached, 1);
    let receipt = worker
        .execute(Kind::CloseUid(v1::CloseUid {
            uid: "ana".into(),
            close: close("bye ana"),
            ..Default::default()
        }))
        .await;
    assert_eq!((receipt.code, receipt.reached), (0, 1));
    assert_eq!(worker.send_to_uid("ana", "after").await.reached, 0);
    let client_id = ben.client_id.clone();
    let receipt =
        worker.execute(Kind::CloseClient(v1::CloseClient { client_id, close: close("bye ben") })).await;
    assert_eq!((receipt.code, receipt.reached), (0, 1));
    assert_eq!(ana.rest().await, (vec!["before".into(), "bye ana".into()], Some((4001, "维护".into()))));
    assert_eq!(ben.rest().await, (vec!["bye ben".into()], Some((4001, "维护".into()))));
    worker.until_clients(0).await;
    assert!(gateway.metrics().await.contains(r#"gatepipe_gateway_connections_closed_total{code="4001"}"#));
}

#[tokio::test]
async fn a_destroyed_client_hears_nothing_more() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let close = Some(v1::Close { destroy: true, ..Default::default() });
    let client_id = page.client_id.clone();
    worker.execute(Kind::CloseClient(v1::CloseClient { client_id, close })).await;
    assert_eq!(page.rest().await, (vec![], None));
}

/// One batch of a pipe is carried out at once here: whoever is closed in it is still there for what follows.
#[tokio::test]
async fn only_the_first_end_of_a_client_is_counted() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let (mut page, mut other) = (gateway.page().await, gateway.page().await);
    let end = |page: &Page, destroy| {
        let close = Some(v1::Close { code: 4001, destroy, ..Default::default() });
        Kind::CloseClient(v1::CloseClient { client_id: page.client_id.clone(), close })
    };
    let receipts =
        worker.pipe(vec![end(&page, true), end(&page, true), end(&other, false), end(&other, true)]).await;
    assert_eq!(receipts.iter().map(|receipt| receipt.reached).collect::<Vec<_>>(), [1, 0, 1, 0]);
    assert_eq!((page.rest().await, other.rest().await), ((vec![], None), (vec![], None)));
}

#[tokio::test]
async fn a_client_tells_what_went_over_its_socket() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let init = format!(r#"{{"type":"init","client_id":"{}"}}"#, page.client_id).len() as u64 + 2;
    page.frames.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    page.frames.send(Message::Ping(vec![1].into())).await.unwrap();
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    assert_eq!(worker.send_to_client(&page.client_id, &"x".repeat(200)).await.reached, 1);
    let told = worker.client(&page.client_id, false).await.unwrap();
    assert_eq!(told.remote_address, "127.0.0.1");
    assert_eq!((told.frames_in, told.bytes_in), (3, 3 + 1 + 15));
    // init, pong frame, pong text, and one of two bytes more of header.
    assert_eq!((told.frames_out, told.bytes_out), (4, init + 3 + 17 + 204));
    assert_eq!((told.queued_bytes, told.uid.as_str()), (0, ""));
    assert!(told.connected_at_ms > 1_700_000_000_000);
}

#[tokio::test]
async fn pages_of_clients_come_in_order_and_miss_nobody() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for number in 0..50 {
        pages.push(bound(&gateway, &mut worker, &format!("user {number}")).await);
    }
    let mut seen = Vec::new();
    let mut after_client_id = String::new();
    loop {
        let request = v1::ClientsRequest { after_client_id, limit: 7, ..Default::default() };
        let reply = worker.0.clients(request).await.unwrap().into_inner();
        assert!(reply.clients.len() == 7 || !reply.more);
        seen.extend(reply.clients.iter().map(|client| client.client_id.clone()));
        after_client_id = seen.last().unwrap().clone();
        if !reply.more {
            break;
        }
    }
    let mut expected: Vec<_> = pages.iter().map(|page| page.client_id.clone()).collect();
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_a_worker_gets_wrong_is_refused_in_words() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let client_id = page.client_id.clone();
    let close = |code, reason: &str| {
        let close = Some(v1::Close { code, reason: reason.into(), ..Default::default() });
        Kind::CloseClient(v1::CloseClient { client_id: client_id.clone(), close })
    };
    let uids = |uids: Vec<String>| {
        Kind::SendToUids(v1::SendToUids { uids, message: text("x"), ..Default::default() })
    };
    let too_long = "x".repeat((1 << 20) + 1);
    let cases = [
        (uids(vec![String::new()]), Code::Invalid),
        (uids(vec!["x".repeat(256)]), Code::Invalid),
        (uids(vec!["x".into(); 10_001]), Code::Invalid),
        (Kind::SendToAll(v1::SendToAll::default()), Code::Invalid),
        (Kind::SendToAll(v1::SendToAll { message: text(&too_long), ..Default::default() }), Code::TooLarge),
        (
            Kind::BindUid(v1::BindUid { client_id: "me".into(), uid: "x".into(), ..Default::default() }),
            Code::Invalid,
        ),
        (
            Kind::BindUid(v1::BindUid { client_id: "0".repeat(40), uid: "x".into(), ..Default::default() }),
            Code::NotFound,
        ),
        (close(1005, ""), Code::Invalid),
        (close(70_000, ""), Code::Invalid),
        (close(4001, &"x".repeat(124)), Code::Invalid),
    ];
    for (command, code) in cases {
        let receipt = worker.execute(command).await;
        assert_eq!(Code::from_number(receipt.code), Some(code), "{}", receipt.error);
        assert!(!receipt.error.is_empty());
    }
    let nothing = worker.0.execute(v1::Command::default()).await.unwrap().into_inner();
    assert_eq!(nothing.code, Code::Invalid.number());
    assert_eq!(worker.counts().await.clients, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_keeps_the_order_and_answers_every_command_once() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let commands: Vec<v1::Command> = (0..2000_u64)
        .map(|id| v1::Command {
            id,
            command: Some(match id {
                0 => Kind::BindUid(v1::BindUid {
                    client_id: page.client_id.clone(),
                    uid: "ana".into(),
                    ..Default::default()
                }),
                _ => Kind::SendToUids(v1::SendToUids {
                    uids: vec!["ana".into()],
                    message: text(&id.to_string()),
                    ..Default::default()
                }),
            }),
            ..Default::default()
        })
        .collect();
    let batches: Vec<_> = commands
        .chunks(100)
        .map(|chunk| v1::CommandBatch { commands: chunk.to_vec(), absence: None })
        .collect();
    let mut receipts = worker.0.pipe(tokio_stream::iter(batches)).await.unwrap().into_inner();
    let reading = tokio::spawn(async move {
        for id in 1..2000_u64 {
            assert_eq!(page.text().await, id.to_string());
        }
    });
    let mut answered = vec![0; 2000];
    while let Some(batch) = within("receipts", receipts.next()).await {
        for receipt in batch.unwrap().receipts {
            assert_eq!((receipt.code, receipt.reached), (0, 1), "{}", receipt.error);
            answered[usize::try_from(receipt.id).unwrap()] += 1;
        }
    }
    assert!(answered.iter().all(|times| *times == 1));
    reading.await.unwrap();
}

#[tokio::test]
async fn what_was_broadcast_before_a_close_arrives_before_it() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let close = Some(v1::Close { code: 4001, ..Default::default() });
    let commands = [
        Kind::SendToAll(v1::SendToAll { message: text("one"), ..Default::default() }),
        Kind::SendToAll(v1::SendToAll { message: text("two"), ..Default::default() }),
        Kind::CloseClient(v1::CloseClient { client_id: page.client_id.clone(), close }),
    ];
    let commands = commands.into_iter().zip(1..).map(|(command, id)| v1::Command {
        id,
        command: Some(command),
        ..Default::default()
    });
    let batch = v1::CommandBatch { commands: commands.collect(), absence: None };
    let mut receipts = worker.0.pipe(tokio_stream::iter([batch])).await.unwrap().into_inner();
    let mut reached = Vec::new();
    while let Some(batch) = within("receipts", receipts.next()).await {
        reached.extend(batch.unwrap().receipts.iter().map(|receipt| (receipt.id, receipt.reached)));
    }
    reached.sort_unstable();
    assert_eq!(reached, [(1, 1), (2, 1), (3, 1)]);
    assert_eq!(page.rest().await, (vec!["one".into(), "two".into()], Some((4001, String::new()))));
}

#[tokio::test]
async fn a_pipe_ends_when_a_batch_is_too_long() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let batch = v1::CommandBatch { commands: vec![v1::Command::default(); 257], absence: None };
    let mut receipts = worker.0.pipe(tokio_stream::iter([batch])).await.unwrap().into_inner();
    let status = within("the end", receipts.next()).await.unwrap().unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}
