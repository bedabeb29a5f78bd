//! Every command does the same through `Execute` as through `Pipe`.

mod common;

use common::{Page, Worker, start, text, within};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Execute,
    Pipe,
}

async fn carry_out(door: Door, worker: &mut Worker, command: Kind) -> v1::Receipt {
    let receipt = match door {
        Door::Execute => worker.execute(command).await,
        Door::Pipe => worker.pipe(vec![command]).await.remove(0),
    };
    v1::Receipt { id: 0, ..receipt }
}

/// One of every command, and what its receipt says.
fn story(ana: &Page, ben: &Page, eva: &Page) -> Vec<(Kind, v1::Receipt)> {
    let id = |page: &Page| page.client_id.clone();
    let nobody = format!("{}{}", &ana.client_id[..16], "0".repeat(24));
    let reached = |reached| v1::Receipt { reached, ..Default::default() };
    let gone = || v1::Receipt {
        code: Code::NotFound.number(),
        error: format!("client {nobody} is not on this gateway"),
        ..Default::default()
    };
    let bind = |page: &Page, policy: v1::BindPolicy| {
        let (client_id, uid) = (id(page), "7".to_owned());
        Kind::BindUid(v1::BindUid {
            client_id,
            uid,
            policy: policy.into(),
            message: text("bound"),
            ..Default::default()
        })
    };
    let join = |client_id, group: &str| Kind::JoinGroup(v1::JoinGroup { client_id, group: group.into() });
    let close = |code| Some(v1::Close { code, ..Default::default() });
    let replaced = v1::Receipt { reached: 1, replaced: 1, ..Default::default() };
    let was_7 = v1::Receipt { reached: 1, previous_uid: "7".into(), ..Default::default() };
    vec![
        (bind(ana, v1::BindPolicy::KeepAll), reached(1)),
        (join(id(ana), "staff"), reached(1)),
        (join(id(ben), "staff"), reached(1)),
        (join(nobody.clone(), "staff"), gone()),
        (Kind::LeaveGroup(v1::LeaveGroup { client_id: id(ben), group: "staff".into() }), reached(1)),
        (Kind::LeaveGroup(v1::LeaveGroup { client_id: nobody.clone(), group: "staff".into() }), reached(0)),
        (Kind::SendToAll(v1::SendToAll { message: text("all"), ..Default::default() }), reached(3)),
        (
            Kind::SendToClients(v1::SendToClients {
                client_ids: vec![id(ana), nobody.clone()],
                message: text("client"),
                ..Default::default()
            }),
            reached(1),
        ),
        (
            Kind::SendToUids(v1::SendToUids {
                uids: vec!["7".into()],
                message: text("uid"),
                ..Default::default()
            }),
            reached(1),
        ),
        (
            Kind::SendToGroups(v1::SendToGroups {
                groups: vec!["staff".into()],
                message: text("group"),
                ..Default::default()
            }),
            reached(1),
        ),
        (Kind::Ungroup(v1::Ungroup { group: "staff".into() }), reached(1)),
        (Kind::SetSession(v1::SetSession { client_id: id(ana), session: "{\"a\":1}".into() }), reached(1)),
        (Kind::SetSession(v1::SetSession { client_id: nobody.clone(), session: "{}".into() }), gone()),
        (
            Kind::UpdateSession(v1::UpdateSession { client_id: id(ana), patch: "{\"a\":null}".into() }),
            reached(1),
        ),
        (Kind::UpdateSession(v1::UpdateSession { client_id: nobody.clone(), patch: "{}".into() }), gone()),
        (bind(ben, v1::BindPolicy::NewestWins), replaced),
        (Kind::UnbindUid(v1::UnbindUid { client_id: id(ben), uid: "7".into() }), was_7),
        (bind(ben, v1::BindPolicy::KeepAll), reached(1)),
        (
            Kind::CloseUid(v1::CloseUid { uid: "7".into(), close: close(4001), ..Default::default() }),
            reached(1),
        ),
        (Kind::CloseClient(v1::CloseClient { client_id: id(eva), close: close(1000) }), reached(1)),
        (Kind::CloseClient(v1::CloseClient { client_id: nobody.clone(), close: close(1000) }), reached(0)),
    ]
}

async fn told_through(door: Door) {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut ana = gateway.page().await;
    let mut ben = gateway.page().await;
    let mut eva = gateway.page().await;
    for (command, expected) in story(&ana, &ben, &eva) {
        let receipt = carry_out(door, &mut worker, command.clone()).await;
        assert_eq!(receipt, expected, "{door:?} {command:?}");
    }
    let heard = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (texts, close) = ana.rest().await;
    assert_eq!(texts, heard(&["bound", "all", "client", "uid", "group"]), "{door:?}");
    assert_eq!(close, Some((4002, "replaced by a newer login".into())));
    assert_eq!(ben.rest().await, (heard(&["all", "bound", "bound"]), Some((4001, String::new()))));
    assert_eq!(eva.rest().await, (heard(&["all"]), Some((1000, String::new()))));
    worker.until_clients(0).await;
    let receipt = carry_out(door, &mut worker, Kind::Drain(v1::Drain {})).await;
    assert_eq!(receipt, v1::Receipt::default());
    gateway.stopped().await;
}

#[tokio::test]
async fn every_command_through_execute() {
    told_through(Door::Execute).await;
}

#[tokio::test]
async fn every_command_through_a_pipe() {
    told_through(Door::Pipe).await;
}

#[tokio::test]
async fn what_commands_take_is_counted_by_the_way_they_came() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let send = || {
        Kind::SendToUids(v1::SendToUids {
            uids: vec!["7".into()],
            message: text("uid"),
            ..Default::default()
        })
    };
    let to_all = || Kind::SendToAll(v1::SendToAll { message: text("all"), ..Default::default() });
    worker.execute(send()).await;
    // Three batches of at most 200.
    worker.pipe((0..500).map(|_| send()).collect()).await;
    worker.pipe(vec![to_all()]).await;
    worker.execute(to_all()).await;
    let metrics = gateway.metrics().await;
    for line in [
        r#"gatepipe_gateway_command_write_seconds_count{way="call"} 1"#,
        r#"gatepipe_gateway_command_write_seconds_count{way="batch"} 4"#,
        r#"gatepipe_gateway_command_write_seconds_count{way="broadcast"} 2"#,
        "gatepipe_gateway_pipe_batches_total 4",
        r#"gatepipe_gateway_commands_total{kind="send_to_uids",code="0"} 501"#,
    ] {
        assert!(metrics.lines().any(|other| other == line), "no {line} in {metrics}");
    }
    // Both pipes have ended, and the gateway notices.
    within("the pipes' end", async {
        while !gateway.metrics().await.contains("\ngatepipe_gateway_pipes 0\n") {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
