//! Nine pages on three gateways, some of them bound and in groups.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatepipe_client::{Bind, ClientId, GatewayClient, GatewayId, Group, Message, Uid};
use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::{PATIENCE, within};
use gatepipe_local_cluster::{Cluster, Plan};

/// Pages 0 to 2 are on the first gateway, 3 to 5 on the second, 6 to 8 on the third.
///
/// | page | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
/// | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
/// | uid | ana | ben | | ana | cem | | ana | ben | |
/// | groups | lobby, news | | | | lobby | news | | news | lobby |
pub struct Crowd {
    pub cluster: Cluster,
    /// Of its own, as patient as the test.
    pub client: GatewayClient,
    pub gateways: Vec<GatewayId>,
    pub pages: Vec<Page>,
}

const UIDS: [&str; 9] = ["ana", "ben", "", "ana", "cem", "", "ana", "ben", ""];
const LOBBY: [usize; 3] = [0, 4, 8];
const NEWS: [usize; 3] = [0, 5, 7];

pub fn uid(name: &str) -> Uid {
    name.parse().unwrap()
}

pub fn group(name: &str) -> Group {
    name.parse().unwrap()
}

pub fn text(text: &str) -> Message {
    Message::text(text).unwrap()
}

impl Crowd {
    pub async fn gather() -> Self {
        let plan = Plan { gateways: 3, ..Plan::default() };
        let cluster = Cluster::start_with(plan).await.unwrap();
        let client =
            GatewayClient::builder().register(cluster.register()).deadline(PATIENCE).build().unwrap();
        within("every pipe", client.joined()).await;
        let urls = cluster.ws();
        let pages = join_all((0..9).map(|number| Page::open(&urls[number / 3]))).await;
        let gateways = cluster.gateway_ids().iter().map(|id| id.parse().unwrap()).collect();
        let crowd = Self { cluster, client, gateways, pages };
        for (number, name) in UIDS.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            crowd.client.bind_uid(crowd.id(number), &uid(name), Bind::default()).await.unwrap();
        }
        for (name, members) in [("lobby", LOBBY), ("news", NEWS)] {
            for number in members {
                assert_eq!(crowd.client.join_group(crowd.id(number), &group(name)).await, Ok(true));
            }
        }
        crowd
    }

    pub fn id(&self, number: usize) -> ClientId {
        self.pages[number].id()
    }

    pub fn ids(&self, numbers: &[usize]) -> Vec<ClientId> {
        numbers.iter().map(|number| self.id(*number)).collect()
    }

    /// The same as a set, or in order.
    pub fn sorted_ids(&self, numbers: &[usize]) -> Vec<ClientId> {
        let ids: BTreeSet<_> = self.ids(numbers).into_iter().collect();
        ids.into_iter().collect()
    }

    /// All gateways, in order.
    pub fn sorted_gateways(&self) -> Vec<GatewayId> {
        let mut gateways = self.gateways.clone();
        gateways.sort();
        gateways
    }

    /// What each page has heard since the last time: everything up to a mark that is sent to each of them now.
    pub async fn heard(&mut self) -> Vec<Vec<Message>> {
        let mark = text("the mark");
        let everybody: Vec<_> = self.pages.iter().map(Page::id).collect();
        let receipt = self.client.send_to_clients(&everybody, mark.clone(), &[]).await;
        assert_eq!((receipt.reached, receipt.is_whole()), (everybody.len() as u64, true));
        let up_to_mark = async |page: &mut Page| {
            let mut heard = Vec::new();
            loop {
                match page.next_message().await.unwrap() {
                    message if message == mark => return heard,
                    message => heard.push(message),
                }
            }
        };
        join_all(self.pages.iter_mut().map(up_to_mark)).await
    }

    /// The pages that heard `message`, and no page heard anything else; one that heard it twice stands there twice.
    pub async fn who_heard(&mut self, message: &Message) -> Vec<usize> {
        let mut who = Vec::new();
        for (number, heard) in self.heard().await.into_iter().enumerate() {
            for other in heard {
                assert_eq!(other, *message, "page {number}");
                who.push(number);
            }
        }
        who
    }
}
