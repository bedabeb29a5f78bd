//! Two programs and two gateways; the way to the second one leads through a proxy.

use std::ops::Range;
use std::time::Duration;

use gatepipe_client::{Bind, GatewayClient, GatewayId, Message, Receipt, Uid};
use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::{PATIENCE, until, within};
use gatepipe_local_cluster::{Cluster, Plan};

use crate::proxy::Proxy;

pub struct Programs {
    pub cluster: Cluster,
    pub proxy: Proxy,
    /// Its receipts come soon, also when a gateway is mute.
    pub one: GatewayClient,
    /// Patient.
    pub two: GatewayClient,
    /// The connections of the first program through the proxy.
    pub ones: Range<usize>,
    pub direct: GatewayId,
    pub proxied: GatewayId,
}

impl Programs {
    pub async fn start() -> Self {
        let mut cluster = Cluster::start_with(Plan { gateways: 1, ..Plan::default() }).await.unwrap();
        let proxy = Proxy::start().await;
        let number =
            cluster.start_gateway(|config| config.advertise = Some(proxy.address.to_string())).await.unwrap();
        let rpc = cluster.gateway_rpc().swap_remove(number);
        proxy.leads_to(rpc.trim_start_matches("http://").parse().unwrap());
        within("the second gateway", cluster.joined(2)).await;
        let before = proxy.connections();
        let one = program(&cluster, Duration::from_millis(500)).await;
        let ones = before..proxy.connections();
        let two = program(&cluster, PATIENCE).await;
        let ids: Vec<GatewayId> = cluster.gateway_ids().iter().map(|id| id.parse().unwrap()).collect();
        Self { cluster, proxy, one, two, ones, direct: ids[0], proxied: ids[1] }
    }

    /// A page on the direct gateway, which is bound to `uid`.
    pub async fn page_on_direct(&self, uid: &Uid) -> Page {
        let page = Page::open(&self.cluster.ws()[0]).await;
        self.two.bind_uid(page.id(), uid, Bind::default()).await.unwrap();
        page
    }

    pub async fn page_on_proxied(&self) -> Page {
        Page::open(&self.cluster.ws()[1]).await
    }

    /// The first program sends until it knows that the gateway behind the proxy does not hold the uid.
    pub async fn one_leaves_out_proxied(&self, uid: &Uid) {
        until("the first program knows better", || async {
            let receipt = self.one.send_to_uid(uid, text("who has it?")).await;
            assert!(receipt.is_whole(), "{receipt:?}");
            !receipt.asked.contains(&self.proxied)
        })
        .await;
    }

    /// How many commands the gateway behind the proxy has carried out.
    pub async fn commands_of_proxied(&self) -> u64 {
        let stats = self.two.stats().await;
        let (_, stats) = stats.value.into_iter().find(|(gateway, _)| *gateway == self.proxied).unwrap();
        stats.totals.commands
    }
}

/// A program of its own, with an open pipe to both gateways.
pub async fn program(cluster: &Cluster, deadline: Duration) -> GatewayClient {
    let program = GatewayClient::builder().register(cluster.register()).deadline(deadline).build().unwrap();
    until("both pipes", || async {
        program.gateways().iter().filter(|gateway| gateway.connected).count() == 2
    })
    .await;
    program
}

pub fn text(text: &str) -> Message {
    Message::text(text).unwrap()
}

pub fn uid(name: &str) -> Uid {
    name.parse().unwrap()
}

/// Whether a gateway did its part, or is named because it did not.
pub fn is_named(receipt: &Receipt, gateway: GatewayId) -> bool {
    receipt.failed.iter().any(|failure| failure.gateway == gateway)
}
