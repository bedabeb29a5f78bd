//! What a command does when all is well, and what a gateway's refusal becomes.

use gatepipe_client::{
    Bind, BindCondition, Bound, ClientId, Close, CloseCode, Code, Error, GatewayId, Receipt,
};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;

use crate::scripted::{Gateway, Mood, Register, joined, patient, text, uid};

async fn two_gateways() -> (Register, Gateway, Gateway, gatepipe_client::GatewayClient) {
    let register = Register::start();
    let mut gateways = [Gateway::start(), Gateway::start()];
    gateways.sort_by_key(|gateway| gateway.id);
    let [first, second] = gateways;
    register.list(&first);
    register.list(&second);
    let client = joined(patient(&register)).await;
    (register, first, second, client)
}

fn goodbye() -> Close {
    Close { code: CloseCode::FORCED_OFFLINE, reason: "enough".into(), last_message: Some(text("bye")) }
}

#[tokio::test]
async fn a_message_to_all_goes_through_every_gateway() {
    let (_register, first, second, client) = two_gateways().await;
    let quiet = ClientId::random(second.id);
    let receipt = client.send_to_all(text("hello"), &[quiet]).await;
    let whole = Receipt { reached: 2, asked: vec![first.id, second.id], ..Receipt::default() };
    assert_eq!(receipt, whole);
    let told = |gateway: &Gateway, exclude: Vec<String>| {
        let send = v1::SendToAll { message: Some(text("hello").into()), exclude_client_ids: exclude };
        assert_eq!(gateway.commands(), [Command::SendToAll(send)]);
    };
    told(&first, vec![]);
    told(&second, vec![quiet.to_string()]);
}

#[tokio::test]
async fn a_message_to_uids_goes_through_every_gateway_and_names_each_once() {
    let (_register, first, second, client) = two_gateways().await;
    let receipt = client.send_to_uids(&[uid("7"), uid("8"), uid("7")], text("hello"), &[]).await;
    assert_eq!((receipt.reached, receipt.is_whole()), (2, true));
    for gateway in [&first, &second] {
        let send = v1::SendToUids {
            uids: vec!["7".into(), "8".into()],
            message: Some(text("hello").into()),
            exclude_client_ids: vec![],
        };
        assert_eq!(gateway.commands(), [Command::SendToUids(send)]);
    }
}

#[tokio::test]
async fn a_message_to_clients_goes_only_where_they_are() {
    let (_register, first, second, client) = two_gateways().await;
    let (ana, ben) = (ClientId::random(second.id), ClientId::random(second.id));
    let elsewhere = ClientId::random(GatewayId::random());
    let receipt = client.send_to_clients(&[ana, ben, ana, elsewhere], text("hello"), &[ben]).await;
    assert_eq!(receipt.asked, [second.id]);
    assert_eq!((receipt.reached, receipt.is_whole()), (1, true));
    assert!(first.commands().is_empty());
    let send = v1::SendToClients {
        client_ids: vec![ana.to_string()],
        message: Some(text("hello").into()),
        exclude_client_ids: vec![],
    };
    assert_eq!(second.commands(), [Command::SendToClients(send)]);
}

#[tokio::test]
async fn an_offline_client_is_a_receipt_of_zero() {
    let (_register, _first, _second, client) = two_gateways().await;
    let gone = ClientId::random(GatewayId::random());
    assert_eq!(client.send_to_client(gone, text("hello")).await, Receipt::default());
}

#[tokio::test]
async fn a_bind_carries_its_condition_and_its_message() {
    let (_register, first, _second, client) = two_gateways().await;
    let ana = ClientId::random(first.id);
    let bind =
        Bind { condition: BindCondition::UnboundOrSame, message: Some(text("bound")), ..Bind::default() };
    let bound = client.bind_uid(ana, &uid("7"), bind).await.unwrap();
    assert_eq!(bound, Bound::default());
    let commands = first.commands();
    let [Command::BindUid(told)] = commands.as_slice() else {
        panic!("one bind: {commands:?}");
    };
    let expected = v1::BindUid {
        client_id: ana.to_string(),
        uid: "7".into(),
        condition: v1::BindCondition::UnboundOrSame.into(),
        message: Some(text("bound").into()),
        policy: v1::BindPolicy::KeepAll.into(),
        bound_at_ms: told.bound_at_ms,
    };
    assert_eq!(*told, expected);
    assert!(told.bound_at_ms > 1_700_000_000_000, "{told:?}");
}

#[tokio::test]
async fn closes_carry_code_reason_and_last_message() {
    let (_register, first, second, client) = two_gateways().await;
    let ana = ClientId::random(first.id);
    assert_eq!(client.close_client(ana, goodbye()).await, Ok(true));
    assert_eq!(client.destroy_client(ana).await, Ok(true));
    assert_eq!(client.unbind_uid(ana, &uid("7")).await, Ok(true));
    assert_eq!(client.close_uid(&uid("7"), goodbye()).await.reached, 2);
    let close = v1::Close {
        code: 4001,
        reason: "enough".into(),
        last_message: Some(text("bye").into()),
        destroy: false,
    };
    let cut = v1::Close { destroy: true, ..v1::Close::default() };
    let client_id = ana.to_string();
    let close_client =
        |close| Command::CloseClient(v1::CloseClient { client_id: client_id.clone(), close: Some(close) });
    let close_uid = Command::CloseUid(v1::CloseUid {
        uid: "7".into(),
        close: Some(close.clone()),
        ..v1::CloseUid::default()
    });
    let unbind = Command::UnbindUid(v1::UnbindUid { client_id: client_id.clone(), uid: "7".into() });
    assert_eq!(first.commands(), [close_client(close), close_client(cut), unbind, close_uid.clone()]);
    assert_eq!(second.commands(), [close_uid]);
}

#[tokio::test]
async fn a_refusal_becomes_what_the_caller_can_act_on() {
    let (_register, first, _second, client) = two_gateways().await;
    let ana = ClientId::random(first.id);
    let seven = uid("7");
    let bind = || client.bind_uid(ana, &seven, Bind::default());

    first.set_mood(Mood::Refuses(Code::NotFound));
    assert_eq!(bind().await, Err(Error::NoSuchClient(ana)));
    assert_eq!(client.unbind_uid(ana, &uid("7")).await, Ok(false));
    assert_eq!(client.close_client(ana, goodbye()).await, Ok(false));

    first.set_mood(Mood::Refuses(Code::Conflict));
    assert_eq!(bind().await, Err(Error::Conflict(ana)));

    first.set_mood(Mood::Refuses(Code::Invalid));
    let refused = Error::Refused { gateway: first.id, code: Code::Invalid, text: "as scripted".into() };
    assert_eq!(bind().await, Err(refused));
    let receipt = client.send_to_all(text("hello"), &[]).await;
    assert_eq!((receipt.reached, receipt.failed.len()), (1, 1));
    assert_eq!(receipt.failed[0].gateway, first.id);
}

#[tokio::test]
async fn a_command_that_no_gateway_would_take_is_refused_here() {
    let (_register, first, _second, client) = two_gateways().await;
    let quiet: Vec<_> = (0..160_000).map(|_| ClientId::random(first.id)).collect();
    let receipt = client.send_to_all(text("hello"), &quiet).await;
    assert_eq!((receipt.reached, receipt.failed.len()), (1, 1));
    assert!(
        receipt.failed[0].reason.to_string().starts_with("refused: a command has at most"),
        "{receipt:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_may_be_given_from_any_task() {
    let (_register, first, _second, client) = two_gateways().await;
    let ana = ClientId::random(first.id);
    // Compiling is half of this test: the calls' futures are `Send`.
    let commanding = tokio::spawn(async move {
        client.send_to_all(text("hello"), &[]).await;
        client.send_to_client(ana, text("hello")).await;
        client.send_to_uid(&uid("7"), text("hello")).await;
        client.close_uid(&uid("7"), goodbye()).await;
        client.bind_uid(ana, &uid("7"), Bind::default()).await.unwrap();
        client.unbind_uid(ana, &uid("7")).await.unwrap();
        client.close_client(ana, goodbye()).await.unwrap();
        client.destroy_client(ana).await.unwrap();
    });
    commanding.await.unwrap();
    assert_eq!(first.commands().len(), 8);
}
