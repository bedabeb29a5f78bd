//! Every command once through `Execute`, with nothing but the generated client, as programs in other languages call it.

use gatepipe_client::{ClientId, Code};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::v1::gateway_client::GatewayClient as Door;
use serde_json::json;
use tonic::transport::Channel;

use crate::crowd::{Crowd, text};

/// The command service of the first gateway, which has pages 0 (ana; lobby, news), 1 (ben) and 2 (a guest).
struct FirstGateway(Door<Channel>);

impl FirstGateway {
    async fn of(crowd: &Crowd) -> Self {
        let url = crowd.cluster.gateway_rpc().swap_remove(0);
        Self(within("a connection", Door::connect(url)).await.unwrap())
    }

    /// Carries a command out; the receipt repeats its id.
    async fn execute(&mut self, command: Command) -> v1::Receipt {
        let command = v1::Command { id: 77, command: Some(command), ..Default::default() };
        let receipt = within("a receipt", self.0.execute(command)).await.unwrap().into_inner();
        assert_eq!(receipt.id, 77);
        receipt
    }

    async fn reached(&mut self, command: Command) -> u64 {
        let receipt = self.execute(command).await;
        assert_eq!((receipt.code, receipt.error.as_str()), (0, ""));
        receipt.reached
    }

    async fn entry(&mut self, client: ClientId) -> Option<v1::ClientEntry> {
        let request = v1::ClientRequest { client_id: client.to_string(), session: true, handshake: false };
        self.0.client(request).await.unwrap().into_inner().client
    }
}

fn hello() -> Option<v1::Message> {
    Some(text("hello").into())
}

fn close(code: u32) -> Option<v1::Close> {
    Some(v1::Close { code, reason: "bye".into(), ..v1::Close::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_reach_clients_of_this_gateway_only() {
    let mut crowd = Crowd::gather().await;
    let mut gateway = FirstGateway::of(&crowd).await;
    let [ana, ben] = [0, 1].map(|number| crowd.id(number).to_string());
    let hello_text = text("hello");
    let quiet = vec![ana.clone()];
    let cases: [(Command, &[usize]); 4] = [
        (Command::SendToAll(v1::SendToAll { message: hello(), exclude_client_ids: quiet.clone() }), &[1, 2]),
        (
            Command::SendToClients(v1::SendToClients {
                client_ids: vec![ana.clone(), ben.clone(), ana.clone()],
                message: hello(),
                exclude_client_ids: vec![ben],
            }),
            &[0],
        ),
        (
            Command::SendToUids(v1::SendToUids {
                uids: vec!["ana".into(), "ben".into(), "cem".into(), "ana".into()],
                message: hello(),
                exclude_client_ids: vec![],
            }),
            &[0, 1],
        ),
        (
            Command::SendToGroups(v1::SendToGroups {
                groups: vec!["lobby".into(), "news".into()],
                message: hello(),
                exclude_client_ids: vec![],
            }),
            &[0],
        ),
    ];
    for (command, expected) in cases {
        assert_eq!(gateway.reached(command).await, expected.len() as u64);
        assert_eq!(crowd.who_heard(&hello_text).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn binds_groups_and_sessions_of_one_client() {
    let crowd = Crowd::gather().await;
    let mut gateway = FirstGateway::of(&crowd).await;
    let guest = crowd.id(2);
    let client_id = guest.to_string();

    let bind = v1::BindUid {
        client_id: client_id.clone(),
        uid: "dan".into(),
        policy: v1::BindPolicy::NewestWins.into(),
        ..v1::BindUid::default()
    };
    assert_eq!(gateway.reached(Command::BindUid(bind.clone())).await, 1);
    let again = gateway.execute(Command::BindUid(v1::BindUid { uid: "ben".into(), ..bind })).await;
    assert_eq!((again.code, again.previous_uid.as_str(), again.replaced), (0, "dan", 1), "page 1 was ben's");
    let unbind = v1::UnbindUid { client_id: client_id.clone(), uid: "ben".into() };
    assert_eq!(gateway.execute(Command::UnbindUid(unbind)).await.previous_uid, "ben");

    let join = v1::JoinGroup { client_id: client_id.clone(), group: "hall".into() };
    assert_eq!(gateway.reached(Command::JoinGroup(join.clone())).await, 1);
    assert_eq!(gateway.reached(Command::JoinGroup(join)).await, 0);
    assert_eq!(gateway.entry(guest).await.unwrap().groups, ["hall"]);
    let leave = v1::LeaveGroup { client_id: client_id.clone(), group: "hall".into() };
    assert_eq!(gateway.reached(Command::LeaveGroup(leave)).await, 1);
    assert_eq!(gateway.reached(Command::Ungroup(v1::Ungroup { group: "lobby".into() })).await, 1);

    let set = v1::SetSession { client_id: client_id.clone(), session: r#"{"a":1,"b":2}"#.into() };
    assert_eq!(gateway.reached(Command::SetSession(set)).await, 1);
    let update = v1::UpdateSession { client_id: client_id.clone(), patch: r#"{"a":null,"c":3}"#.into() };
    assert_eq!(gateway.reached(Command::UpdateSession(update)).await, 1);
    let session = gateway.entry(guest).await.unwrap().session;
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();
    assert_eq!(session, json!({"b": 2, "c": 3}));
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_and_a_drain() {
    let mut crowd = Crowd::gather().await;
    let mut gateway = FirstGateway::of(&crowd).await;
    let client_id = crowd.id(2).to_string();
    let end = v1::CloseClient { client_id, close: close(4_100) };
    assert_eq!(gateway.reached(Command::CloseClient(end)).await, 1);
    let end = v1::CloseUid { uid: "ana".into(), close: close(4_001), ..v1::CloseUid::default() };
    assert_eq!(gateway.reached(Command::CloseUid(end)).await, 1);
    for (number, code) in [(2, 4_100), (0, 4_001)] {
        let goodbye = crowd.pages[number].next_message().await.unwrap_err().unwrap();
        assert_eq!((goodbye.code, goodbye.reason.as_str()), (code, "bye"));
    }
    until("seven are left", || async { crowd.client.counts().await.value.clients == 7 }).await;
    assert_eq!(gateway.reached(Command::Drain(v1::Drain {})).await, 1);
    assert_eq!(crowd.pages[1].next().await["type"], "reconnect");
    assert_eq!(crowd.pages[1].next_message().await.unwrap_err().unwrap().code, 1012);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_gets_wrong_is_told_in_the_receipt() {
    let crowd = Crowd::gather().await;
    let mut gateway = FirstGateway::of(&crowd).await;
    let guest = crowd.id(2).to_string();
    let elsewhere = crowd.id(4).to_string();
    let set = |session: &str| {
        Command::SetSession(v1::SetSession { client_id: guest.clone(), session: session.into() })
    };
    let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(65_536));
    let join =
        |client_id: &str, group: &str| v1::JoinGroup { client_id: client_id.into(), group: group.into() };
    let many = (0..1_001).map(|number| number.to_string()).collect();
    let send = v1::SendToGroups { groups: many, message: hello(), exclude_client_ids: vec![] };
    let cases = [
        ("a session that is no object", set("[]"), Code::Invalid),
        ("a session that is no JSON", set("{"), Code::Invalid),
        ("a session over 64 KiB", set(&long), Code::TooLarge),
        ("a client of another gateway", Command::JoinGroup(join(&elsewhere, "hall")), Code::NotFound),
        ("a client id that is none", Command::JoinGroup(join("7", "hall")), Code::Invalid),
        ("a group without a name", Command::JoinGroup(join(&guest, "")), Code::Invalid),
        (
            "a close code that may not be sent",
            { Command::CloseClient(v1::CloseClient { client_id: guest.clone(), close: close(1_005) }) },
            Code::Invalid,
        ),
        ("more groups than one command takes", Command::SendToGroups(send), Code::Invalid),
    ];
    for (name, command, code) in cases {
        let receipt = gateway.execute(command).await;
        assert_eq!((receipt.code, receipt.reached), (code.number(), 0), "{name}: {}", receipt.error);
        assert!(!receipt.error.is_empty(), "{name}");
    }
    let nothing = gateway
        .0
        .execute(v1::Command { id: 1, command: None, ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    assert_ne!(nothing.code, 0);
}
