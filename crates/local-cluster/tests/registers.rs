//! Several registers, each for itself: any but one may be away, and after the start all of them.

use gatepipe_client::GatewayClient;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::v1::register_client::RegisterClient;
use gatepipe_proto::{GatewayId, v1};
use serde_json::json;

async fn cluster(registers: u16) -> Cluster {
    Cluster::start_with(Plan { registers, ..Plan::default() }).await.unwrap()
}

async fn listed_everywhere(cluster: &Cluster, gateways: usize, registers: usize) {
    until(&format!("{gateways} gateways on {registers} lists"), || async {
        let known = cluster.client().gateways();
        known.len() == gateways && known.iter().all(|gateway| gateway.listed == registers)
    })
    .await;
}

async fn registers_left(cluster: &Cluster, registers: usize) {
    until(&format!("{registers} registers are heard"), || async {
        cluster.client().registers_connected() == registers
    })
    .await;
}

/// Alice's pages, and what has been pushed to all of them.
struct Alice {
    caller: Caller,
    pages: Vec<(Page, u64)>,
    sent: u64,
}

impl Alice {
    fn of(cluster: &Cluster) -> Self {
        Self { caller: Caller::of(cluster, "alice"), pages: Vec::new(), sent: 0 }
    }

    /// One page more, which hears what is sent from now on.
    async fn opens(&mut self, ws: &str) {
        self.pages.push((Page::bound(ws, &self.caller).await, self.sent));
    }

    /// Pushes some times; each reaches every page.
    async fn is_pushed_to(&mut self) {
        for _ in 0..10 {
            let body = json!({"uid": self.caller.id, "data": self.sent});
            let receipt = self.caller.post("/WebSocket/pushToUser", body).await.ok();
            assert_eq!(receipt, json!({"sent": true, "reached": self.pages.len(), "failed": []}));
            self.sent += 1;
        }
    }

    /// Every page has heard everything since it was opened, once and in order.
    async fn has_heard_everything(self) {
        for (mut page, since) in self.pages {
            for number in since..self.sent {
                assert_eq!(page.next().await["data"], number);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_two_of_three_registers_may_be_away() {
    let mut cluster = cluster(3).await;
    let mut alice = Alice::of(&cluster);
    alice.opens(&cluster.ws()[0]).await;
    let mut gateways = 2;
    listed_everywhere(&cluster, gateways, 3).await;
    for left in 0..3 {
        let away: Vec<usize> = (0..3).filter(|number| *number != left).collect();
        for number in &away {
            cluster.stop_register(*number).await.unwrap();
        }
        registers_left(&cluster, 1).await;
        alice.is_pushed_to().await;
        // A gateway that starts now is found by the one register that is left.
        cluster.start_gateway(|_| {}).await.unwrap();
        gateways += 1;
        within("the new gateway", cluster.joined(gateways)).await;
        alice.opens(cluster.ws().last().unwrap()).await;
        alice.is_pushed_to().await;
        for number in away {
            cluster.restart_register(number).await.unwrap();
        }
        listed_everywhere(&cluster, gateways, 3).await;
        alice.is_pushed_to().await;
    }
    // One that leaves is off every list.
    cluster.drain_gateway(1).await.unwrap();
    listed_everywhere(&cluster, gateways - 1, 3).await;
    alice.is_pushed_to().await;
    alice.has_heard_everything().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_registers_may_be_away_after_the_start_and_each_that_returns_knows_everybody() {
    let mut cluster = cluster(3).await;
    let mut alice = Alice::of(&cluster);
    alice.opens(&cluster.ws()[0]).await;
    for number in 0..3 {
        cluster.stop_register(number).await.unwrap();
    }
    registers_left(&cluster, 0).await;
    alice.is_pushed_to().await;
    alice.opens(&cluster.ws()[1]).await;
    alice.is_pushed_to().await;
    for returned in 0..3 {
        cluster.restart_register(returned).await.unwrap();
        listed_everywhere(&cluster, 2, returned + 1).await;
        alice.is_pushed_to().await;
    }
    alice.has_heard_everything().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_only_one_register_knows_is_commanded() {
    let mut cluster = cluster(3).await;
    let mut alice = Alice::of(&cluster);
    alice.opens(&cluster.ws()[0]).await;
    let only = cluster.registers()[1].clone();
    cluster.start_gateway(|config| config.registers = vec![only]).await.unwrap();
    within("the new gateway", cluster.joined(3)).await;
    alice.opens(cluster.ws().last().unwrap()).await;
    alice.is_pushed_to().await;
    let id = cluster.gateway_ids().pop().unwrap();
    let known = cluster.client().gateways();
    let new = known.iter().find(|gateway| gateway.gateway_id.to_string() == id).unwrap();
    assert_eq!(new.listed, 1);
    // Its only register goes, two that never heard of it stay: it still has clients, and they are still reached.
    cluster.stop_register(1).await.unwrap();
    registers_left(&cluster, 2).await;
    alice.is_pushed_to().await;
    alice.has_heard_everything().await;
}

fn entry(gateway_id: &str, address: &str) -> v1::GatewayEntry {
    v1::GatewayEntry { gateway_id: gateway_id.to_owned(), address: address.to_owned(), draining: false }
}

/// Announces `gateway` at a register and holds on to it: the answers of the stream, or the refusal.
async fn announce(
    register: &str,
    secret: Option<&str>,
    gateway: v1::GatewayEntry,
) -> Result<tonic::Streaming<v1::Announced>, tonic::Status> {
    let endpoint = tonic::transport::Endpoint::from_shared(register.to_owned()).unwrap();
    let secret = SendSecret::new(secret.map(Into::into).as_ref()).unwrap();
    let mut client = RegisterClient::with_interceptor(endpoint.connect().await.unwrap(), secret);
    // One announcement, and then silence on an open stream.
    let announcement = v1::Announcement { gateway: Some(gateway), leaving: false };
    let announcements = futures_util::StreamExt::chain(
        futures_util::stream::iter([announcement]),
        futures_util::stream::pending(),
    );
    let mut answers = client.announce(announcements).await?.into_inner();
    within("an answer", answers.message()).await?;
    Ok(answers)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_know_the_secret_announces_nobody_to_any_register() {
    let plan = Plan { registers: 3, secret: Some("right".into()), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let rogue = GatewayId::random().to_string();
    for register in cluster.registers() {
        for secret in [None, Some("wrong")] {
            let refused = announce(&register, secret, entry(&rogue, "127.0.0.1:9")).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::Unauthenticated, "{refused:?}");
        }
    }
    listed_everywhere(&cluster, 2, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_a_living_gateways_id_or_address_at_any_register() {
    let cluster = cluster(3).await;
    let mut alice = Alice::of(&cluster);
    alice.opens(&cluster.ws()[0]).await;
    listed_everywhere(&cluster, 2, 3).await;
    let id = &cluster.gateway_ids()[0];
    let address = cluster.gateway_rpc()[0].trim_start_matches("http://").to_owned();
    for register in cluster.registers() {
        for rival in [entry(id, "127.0.0.1:9"), entry(&GatewayId::random().to_string(), &address)] {
            let refused = announce(&register, None, rival).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused:?}");
        }
    }
    listed_everywhere(&cluster, 2, 3).await;
    alice.is_pushed_to().await;
    alice.has_heard_everything().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_address_at_a_register_that_does_not_know_the_gateway_hides_it_from_nobody() {
    let mut cluster = cluster(2).await;
    let [knows, fooled] = [cluster.registers()[0].clone(), cluster.registers()[1].clone()];
    let only = vec![knows.clone()];
    cluster.start_gateway(|config| config.registers = only).await.unwrap();
    within("the new gateway", cluster.joined(3)).await;
    let mut alice = Alice::of(&cluster);
    alice.opens(cluster.ws().last().unwrap()).await;
    // A rogue says at the other register that this gateway is here, where connections are taken and nobody ever answers.
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = mute.local_addr().unwrap().to_string();
    let id = cluster.gateway_ids().pop().unwrap();
    let _rogue = announce(&fooled, None, entry(&id, &address)).await.unwrap();
    until("it is on both lists", || async {
        let known = cluster.client().gateways();
        known.iter().any(|gateway| gateway.gateway_id.to_string() == id && gateway.listed == 2)
    })
    .await;
    // An open pipe is not given up for it.
    alice.is_pushed_to().await;
    // And whoever comes new finds the gateway, whichever register is heard last.
    for registers in [[&knows, &fooled], [&fooled, &knows]] {
        let builder =
            GatewayClient::builder().register(registers[0].as_str()).register(registers[1].as_str());
        let newcomer = builder.build().unwrap();
        until("the pipe to the gateway", || async {
            let known = newcomer.gateways();
            let there = known.iter().find(|gateway| gateway.gateway_id.to_string() == id);
            there
                .is_some_and(|gateway| gateway.listed == 2 && gateway.connected && gateway.address != address)
        })
        .await;
    }
    alice.has_heard_everything().await;
}
