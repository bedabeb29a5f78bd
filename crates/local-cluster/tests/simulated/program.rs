//! A host with a program: a few callers that share one client of the library, as the tasks of an api do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use gatepipe_client::{Bind, ClientId, GatewayClient, Message, Receipt, Uid};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;
use rand::Rng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::ledger::{Caller, Sending};
use crate::network::{self, PORT};
use crate::register;
use crate::world::{PROGRAMS, World, program};

const CALLERS: usize = 3;
/// How soon each program gives up a connection, in milliseconds. The first opens the next one while its lease may still last.
const KEEPALIVES: [(u64, u64); PROGRAMS] = [(100, 150), (500, 1_000), (2_000, 5_000)];
/// Few, so that what one caller does matters to the others.
const UIDS: u64 = 5;
/// Most sends of a caller at a time.
const BURST: usize = 4;
/// How long a caller waits for its sends: too short for a gateway that is held up, or longer than the library itself.
const IMPATIENT: Duration = Duration::from_millis(60);
const PATIENT: Duration = Duration::from_secs(10);
/// How long a bind by a call of its own may take.
const EXECUTE: Duration = Duration::from_secs(2);

/// A host's whole life, until it crashes.
pub(crate) async fn live(world: Arc<World>, number: usize) -> turmoil::Result {
    let name = program(number);
    let (interval, patience) = KEEPALIVES[number];
    let client = GatewayClient::builder()
        .register(format!("http://{}:{PORT}", register::NAME))
        .keepalive(Duration::from_millis(interval), Duration::from_millis(patience))
        .dial(network::dial)
        .build()?;
    let mut calling = JoinSet::new();
    for number in 0..CALLERS {
        let life = Life {
            rng: world.rng(&format!("{name} {number}")),
            caller: world.ledger.lock().caller(),
            world: world.clone(),
            client: client.clone(),
        };
        calling.spawn(life.lead());
    }
    while let Some(ended) = calling.join_next().await {
        ended?;
    }
    Ok(())
}

/// How a client is bound.
enum Way {
    Pipe,
    /// A send follows before the bind is acknowledged.
    PipeAndSend,
    /// By a call of its own, on another connection.
    Execute,
}

struct Life {
    world: Arc<World>,
    client: GatewayClient,
    caller: Caller,
    rng: StdRng,
}

impl Life {
    async fn lead(mut self) {
        loop {
            // Often none, so that it comes right after something that another did.
            let pause = self.rng.random_range(0..40_u64).saturating_sub(10);
            sleep(Duration::from_millis(pause)).await;
            match self.rng.random_range(0..100) {
                0..60 => self.send().await,
                60..72 => self.bind(Way::Pipe).await,
                72..80 => self.bind(Way::PipeAndSend).await,
                80..85 => self.bind(Way::Execute).await,
                85..95 => self.unbind().await,
                _ => self.world.ledger.lock().someone_leaves(&mut self.rng),
            }
        }
    }

    /// Sends to one uid, several times at once.
    async fn send(&mut self) {
        let hot = self.world.ledger.lock().bound_last().filter(|_| self.rng.random());
        let uid = hot.unwrap_or_else(|| self.any_uid());
        let times = self.rng.random_range(1..=BURST);
        let patience = if self.rng.random() { IMPATIENT } else { PATIENT };
        // Polled in this order, so they are called in it.
        let sent = join_all((0..times).map(|_| timeout(patience, async { self.send_to(&uid).await.over() })));
        // Whoever gave up does not know what happened.
        drop(sent.await);
    }

    async fn send_to(&self, uid: &Uid) -> Sent<'_> {
        let known = self.client.gateways().into_iter().map(|gateway| gateway.gateway_id).collect();
        let sending = self.world.ledger.lock().send_begins(self.caller, uid, known);
        let message = Message::text(sending.number.to_string()).expect("it is short");
        let receipt = self.client.send_to_uid(uid, message).await;
        Sent { world: &self.world, sending, receipt }
    }

    /// Binds somebody who is free.
    async fn bind(&mut self, way: Way) {
        let uid = self.any_uid();
        let Some(client) = self.world.ledger.lock().begin_bind(&uid, &mut self.rng) else {
            return self.send().await;
        };
        let ends = |acknowledged| self.world.ledger.lock().bind_ends(client, &uid, acknowledged);
        let bind = async { ends(self.client.bind_uid(client, &uid, Bind::default()).await.is_ok()) };
        match way {
            Way::Pipe => drop(bind.await),
            Way::PipeAndSend => {
                let (bound, mut sent) = tokio::join!(biased; bind, self.send_to(&uid));
                sent.sending.promised.extend(bound);
                sent.over();
            }
            Way::Execute => {
                let executed = timeout(EXECUTE, self.execute_bind(client, &uid)).await;
                ends(executed.is_ok_and(|receipt| receipt.is_some_and(|receipt| receipt.code == 0)));
            }
        }
    }

    /// Binds as another language would; `None` when there is no answer.
    async fn execute_bind(&self, client: ClientId, uid: &Uid) -> Option<v1::Receipt> {
        let gateways = self.client.gateways().into_iter();
        let gateway = gateways.into_iter().find(|gateway| gateway.gateway_id == client.gateway())?;
        let bind =
            v1::BindUid { client_id: client.to_string(), uid: uid.to_string(), ..v1::BindUid::default() };
        let command = v1::Command { id: 1, command: Some(Command::BindUid(bind)), ..Default::default() };
        let mut commands = network::commands(&gateway.address).await.ok()?;
        Some(commands.execute(command).await.ok()?.into_inner())
    }

    async fn unbind(&mut self) {
        let Some((client, uid)) = self.world.ledger.lock().begin_unbind(&mut self.rng) else {
            return self.send().await;
        };
        let unbound = self.client.unbind_uid(client, &uid).await;
        self.world.ledger.lock().unbind_ends(client, unbound.is_ok());
    }

    fn any_uid(&mut self) -> Uid {
        Uid::from(self.rng.random_range(1..=UIDS))
    }
}

/// A send whose receipt is there.
struct Sent<'a> {
    world: &'a World,
    sending: Sending,
    receipt: Receipt,
}

impl Sent<'_> {
    fn over(self) {
        self.world.ledger.lock().send_ends(self.sending, &self.receipt);
    }
}
