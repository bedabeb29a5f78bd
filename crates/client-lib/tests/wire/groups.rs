//! Groups and sessions: what goes where, and what a refusal becomes.

use gatepipe_client::{ClientId, Code, Error, FailureReason, GatewayClient, Receipt, Session};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;

use crate::scripted::{Gateway, Mood, Register, group, joined, patient, text, uid};

async fn two_gateways() -> (Register, Gateway, Gateway, GatewayClient) {
    let register = Register::start();
    let mut gateways = [Gateway::start(), Gateway::start()];
    gateways.sort_by_key(|gateway| gateway.id);
    let [first, second] = gateways;
    register.list(&first);
    register.list(&second);
    let client = joined(patient(&register)).await;
    (register, first, second, client)
}

#[tokio::test]
async fn a_message_to_groups_is_one_command_for_each_gateway_with_every_group_once() {
    let (_register, first, second, client) = two_gateways().await;
    let quiet = ClientId::random(second.id);
    let groups = [group("news"), group("lobby"), group("news")];
    let receipt = client.send_to_groups(&groups, text("hello"), &[quiet]).await;
    assert_eq!((receipt.reached, receipt.is_whole()), (2, true));
    let told = |gateway: &Gateway, exclude: Vec<String>| {
        let send = v1::SendToGroups {
            groups: vec!["lobby".into(), "news".into()],
            message: Some(text("hello").into()),
            exclude_client_ids: exclude,
        };
        assert_eq!(gateway.commands(), [Command::SendToGroups(send)]);
    };
    told(&first, vec![]);
    told(&second, vec![quiet.to_string()]);
}

#[tokio::test]
async fn a_message_to_no_groups_goes_to_nobody() {
    let (_register, first, second, client) = two_gateways().await;
    assert_eq!(client.send_to_groups(&[], text("hello"), &[]).await, Receipt::default());
    assert_eq!(client.send_to_uids(&[], text("hello"), &[]).await, Receipt::default());
    assert_eq!(client.send_to_clients(&[], text("hello"), &[]).await, Receipt::default());
    assert!(first.commands().is_empty() && second.commands().is_empty());
}

#[tokio::test]
async fn more_groups_than_one_command_takes_are_refused_and_never_sent_in_two() {
    let (_register, first, second, client) = two_gateways().await;
    let groups: Vec<_> = (0..1_001).map(|number| group(&number.to_string())).collect();
    let receipt = client.send_to_groups(&groups, text("hello"), &[]).await;
    assert_eq!((receipt.reached, &receipt.asked), (0, &vec![first.id, second.id]));
    assert_eq!(receipt.failed.len(), 2);
    assert!(matches!(receipt.failed[0].reason, FailureReason::Refused { code: Code::Invalid, .. }));
    assert_eq!(receipt.failed[0].reason.to_string(), "refused: at most 1000 groups in one send, not 1001");
    assert!(first.commands().is_empty() && second.commands().is_empty());
    assert_eq!(client.send_to_groups(&groups[1..], text("hello"), &[]).await.reached, 2);
}

#[tokio::test]
async fn what_concerns_one_client_or_gateway_goes_only_there() {
    let (_register, first, second, client) = two_gateways().await;
    let ana = first.has_member("ana", &["news"]);
    let (client_id, lobby) = (ana.to_string(), group("lobby"));
    let session = Session::parse(r#"{"name":"Ana"}"#).unwrap();
    assert_eq!(client.join_group(ana, &lobby).await, Ok(true));
    assert_eq!(client.leave_group(ana, &lobby).await, Ok(true));
    assert_eq!(client.set_session(ana, &session).await, Ok(()));
    assert_eq!(client.update_session(ana, &session).await, Ok(()));
    assert_eq!(client.drain(first.id).await, Ok(1));
    assert!(second.commands().is_empty());
    let (group, text) = (lobby.to_string(), session.as_str().to_owned());
    let told = [
        Command::JoinGroup(v1::JoinGroup { client_id: client_id.clone(), group: group.clone() }),
        Command::LeaveGroup(v1::LeaveGroup { client_id: client_id.clone(), group: group.clone() }),
        Command::SetSession(v1::SetSession { client_id: client_id.clone(), session: text.clone() }),
        Command::UpdateSession(v1::UpdateSession { client_id, patch: text }),
        Command::Drain(v1::Drain {}),
    ];
    assert_eq!(first.commands(), told);

    assert_eq!(client.ungroup(&lobby).await.reached, 2, "every gateway hears it");
    assert_eq!(second.commands(), [Command::Ungroup(v1::Ungroup { group })]);
}

#[tokio::test]
async fn a_client_that_is_gone_is_an_error_only_where_it_is_needed() {
    let (_register, first, _second, client) = two_gateways().await;
    let gone = ClientId::random(first.id);
    let (lobby, session) = (group("lobby"), Session::default());
    assert_eq!(client.session(gone).await.unwrap(), None);
    assert_eq!(client.client_info(gone).await, Ok(None));
    first.set_mood(Mood::Refuses(Code::NotFound));
    assert_eq!(client.leave_group(gone, &lobby).await, Ok(false));
    assert_eq!(client.join_group(gone, &lobby).await, Err(Error::NoSuchClient(gone)));
    assert_eq!(client.set_session(gone, &session).await, Err(Error::NoSuchClient(gone)));
    assert_eq!(client.update_session(gone, &session).await, Err(Error::NoSuchClient(gone)));
}

#[tokio::test]
async fn a_refusal_keeps_its_code() {
    let (_register, first, _second, client) = two_gateways().await;
    let ana = first.has_client(None);
    for code in [Code::TooMany, Code::TooLarge, Code::Invalid] {
        first.set_mood(Mood::Refuses(code));
        let refused = Error::Refused { gateway: first.id, code, text: "as scripted".into() };
        assert_eq!(refused.code(), code);
        assert_eq!(client.join_group(ana, &group("lobby")).await, Err(refused.clone()));
        assert_eq!(client.update_session(ana, &Session::default()).await, Err(refused));
    }
}

#[tokio::test]
async fn everything_about_a_client_is_told() {
    let (_register, first, _second, client) = two_gateways().await;
    let entry = v1::ClientEntry {
        uid: "ana".into(),
        remote_address: "2001:db8::7".into(),
        connected_at_ms: 1_000,
        bound_at_ms: 2_000,
        groups: vec!["lobby".into(), "news".into()],
        frames_in: 1,
        bytes_in: 2,
        frames_out: 3,
        bytes_out: 4,
        queued_bytes: 5,
        session: r#"{"name":"Ana"}"#.into(),
        ..v1::ClientEntry::default()
    };
    let ana = first.has(entry);
    let info = client.client_info(ana).await.unwrap().unwrap();
    assert_eq!((info.client_id, info.uid), (ana, Some(uid("ana"))));
    assert_eq!(info.groups, [group("lobby"), group("news")]);
    assert_eq!((info.remote_address.as_str(), info.connected_at_ms), ("2001:db8::7", 1_000));
    assert_eq!(info.bound_at_ms, Some(2_000));
    assert_eq!(
        (info.frames_in, info.bytes_in, info.frames_out, info.bytes_out, info.queued_bytes),
        (1, 2, 3, 4, 5)
    );
    assert_eq!(client.session(ana).await.unwrap().unwrap().as_str(), r#"{"name":"Ana"}"#);
    let guest = first.has(v1::ClientEntry { session: "{}".into(), ..v1::ClientEntry::default() });
    assert_eq!(client.client_info(guest).await.unwrap().unwrap().bound_at_ms, None);
    assert_eq!(client.session(guest).await.unwrap(), Some(Session::default()));
}
