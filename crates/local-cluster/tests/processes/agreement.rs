//! Random steps against real gateways, and a model in memory: both agree on who received what, and on every list and count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::TryStreamExt;
use gatepipe_client::{
    Bind, BindPolicy, ClientId, Close, CloseCode, DistinctCount, Filter, GatewayClient, GatewayId, Group,
    Message, Page, Session, Uid,
};
use gatepipe_local_cluster::eventually::until;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::model::{Model, merge};
use crate::programs::Program;
use crate::socket::{Heard, Socket};

const GATEWAYS: usize = 3;
/// Different uids, and different groups: few, so that clients share them.
const NAMES: u8 = 3;
/// Sequences, each on a cluster of its own.
const SEQUENCES: u32 = 8;
const STEPS: std::ops::Range<usize> = 100..300;

/// One step. An `Index` picks among the clients that live when it comes.
#[derive(Debug, Clone)]
enum Step {
    Connect(usize),
    Leave(Index),
    Bind { client: Index, uid: u8, newest_wins: bool },
    Unbind { client: Index, uid: u8 },
    Join { client: Index, group: u8 },
    LeaveGroup { client: Index, group: u8 },
    Ungroup(u8),
    SetSession { client: Index, session: u8 },
    UpdateSession { client: Index, patch: u8 },
    Send { to: Target, exclude: Vec<Index>, binary: bool },
    Close(Index),
    Destroy(Index),
    CloseUid(u8),
    Kill(usize),
    Compare,
}

#[derive(Debug, Clone)]
enum Target {
    All,
    Clients(Vec<Index>),
    Uids(Vec<u8>),
    Groups(Vec<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<Index>;
    let name = || 0..NAMES;
    let target = prop_oneof![
        1 => Just(Target::All),
        2 => prop::collection::vec(index(), 0..5).prop_map(Target::Clients),
        2 => prop::collection::vec(name(), 0..4).prop_map(Target::Uids),
        3 => prop::collection::vec(name(), 0..4).prop_map(Target::Groups),
    ];
    let step = prop_oneof![
        40 => (0..GATEWAYS).prop_map(Step::Connect),
        12 => index().prop_map(Step::Leave),
        30 => (index(), name(), prop::bool::weighted(0.2))
            .prop_map(|(client, uid, newest_wins)| Step::Bind { client, uid, newest_wins }),
        8 => (index(), name()).prop_map(|(client, uid)| Step::Unbind { client, uid }),
        50 => (index(), name()).prop_map(|(client, group)| Step::Join { client, group }),
        8 => (index(), name()).prop_map(|(client, group)| Step::LeaveGroup { client, group }),
        2 => name().prop_map(Step::Ungroup),
        10 => (index(), any::<u8>()).prop_map(|(client, session)| Step::SetSession { client, session }),
        10 => (index(), any::<u8>()).prop_map(|(client, patch)| Step::UpdateSession { client, patch }),
        80 => (target, prop::collection::vec(index(), 0..3), any::<bool>())
            .prop_map(|(to, exclude, binary)| Step::Send { to, exclude, binary }),
        8 => index().prop_map(Step::Close),
        3 => index().prop_map(Step::Destroy),
        2 => name().prop_map(Step::CloseUid),
        // Each takes the 5 s that a dead gateway stays on the list.
        1 => (0..GATEWAYS).prop_map(Step::Kill),
        8 => Just(Step::Compare),
    ];
    prop::collection::vec(step, STEPS)
}

fn uid(number: u8) -> Uid {
    Uid::from(u64::from(number))
}

fn group(number: u8) -> Group {
    ["all hands", "部门", "a"][usize::from(number)].parse().unwrap()
}

/// Sessions that merge in interesting ways.
fn object(seed: u8) -> Session {
    let n = seed / 5;
    let value = match seed % 5 {
        0 => json!({"name": n, "nested": {"a": n, "b": [n]}}),
        1 => json!({"nested": {"a": null, "c": {"d": n}}}),
        2 => json!({"nested": n}),
        3 => json!({"name": null, "emoji": "📊"}),
        _ => json!({}),
    };
    let Value::Object(object) = value else { unreachable!() };
    Session::try_from(&object).unwrap()
}

struct Stage {
    register: Program,
    gateways: Vec<Program>,
    client: GatewayClient,
    sockets: BTreeMap<ClientId, Socket>,
    model: Model,
    said: u64,
}

fn start_gateway(register: &Program) -> Program {
    let flags =
        ["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", &register.url("rpc")];
    Program::start("gatepipe-gateway", &flags)
}

impl Stage {
    async fn set() -> Self {
        let register = Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"]);
        let gateways: Vec<_> = (0..GATEWAYS).map(|_| start_gateway(&register)).collect();
        let client = GatewayClient::builder().register(register.url("rpc")).deadline(Duration::from_secs(10));
        let client = client.build().unwrap();
        let stage =
            Self { register, gateways, client, sockets: BTreeMap::new(), model: Model::default(), said: 0 };
        stage.joined().await;
        stage
    }

    async fn joined(&self) {
        let ids = self.gateway_ids();
        until("exactly the living gateways are members", || async {
            let members = self.client.gateways();
            members.iter().all(|member| member.connected)
                && members.iter().map(|member| member.gateway_id).collect::<BTreeSet<_>>() == ids
        })
        .await;
    }

    fn gateway_ids(&self) -> BTreeSet<GatewayId> {
        self.gateways.iter().map(|gateway| gateway.addr("gateway_id").parse().unwrap()).collect()
    }

    fn pick(&self, index: Index) -> Option<ClientId> {
        let living: Vec<_> = self.model.living.keys().copied().collect();
        (!living.is_empty()).then(|| *index.get(&living))
    }

    /// Until the gateways have noticed that it went.
    async fn gone(&self, client: ClientId) {
        until("a client that left is off the list", || async {
            !self.client.is_online(client).await.unwrap()
        })
        .await;
    }

    async fn play(&mut self, step: Step) {
        match step {
            Step::Connect(gateway) => {
                let ws = format!("ws://{}/ws", self.gateways[gateway].addr("clients"));
                let socket = Socket::open(&ws).await;
                self.model.connect(socket.client_id);
                self.sockets.insert(socket.client_id, socket);
            }
            Step::Ungroup(number) => {
                let group = group(number);
                let members = self.model.select(&Filter::group(group.clone()));
                let receipt = self.client.ungroup(&group).await;
                assert_eq!((receipt.reached, receipt.is_whole()), (members.len() as u64, true));
                for living in self.model.living.values_mut() {
                    living.groups.remove(&group);
                }
            }
            Step::Send { to, exclude, binary } => self.send(to, &exclude, binary).await,
            Step::CloseUid(number) => {
                let clients = self.model.select(&Filter::uid(uid(number)));
                let receipt = self.client.close_uid(&uid(number), close(4003)).await;
                assert_eq!((receipt.reached, receipt.is_whole()), (clients.len() as u64, true));
                for client in clients {
                    self.model.close(client, Heard::Closed(Some(4003)));
                    self.gone(client).await;
                }
            }
            Step::Kill(number) => self.kill(number).await,
            Step::Compare => self.compare().await,
            Step::Leave(index) => {
                self.with(index, async |stage, client| {
                    stage.sockets.remove(&client).unwrap().leave().await;
                    stage.model.leave(client);
                    stage.gone(client).await;
                })
                .await
            }
            Step::Bind { client, uid: number, newest_wins } => {
                self.with(client, async |stage, client| stage.bind(client, &uid(number), newest_wins).await)
                    .await;
            }
            Step::Unbind { client, uid: number } => {
                self.with(client, async |stage, client| {
                    let expected = stage.model.unbind(client, &uid(number));
                    assert_eq!(stage.client.unbind_uid(client, &uid(number)).await, Ok(expected));
                })
                .await
            }
            Step::Join { client, group: number } => {
                self.with(client, async |stage, client| {
                    let expected = stage.model.living.get_mut(&client).unwrap().groups.insert(group(number));
                    assert_eq!(stage.client.join_group(client, &group(number)).await, Ok(expected));
                })
                .await
            }
            Step::LeaveGroup { client, group: number } => {
                self.with(client, async |stage, client| {
                    let expected = stage.model.living.get_mut(&client).unwrap().groups.remove(&group(number));
                    assert_eq!(stage.client.leave_group(client, &group(number)).await, Ok(expected));
                })
                .await
            }
            Step::SetSession { client, session } => {
                self.with(client, async |stage, client| {
                    stage.client.set_session(client, &object(session)).await.unwrap();
                    stage.model.living.get_mut(&client).unwrap().session = object(session).to_object();
                })
                .await
            }
            Step::UpdateSession { client, patch } => {
                self.with(client, async |stage, client| {
                    stage.client.update_session(client, &object(patch)).await.unwrap();
                    merge(
                        &mut stage.model.living.get_mut(&client).unwrap().session,
                        &object(patch).to_object(),
                    );
                })
                .await
            }
            Step::Close(index) => {
                self.with(index, async |stage, client| {
                    assert_eq!(stage.client.close_client(client, close(4000)).await, Ok(true));
                    stage.model.close(client, Heard::Closed(Some(4000)));
                    stage.gone(client).await;
                })
                .await
            }
            Step::Destroy(index) => {
                self.with(index, async |stage, client| {
                    assert_eq!(stage.client.destroy_client(client).await, Ok(true));
                    // What was on its way may be lost with it.
                    stage.model.leave(client);
                    stage.sockets.remove(&client);
                    stage.gone(client).await;
                })
                .await
            }
        }
    }

    /// Does something with one of the living, if there is any.
    async fn with(&mut self, index: Index, act: impl AsyncFnOnce(&mut Self, ClientId)) {
        if let Some(client) = self.pick(index) {
            act(self, client).await;
        }
    }

    async fn bind(&mut self, client: ClientId, uid: &Uid, newest_wins: bool) {
        let policy = if newest_wins { BindPolicy::NewestWins } else { BindPolicy::KeepAll };
        let bound = self.client.bind_uid(client, uid, Bind { policy, ..Bind::default() }).await.unwrap();
        assert_eq!(bound.previous, self.model.bind(client, uid));
        let mut others = if newest_wins { self.model.select(&Filter::uid(uid.clone())) } else { Vec::new() };
        others.retain(|other| *other != client);
        assert_eq!((bound.replaced, bound.failed.len()), (others.len() as u64, 0));
        for other in others {
            self.model.close(other, Heard::Closed(Some(4002)));
            self.gone(other).await;
        }
    }

    async fn send(&mut self, to: Target, exclude: &[Index], binary: bool) {
        self.said += 1;
        let (message, heard) = if binary {
            let bytes = self.said.to_be_bytes().to_vec();
            (Message::binary(bytes.clone()).unwrap(), Heard::Bytes(bytes))
        } else {
            let text = json!({"type": "said", "data": self.said}).to_string();
            (Message::text(text.clone()).unwrap(), Heard::Text(text))
        };
        let exclude: Vec<_> = exclude.iter().filter_map(|index| self.pick(*index)).collect();
        let everybody = Filter::default();
        let (receipt, hearing) = match to {
            Target::All => (self.client.send_to_all(message, &exclude).await, self.model.select(&everybody)),
            Target::Clients(indexes) => {
                let clients: Vec<_> = indexes.iter().filter_map(|index| self.pick(*index)).collect();
                (self.client.send_to_clients(&clients, message, &exclude).await, clients)
            }
            Target::Uids(numbers) => {
                let uids: Vec<_> = numbers.into_iter().map(uid).collect();
                let receipt = self.client.send_to_uids(&uids, message, &exclude).await;
                let hearing = uids.iter().flat_map(|uid| self.model.select(&Filter::uid(uid.clone())));
                (receipt, hearing.collect())
            }
            Target::Groups(numbers) => {
                let groups: Vec<_> = numbers.into_iter().map(group).collect();
                let receipt = self.client.send_to_groups(&groups, message, &exclude).await;
                let hearing =
                    groups.iter().flat_map(|group| self.model.select(&Filter::group(group.clone())));
                (receipt, hearing.collect())
            }
        };
        assert!(receipt.is_whole(), "{receipt:?}");
        assert_eq!(receipt.reached, self.model.hear(hearing, &exclude, &heard));
    }

    /// SIGKILL, and another gateway in its place; returns when the dead one is off the list.
    async fn kill(&mut self, number: usize) {
        let dead: GatewayId = self.gateways[number].addr("gateway_id").parse().unwrap();
        std::mem::replace(&mut self.gateways[number], start_gateway(&self.register)).kill();
        let clients: Vec<_> =
            self.model.living.keys().copied().filter(|client| client.gateway() == dead).collect();
        for client in clients {
            self.model.close(client, Heard::Closed(None));
        }
        self.joined().await;
    }

    async fn compare(&self) {
        let filters = [Filter::default(), Filter { bound: Some(true), ..Filter::default() }]
            .into_iter()
            .chain([Filter { bound: Some(false), ..Filter::default() }])
            .chain((0..NAMES).map(|number| Filter::uid(uid(number))))
            .chain((0..NAMES).map(|number| Filter::group(group(number))))
            .chain(self.gateway_ids().into_iter().map(Filter::gateway))
            .chain([Filter {
                groups: vec![group(0), group(1)],
                uids: vec![uid(0), uid(1)],
                ..Filter::default()
            }]);
        for filter in filters {
            self.compare_lists(&filter).await;
        }
        self.compare_groups().await;

        let names: Vec<_> = (0..NAMES + 2).map(uid).collect();
        let expected = self.model.uids(&Filter::default());
        let online = self.client.are_uids_online(&names).await;
        assert!(online.is_whole());
        let (there, gone): (BTreeSet<_>, BTreeSet<_>) =
            names.iter().cloned().partition(|uid| expected.contains_key(uid));
        assert_eq!((online.value.online, online.value.offline), (there.clone(), gone));
        let found = self.client.clients_of_uids(&names).await;
        assert_eq!(found.value.keys().cloned().collect::<BTreeSet<_>>(), there);
        for (uid, clients) in found.value {
            assert_eq!(clients, self.model.select(&Filter::uid(uid)));
        }
    }

    async fn compare_lists(&self, filter: &Filter) {
        let expected = self.model.select(filter);
        let listed: Vec<_> = self.client.all_clients(filter.clone()).unwrap().try_collect().await.unwrap();
        assert_eq!(listed.iter().map(|info| info.client_id).collect::<Vec<_>>(), expected, "{filter:?}");
        for info in &listed {
            let living = &self.model.living[&info.client_id];
            assert_eq!(info.uid, living.uid);
            assert_eq!(info.groups.iter().cloned().collect::<BTreeSet<_>>(), living.groups);
        }
        // The same in small pages.
        let mut paged = Vec::new();
        let mut page = Page { after: None, limit: 3 };
        loop {
            let answer = self.client.clients(filter, &page).await.unwrap();
            assert!(answer.is_whole() && answer.value.items.len() <= 3);
            paged.extend(answer.value.items.into_iter().map(|info| info.client_id));
            page.after = answer.value.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(paged, expected);

        let sessions: Vec<_> = self.client.all_sessions(filter.clone()).unwrap().try_collect().await.unwrap();
        assert_eq!(sessions.iter().map(|(client, _)| *client).collect::<Vec<_>>(), expected);
        for (client, session) in sessions {
            assert_eq!(session.to_object(), self.model.session(client).to_object());
        }

        let uids: Vec<_> = self.client.all_uids(filter.clone()).unwrap().try_collect().await.unwrap();
        let uids: BTreeMap<_, _> = uids.into_iter().map(|info| (info.uid, info.clients)).collect();
        assert_eq!(uids, self.model.uids(filter), "{filter:?}");
        assert_eq!(self.client.count_clients(filter).await.value, expected.len() as u64);
        let count = DistinctCount { count: uids.len() as u64, exact: true };
        assert_eq!(self.client.count_uids(filter).await.value, count);
    }

    async fn compare_groups(&self) {
        let expected = self.model.groups();
        let listed: Vec<_> = self.client.all_groups().unwrap().try_collect().await.unwrap();
        let listed: BTreeMap<_, _> =
            listed.into_iter().map(|info| (info.group, (info.clients, info.uids.count))).collect();
        assert_eq!(listed, expected);
        let count = DistinctCount { count: expected.len() as u64, exact: true };
        assert_eq!(self.client.count_groups().await.value, count);
        let named: Vec<_> = (0..NAMES).map(group).collect();
        let counted = self.client.count_by_group(&named).await.value;
        for group in named {
            let info = &counted[&group];
            assert_eq!((info.clients, info.uids.count), expected.get(&group).copied().unwrap_or_default());
        }
    }

    /// Everybody reads what waits: exactly what the model says, in order.
    async fn read_everything(mut self) {
        self.send(Target::All, &[], false).await;
        for (client, expected) in std::mem::take(&mut self.model.hears) {
            let socket = self.sockets.get_mut(&client).unwrap();
            for frame in expected {
                assert_eq!(socket.next().await, frame, "client {client}");
            }
        }
    }
}

fn close(code: u16) -> Close {
    Close { code: CloseCode::new(code).unwrap(), reason: "as agreed".into(), last_message: None }
}

#[test]
fn a_model_in_memory_and_a_cluster_agree_on_who_received_what_and_on_every_list_and_count() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // A failure prints the shortest sequence found; every try needs a cluster of its own, so not many are made.
    let config =
        Config { cases: SEQUENCES, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let played = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(within_minutes(async {
            let mut stage = Stage::set().await;
            for step in steps {
                stage.play(step).await;
            }
            stage.compare().await;
            stage.read_everything().await;
        }));
        Ok(())
    });
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

/// Kills take their time: a dead gateway is listed for 5 s.
async fn within_minutes(playing: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(180), playing)
        .await
        .expect("a sequence ends within three minutes");
}
