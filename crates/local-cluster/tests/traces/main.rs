//! One trace from a request to the gateways, as a collector is told of it.

mod collector;
mod logged;
mod slow;
mod trouble;

use gatepipe_daemon::traces::{Ratio, Traces};
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::v1::gateway_client::GatewayClient as Door;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use collector::{Collector, Span, Told};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const PUSH: &str = "POST /api/admin/WebSocket/pushToUser";

/// A caller's span, sampled or not.
fn traceparent(sampled: bool) -> String {
    format!("00-{TRACE}-{CALLER}-0{}", u8::from(sampled))
}

/// Two gateways and an api that tell this collector.
async fn cluster(url: &str) -> Cluster {
    cluster_with(url, |_| {}).await
}

/// The same with settings of gateways.
async fn cluster_with(
    url: &str,
    tune: impl Fn(&mut gatepipe_gateway::Config) + Send + Sync + 'static,
) -> Cluster {
    let traces = Traces::new(url, Ratio::ALL).unwrap();
    let of_api = traces.clone();
    let plan = Plan {
        tune_gateway: Box::new(move |config| {
            config.traces = traces.clone();
            tune(config);
        }),
        tune_api: Box::new(move |config| config.traces = of_api.clone()),
        secret: Some("planted-shared-secret".into()),
        ..Plan::default()
    };
    Cluster::start_with(plan).await.unwrap()
}

/// The one span with this name in a trace.
fn only(told: &Told, trace: &str, name: &str) -> Span {
    let [span] = told.named(trace, name).try_into().unwrap_or_else(|spans| panic!("{name}: {spans:#?}"));
    span
}

/// Whether every gateway has told of its part in the command `name` and of its one client, and whoever commanded it too.
fn is_whole(told: &Told, trace: &str, name: &str, gateways: usize) -> bool {
    let spans = told.named(trace, name);
    let of = |kind| spans.iter().filter(|span| span.kind == kind).count();
    let writes = told.named(trace, "socket write").len();
    of(SpanKind::Client) == gateways
        && of(SpanKind::Server) == gateways
        && (writes == gateways || !name.starts_with("send_to"))
}

/// Looks at the command `name` below `request`: a span where it was sent for each gateway, and below that one where it was carried out.
fn below(cluster: &Cluster, told: &Told, request: &Span, name: &str) {
    let spans = told.named(&request.trace, name);
    let of = |kind| spans.iter().filter(move |span| span.kind == kind);
    let mut gateways: Vec<_> = of(SpanKind::Client)
        .map(|sent| {
            assert_eq!((&sent.service[..], &sent.parent), ("gatepipe-api", &request.id));
            assert_eq!((sent.says("gatepipe.reached"), sent.says("rpc.system.name")), ("1", "grpc"));
            assert_eq!((&sent.events, &sent.failure), (&vec!["sent".to_owned()], &None));
            let [carried_out] =
                of(SpanKind::Server).filter(|span| span.parent == sent.id).collect::<Vec<_>>()[..]
            else {
                panic!("{spans:#?}");
            };
            assert_eq!(carried_out.service, "gatepipe-gateway");
            assert_eq!(carried_out.instance, sent.says("gatepipe.gateway_id"));
            assert_eq!(carried_out.says("gatepipe.reached"), "1");
            let written = told.named(&request.trace, "socket write");
            let below: Vec<_> = written.iter().filter(|span| span.parent == carried_out.id).collect();
            assert_eq!(below.len(), usize::from(name.starts_with("send_to")), "{written:#?}");
            for write in below {
                assert!(write.says("gatepipe.client_id").starts_with(&carried_out.instance));
                assert_eq!((&write.service, &write.failure), (&carried_out.service, &None));
            }
            carried_out.instance.clone()
        })
        .collect();
    gateways.sort();
    let mut all = cluster.gateway_ids();
    all.sort();
    assert_eq!(gateways, all, "each gateway once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_one_trace_from_whoever_called_to_both_gateways() {
    let collector = Collector::start().await;
    let cluster = cluster(&collector.url).await;
    let alice = Caller::of(&cluster, "alice");
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let push = json!({"uid": alice.id, "type": "planted-type", "data": "planted-words"});
    let traced = alice.with_header("traceparent", &traceparent(true));
    assert_eq!(traced.post("/WebSocket/pushToUser", push).await.ok()["reached"], 2);
    for page in &mut pages {
        assert_eq!(page.next().await["data"], "planted-words");
    }
    let whole = |told: &Told| is_whole(told, TRACE, "send_to_uids", 2) && !told.named(TRACE, PUSH).is_empty();
    let told = collector.until("the whole trace", whole).await;
    let request = only(&told, TRACE, PUSH);
    assert_eq!((&request.service[..], &request.parent[..]), ("gatepipe-api", CALLER));
    assert_eq!(request.kind, SpanKind::Server);
    let says = |key| request.says(key);
    assert_eq!((says("http.request.method"), says("http.response.status_code")), ("POST", "200"));
    assert_eq!(says("http.route"), "/api/admin/WebSocket/pushToUser");
    below(&cluster, &told, &request, "send_to_uids");
    for secret in ["planted-", alice.token()] {
        assert!(!told.all.contains(secret), "{secret} was told to the collector");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_by_which_a_push_begins_begins_a_trace() {
    let collector = Collector::start().await;
    let cluster = cluster(&collector.url).await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let pages = [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let notification =
        json!({"user_ids": [alice.id], "title": "planted-title", "content": "planted", "level": "urgent"});
    let doors = [
        ("/WebSocket/broadcast", json!({"data": "planted-everybody"}), "send_to_all"),
        ("/Notification/send", notification, "send_to_uids"),
        ("/WebSocket/forceOffline", json!({"uid": alice.id, "reason": "planted-reason"}), "close_uid"),
    ];
    for (path, body, command) in doors {
        admin.post(path, body).await.ok();
        let name = format!("POST /api/admin{path}");
        let root = |told: &Told| told.spans.iter().find(|span| span.name == name).cloned();
        let whole = |told: &Told| root(told).is_some_and(|root| is_whole(told, &root.trace, command, 2));
        let told = collector.until(&name, whole).await;
        let request = root(&told).unwrap();
        assert_eq!(request.parent, "", "nobody called with a trace");
        below(&cluster, &told, &request, command);
        assert!(!told.all.contains("planted"), "{path}");
    }
    drop(pages);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_caller_does_not_sample_is_told_nowhere() {
    let collector = Collector::start().await;
    let cluster = cluster(&collector.url).await;
    let alice = Caller::of(&cluster, "alice");
    let _pages = [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let push = || alice.with_header("traceparent", &traceparent(false));
    assert_eq!(push().post("/WebSocket/pushToUser", json!({"uid": alice.id})).await.ok()["reached"], 2);
    // What comes afterwards through the same queues is told after it.
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id})).await.ok();
    let later = |told: &Told| told.spans.iter().find(|span| span.name == PUSH).map(|span| span.trace.clone());
    let whole = |told: &Told| later(told).is_some_and(|trace| is_whole(told, &trace, "send_to_uids", 2));
    let told = collector.until("the later push", whole).await;
    assert!(told.spans.iter().all(|span| span.trace != TRACE), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_another_language_names_its_span_in_the_metadata() {
    let collector = Collector::start().await;
    let cluster = cluster(&collector.url).await;
    let mut gateway = within("a connection", Door::connect(cluster.gateway_rpc()[0].clone())).await.unwrap();
    let mut execute = async |command, metadata: bool| {
        let mut command = v1::Command { id: 1, command: Some(command), ..Default::default() };
        if !metadata {
            command.traceparent = traceparent(true);
        }
        let mut request = tonic::Request::new(command);
        if metadata {
            request.metadata_mut().insert("traceparent", traceparent(true).parse().unwrap());
        }
        request.metadata_mut().insert("authorization", "Bearer planted-shared-secret".parse().unwrap());
        within("a receipt", gateway.execute(request)).await.unwrap().into_inner()
    };
    let group = "planted-group".to_owned();
    execute(Command::Ungroup(v1::Ungroup { group }), true).await;
    let nobody = "0".repeat(40);
    let close = v1::CloseClient { client_id: nobody.clone(), close: Some(v1::Close::default()) };
    let refused = execute(Command::CloseClient(close), false).await;
    assert_ne!(refused.code, 0);
    let both =
        |told: &Told| ["ungroup", "close_client"].iter().all(|name| !told.named(TRACE, name).is_empty());
    let told = collector.until("both commands", both).await;
    let ungroup = only(&told, TRACE, "ungroup");
    assert_eq!((&ungroup.parent[..], ungroup.failure), (CALLER, None));
    let close = only(&told, TRACE, "close_client");
    assert_eq!((&close.parent[..], close.failure), (CALLER, Some(format!("refused: {}", refused.code))));
    for secret in ["planted-", &nobody] {
        assert!(!told.all.contains(secret), "{secret} was told to the collector");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_before_the_stop_is_told_before_the_end() {
    let collector = Collector::start().await;
    let cluster = cluster(&collector.url).await;
    let alice = Caller::of(&cluster, "alice").with_header("traceparent", &traceparent(true));
    let page = Page::bound(&cluster.ws()[0], &alice).await;
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id})).await.ok();
    drop(page);
    cluster.stop().await.unwrap();
    let told = collector.told();
    only(&told, TRACE, PUSH);
    assert!(!told.named(TRACE, "send_to_uids").is_empty());
}
