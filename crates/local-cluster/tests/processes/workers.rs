//! What a worker with the gateway client is told while gateways are killed and stopped.

use gatepipe_client::{
    Bind, ClientId, Error, Failure, FailureReason, GatewayClient, GatewayId, Message, Receipt, Uid,
};
use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::until;
use rustix::process::Signal;

use crate::programs::Program;

struct Worker(GatewayClient);

impl Worker {
    async fn of(register: &Program) -> Self {
        let client = GatewayClient::builder().register(register.url("rpc")).build().unwrap();
        Self(client)
    }

    async fn commands(&self, gateway: &Program) {
        let id = id(gateway);
        until("the pipe is open", || async {
            let gateways = self.0.gateways();
            gateways.iter().any(|gateway| gateway.gateway_id == id && gateway.connected)
        })
        .await;
    }

    async fn bound_page(&self, gateway: &Program, uid: &Uid) -> (Page, ClientId) {
        let page = Page::open(&format!("ws://{}/ws", gateway.addr("clients"))).await;
        let client: ClientId = page.client_id().parse().unwrap();
        self.0.bind_uid(client, uid, Bind::default()).await.unwrap();
        (page, client)
    }

    async fn push(&self, uid: &Uid, number: u64) -> Receipt {
        let message = Message::text(format!(r#"{{"data":{number}}}"#)).unwrap();
        self.0.send_to_uid(uid, message).await
    }
}

fn id(gateway: &Program) -> GatewayId {
    gateway.addr("gateway_id").parse().unwrap()
}

fn register() -> Program {
    Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"])
}

fn gateway(register: &Program, listen: &str, rpc_listen: &str) -> Program {
    let register = register.url("rpc");
    let flags = ["--listen", listen, "--rpc-listen", rpc_listen, "--register", &register];
    Program::start("gatepipe-gateway", &flags)
}

fn anywhere(register: &Program) -> Program {
    gateway(register, "127.0.0.1:0", "127.0.0.1:0")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_on_a_stopped_gateway_is_unknown_and_not_offline() {
    let register = register();
    let (stopped, running) = (anywhere(&register), anywhere(&register));
    let worker = Worker::of(&register).await;
    worker.commands(&stopped).await;
    worker.commands(&running).await;
    let (ana, ben) = (Uid::from(7), Uid::from(8));
    let (mut page, client) = worker.bound_page(&stopped, &ana).await;
    let (_other, _) = worker.bound_page(&running, &ben).await;

    stopped.freeze().await;
    let late = Error::Deadline(id(&stopped));
    assert_eq!(worker.0.is_uid_online(&ana).await, Err(late.clone()));
    assert_eq!(worker.0.is_online(client).await, Err(late));
    assert_eq!(worker.0.is_uid_online(&ben).await, Ok(true));
    let counts = worker.0.counts().await;
    assert_eq!((counts.value.clients, counts.failed.len()), (1, 1));
    let receipt = worker.push(&ana, 0).await;
    assert_eq!((receipt.reached, receipt.failed.len()), (0, 1));

    stopped.signal(Signal::CONT);
    until("ana is known to be there", || async { worker.0.is_uid_online(&ana).await == Ok(true) }).await;
    assert_eq!(worker.push(&ana, 1).await.reached, 1);
    // The push without an answer may have been under way: then it arrives, once and before the next.
    let mut frames = vec![page.next().await["data"].clone()];
    while frames.last().is_some_and(|data| *data != 1) {
        frames.push(page.next().await["data"].clone());
    }
    assert!(frames == [1] || frames == [0, 1], "{frames:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_starts_where_another_was_killed_is_another_gateway() {
    let register = register();
    let old = anywhere(&register);
    let worker = Worker::of(&register).await;
    worker.commands(&old).await;
    let uid = Uid::from(7);
    let (_lost, lost_client) = worker.bound_page(&old, &uid).await;

    let (old_id, listen, rpc) = (id(&old), old.addr("clients").to_owned(), old.addr("rpc").to_owned());
    old.kill();
    let new = gateway(&register, &listen, &rpc);
    assert_ne!(id(&new), old_id);
    worker.commands(&new).await;
    let (mut page, _) = worker.bound_page(&new, &uid).await;
    let receipt = worker.push(&uid, 1).await;
    assert_eq!(receipt.reached, 1);
    // Until the register has taken the old one off the list, it is named.
    let gone = Failure { gateway: old_id, reason: FailureReason::Unreachable };
    assert!(receipt.failed.is_empty() || receipt.failed == [gone], "{receipt:?}");
    assert_eq!(page.next().await["data"], 1);

    let unknown = Error::UnknownGateway { gateway: old_id, register_connected: true };
    until("the old one left", || async { worker.0.is_online(lost_client).await == Err(unknown.clone()) })
        .await;
    let receipt = worker.push(&uid, 2).await;
    assert_eq!((receipt.reached, receipt.is_whole()), (1, true));
}
