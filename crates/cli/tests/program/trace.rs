//! `gatepipe trace`: where one message went, or died.

use std::time::Duration;

use gatepipe_client::Message;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::{Value, json};

use crate::ghost::Ghost;
use crate::run::{Ran, Running, finish, gatepipe, run, run_at};

/// Every step of a run, in order.
fn steps(ran: &Ran) -> Vec<Value> {
    let step = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let steps: Vec<Value> = ran.stdout.lines().map(step).collect();
    assert!(steps.iter().all(|step| step["ms"].is_number()), "{ran:?}");
    assert!(!ran.stdout.contains("planted"), "it shows what the message says: {ran:?}");
    steps
}

fn named<'a>(steps: &'a [Value], name: &str) -> Vec<&'a Value> {
    steps.iter().filter(|step| step["step"] == name).collect()
}

/// The last step, which is the verdict, and its exit code.
fn verdict(ran: &Ran) -> (String, i32) {
    let steps = steps(ran);
    let last = steps.last().unwrap_or_else(|| panic!("no step: {ran:?}"));
    assert_eq!((&last["step"], &last["exit"]), (&json!("verdict"), &json!(ran.code)), "{ran:?}");
    (last["text"].as_str().unwrap().to_owned(), ran.code)
}

fn sorted<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut values: Vec<_> = values.into_iter().map(|value| value.as_str().unwrap().to_owned()).collect();
    values.sort();
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_it_sends_is_followed_to_both_clients_on_both_gateways() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let line = format!("trace --uid {} --type hello --data {{\"word\":\"planted\"}}", alice.id);
    let ran = run_at(&cluster, &line).await;
    assert_eq!(verdict(&ran), ("reached 2 of 2 clients on 2 gateways".to_owned(), 0), "{ran:?}");
    for page in &mut pages {
        assert_eq!(page.next().await, json!({"type": "hello", "data": {"word": "planted"}}));
    }

    let steps = steps(&ran);
    assert!(named(&steps, "register").iter().all(|step| step["connected"] == true), "{ran:?}");
    let members = named(&steps, "gateway");
    assert_eq!(members.len(), 2, "{ran:?}");
    assert!(members.iter().all(|step| step["connected"] == true && step["draining"] == false), "{ran:?}");
    assert!(named(&steps, "following").iter().all(|step| step["clients"] == 1), "{ran:?}");
    let came = named(&steps, "came");
    assert_eq!(
        sorted(came.iter().map(|step| &step["gateway"])),
        sorted(members.iter().map(|step| &step["gateway"]))
    );
    let written = named(&steps, "written");
    let mut clients = pages.each_ref().map(|page| page.client_id().to_owned());
    clients.sort();
    assert_eq!(sorted(written.iter().map(|step| &step["client_id"])), clients);
    assert_eq!(named(&steps, "sent")[0]["reached"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_the_next_message_from_anybody() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let mut trace = Running::start_at(&cluster, &format!("trace --uid {}", alice.id));
    for _ in 0..2 {
        while trace.frame().await["step"] != "following" {}
    }
    let pushed = run_at(&cluster, &format!("push {} --text {{\"n\":1}}", alice.id)).await;
    assert_eq!(pushed.stdout, "1\t0\n");
    assert_eq!(page.next().await, json!({"n": 1}));
    loop {
        let step = trace.frame().await;
        match step["step"].as_str().unwrap() {
            "came" => assert_eq!(step["sent_to"], "uids"),
            "written" => assert_eq!(step["client_id"], page.client_id()),
            "offered" => assert!(step["taken"] == step["clients"], "{step}"),
            "verdict" => {
                let text = step["text"].as_str().unwrap();
                assert_eq!(text, "reached 1 of 1 client on 1 gateway");
                break;
            }
            other => panic!("{other}: {step}"),
        }
    }
    assert_eq!(trace.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_joins_while_it_waits_is_followed_as_well() {
    let mut cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut trace = Running::start_at(&cluster, &format!("trace --uid {}", alice.id));
    for _ in 0..2 {
        while trace.frame().await["step"] != "following" {}
    }
    let third = cluster.start_gateway(|_| {}).await.unwrap();
    let id = &cluster.gateway_ids()[third];
    let joined = trace.frame().await;
    assert_eq!((&joined["step"], &joined["gateway"]), (&json!("joined"), &json!(id)), "{joined}");
    assert_eq!(joined["clients"], 0);

    cluster.joined(3).await;
    let mut page = Page::bound(&cluster.ws()[third], &alice).await;
    let pushed = run_at(&cluster, &format!("push {} --text {{\"n\":1}}", alice.id)).await;
    assert_eq!(pushed.stdout, "1\t0\n");
    assert_eq!(page.next().await, json!({"n": 1}));
    let mut told = Vec::new();
    let verdict = loop {
        let step = trace.frame().await;
        if step["step"] == "verdict" {
            break step;
        }
        told.push(step);
    };
    assert_eq!(verdict["text"], "reached 1 of 1 client on 1 gateway");
    assert!(named(&told, "came").iter().any(|step| step["gateway"] == json!(id)), "{told:?}");
    let written = named(&told, "written");
    assert_eq!(sorted(written.iter().map(|step| &step["gateway"])), [id.as_str()]);
    assert_eq!(sorted(written.iter().map(|step| &step["client_id"])), [page.client_id()]);
    assert_eq!(trace.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_bound_it_says_so_and_what_to_look_at() {
    let cluster = Cluster::start().await;
    let _unbound = Page::open(&cluster.ws()[0]).await;
    let ran = run_at(&cluster, "trace --uid 42 --text planted").await;
    let (text, code) = verdict(&ran);
    assert!(text.starts_with("nobody is bound to 42") && text.contains("/WebSocket/bind"), "{text}");
    assert_eq!(code, 5);

    let ran = run_at(&cluster, "trace --uid 42 --wait 200ms").await;
    let (text, code) = verdict(&ran);
    assert!(text.starts_with("no message for 42 came to any gateway within 200ms"), "{text}");
    assert!(text.contains("gatepipe audit"), "{text}");
    assert_eq!(code, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_ends_with_what_is_known() {
    let cluster = Cluster::start().await;
    let mut trace = Running::start_at(&cluster, "trace --uid 42");
    for _ in 0..2 {
        while trace.frame().await["step"] != "following" {}
    }
    trace.interrupt();
    let verdict = trace.frame().await;
    assert_eq!((&verdict["step"], &verdict["exit"]), (&json!("verdict"), &json!(0)));
    assert!(verdict["text"].as_str().unwrap().contains("until now"), "{verdict}");
    assert_eq!(trace.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_the_api_it_is_followed_as_well_and_a_refusal_is_where_it_died() {
    let cluster = Cluster::start().await;
    let person = |name| cluster.people().iter().find(|person| person.name == name).unwrap();
    let (alice, admin) = (person("alice"), person("admin"));
    let mut page = Page::bound(&cluster.ws()[1], &Caller::of(&cluster, "alice")).await;
    let through_api = async |uid: u64, token: &str, data: &str| {
        let line = format!("trace --uid {uid} --data {data} --register {}", cluster.register());
        let mut command = gatepipe(line.split_whitespace());
        command.env("GATEPIPE_API", cluster.http()).env("GATEPIPE_TOKEN", token);
        finish(command).await
    };
    let ran = through_api(alice.id, &admin.token, r#"["planted",1.10]"#).await;
    let (text, code) = verdict(&ran);
    assert_eq!((text.as_str(), code), ("reached 1 of 1 client on 1 gateway", 0), "{ran:?}");
    let api = steps(&ran);
    let api = named(&api, "api");
    assert_eq!((&api[0]["status"], &api[0]["reached"]), (&json!(200), &json!(1)), "{ran:?}");
    assert_eq!(page.next().await["data"][0], "planted");

    // Alice may not push to the administrator.
    let ran = through_api(admin.id, &alice.token, r#"["planted"]"#).await;
    let (text, code) = verdict(&ran);
    assert!(text.starts_with("it died at the api: the api refused (403)"), "{text}");
    assert_eq!(code, 4);
    let ran = through_api(alice.id, "nonsense", "[1]").await;
    assert!(verdict(&ran).0.contains("(401)"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_before_anything_is_waited_for() {
    for line in ["trace", "trace --uid 1 --wait soon", "trace --uid 1 --text x --type y"] {
        let refused = run(line).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{line}: {refused:?}");
    }
    let by_api = run("trace --uid ana --data [] --token x").await;
    assert!(by_api.failed(2).contains("numbers"), "{by_api:?}");
    let by_api = run("trace --uid 1 --text x --token x").await;
    assert!(by_api.failed(2).contains("--data"), "{by_api:?}");
    let nobody = run("trace --uid 1 --register http://127.0.0.1:1 --timeout 200ms").await;
    assert!(nobody.failed(7).contains("no register answers"), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_be_asked_is_named_and_the_rest_is_told() {
    let cluster = Cluster::start().await;
    let ghost = Ghost::haunt(&cluster).await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let ran = run_at(&cluster, &format!("trace --uid {} --text {{}} --timeout 1s", alice.id)).await;
    let (text, code) = verdict(&ran);
    assert!(text.starts_with("reached 1 of 1 client on 1 gateway; "), "{text}");
    assert!(text.contains(&format!("gateway {} could not be asked", ghost.id)), "{text}");
    assert_eq!(code, 6);
    let told = steps(&ran);
    let not_followed = named(&told, "not_followed");
    assert_eq!(sorted(not_followed.iter().map(|step| &step["gateway"])), [ghost.id.as_str()]);
    assert_eq!(named(&told, "sent")[0]["failed"][0]["gateway"], json!(ghost.id));
    assert_eq!(page.next().await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_page_that_does_not_read_is_where_it_is() {
    // However busy the machine is: it is not closed for reading slowly.
    let tune_gateway = |config: &mut gatepipe_gateway::Config| config.outbox_age = Duration::from_secs(600);
    let plan = Plan { tune_gateway: Box::new(tune_gateway), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::open_narrow(&cluster.ws()[0]).await;
    alice.bind(&page).await;
    let large = cluster
        .client()
        .send_to_client(page.id(), Message::text(format!("\"{}\"", "x".repeat(500_000))).unwrap())
        .await;
    assert_eq!(large.reached, 1);
    let ran = run_at(&cluster, &format!("trace --uid {} --text 2 --wait 5s", alice.id)).await;
    let (text, code) = verdict(&ran);
    assert!(
        text.starts_with("reached 0 of 1 client on 1 gateway; waits in the outbox of 1 client"),
        "{text}"
    );
    assert_eq!(code, 6);
    let told = steps(&ran);
    assert!(named(&told, "waits")[0]["behind_bytes"].as_u64().unwrap() > 0, "{ran:?}");

    let mut trace = Running::start_at(&cluster, &format!("trace --uid {} --text 3", alice.id));
    while trace.frame().await["step"] != "waits" {}
    assert_eq!(page.next().await["type"], "bind_success");
    while page.next().await != json!(3) {}
    let written = loop {
        let step = trace.frame().await;
        if step["step"] == "written" {
            break step;
        }
    };
    assert_eq!(written["client_id"], page.client_id());
    assert!(written["waited_ms"].as_f64().unwrap() >= 0.0, "{written}");
    while trace.frame().await["step"] != "verdict" {}
    assert_eq!(trace.ended().await, (0, String::new()));
}
