//! `gatepipe clients`: the list with its filters, one client, kicking, sessions.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::{Value, json};

use crate::run::{finish, gatepipe, run_at};

/// The `client_id`s in a list, in order.
fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|row| row["client_id"].as_str().unwrap()).collect()
}

/// The cursor of a list that has more.
fn cursor(stderr: &str) -> &str {
    stderr.trim().rsplit_once("--after ").expect("a cursor").1
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_the_list_and_all_must_hold() {
    let cluster = Cluster::start().await;
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let ws = cluster.ws();
    let of_alice = Page::bound(&ws[0], &alice).await;
    let of_bob = Page::bound(&ws[1], &bob).await;
    let guest = Page::open(&ws[1]).await;
    let (alice_id, bob_id, guest_id) = (of_alice.client_id(), of_bob.client_id(), guest.client_id());
    run_at(&cluster, &format!("groups join lobby {alice_id} {guest_id}")).await;

    let uid = alice.id;
    let both = format!("--uid {uid} --uid {}", bob.id);
    let second = &bob_id[..16];
    let prefix = &bob_id[..5];
    for (filters, expected) in [
        (format!("--uid {uid}"), vec![alice_id]),
        (both.clone(), vec![alice_id, bob_id]),
        ("--group lobby".into(), vec![alice_id, guest_id]),
        ("--group lobby --group nobody".into(), vec![alice_id, guest_id]),
        ("--group lobby --bound".into(), vec![alice_id]),
        ("--unbound".into(), vec![guest_id]),
        (format!("--gateway {second}"), vec![bob_id, guest_id]),
        (format!("--gateway {prefix} --bound"), vec![bob_id]),
        ("--remote-address 127.".into(), vec![alice_id, bob_id, guest_id]),
        ("--remote-address 10.".into(), vec![]),
        (format!("{both} --group lobby"), vec![alice_id]),
    ] {
        let listed = run_at(&cluster, &format!("clients {filters} -o json")).await.json();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(ids(&listed), expected, "{filters}");
    }
    let row = &run_at(&cluster, &format!("clients --uid {uid} -o json")).await.json()[0];
    assert_eq!((&row["groups"], &row["remote_address"]), (&json!(["lobby"]), &json!("127.0.0.1")), "{row}");
    assert!(row["bound_at_ms"].is_i64() && row["frames_out"].as_u64() >= Some(2), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_where_it_ended_and_nowhere_else() {
    let cluster = Cluster::start().await;
    let mut pages = Vec::new();
    for number in 0..5 {
        pages.push(Page::open(&cluster.ws()[number % 2]).await);
    }
    let mut expected: Vec<_> = pages.iter().map(Page::client_id).collect();
    expected.sort_unstable();

    let mut listed: Vec<String> = Vec::new();
    let mut more = String::new();
    loop {
        let page = run_at(&cluster, &format!("clients --limit 2 -o json {more}")).await;
        listed.extend(ids(&page.json()).into_iter().map(str::to_owned));
        if page.stderr.is_empty() {
            break;
        }
        more = format!("--after {}", cursor(&page.stderr));
    }
    assert_eq!(listed, expected);

    // A client is a place in the list too, and every list but this one refuses this one's end.
    let rest = run_at(&cluster, &format!("clients --after {} -o json", expected[2])).await.json();
    assert_eq!(ids(&rest), expected[3..]);
    let first = run_at(&cluster, "clients --limit 2").await;
    let end = cursor(&first.stderr);
    for line in ["clients --unbound", "users", "groups"] {
        let refused = run_at(&cluster, &format!("{line} --after {end}")).await;
        assert!(refused.failed(2).contains("another list"), "{line}: {refused:?}");
    }
    assert_eq!(run_at(&cluster, "clients --after nonsense").await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_is_shown_with_all_that_is_known() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let page = Page::bound(&cluster.ws()[0], &alice).await;
    let id = page.client_id();
    run_at(&cluster, &format!("groups join lobby {id}")).await;
    run_at(&cluster, &format!("clients session {id} --set {{\"room\":7}}")).await;

    let client = run_at(&cluster, &format!("clients get {id} -o json")).await.json();
    assert_eq!((&client["client_id"], &client["gateway_id"]), (&json!(id), &json!(id[..16])));
    assert_eq!((&client["uid"], &client["groups"]), (&json!(alice.id.to_string()), &json!(["lobby"])));
    assert_eq!(client["session"], json!({"room": 7}));
    assert_eq!(client["handshake"], json!([]));
    for number in ["connected_at_ms", "bound_at_ms", "frames_in", "bytes_out", "queued_bytes", "heard_at_ms"]
    {
        assert!(client[number].is_i64(), "{number}: {client}");
    }
    let rows = run_at(&cluster, &format!("clients get {id}")).await.stdout;
    assert!(
        rows.contains(&format!("client_id\t{id}\n")) && rows.contains("session\t{\"room\":7}\n"),
        "{rows}"
    );

    let browser = Page::open_with(&cluster.ws()[1], &[("user-agent", "Browser/7")]).await;
    let rows = run_at(&cluster, &format!("clients get {}", browser.client_id())).await.stdout;
    assert!(rows.contains("user agent\tBrowser/7\n"), "{rows}");

    let gone = format!("{}{}", &id[..16], "0".repeat(24));
    let elsewhere = "0".repeat(40);
    for id in [&gone, &elsewhere] {
        for line in [format!("clients get {id}"), format!("clients session {id}")] {
            let absent = run_at(&cluster, &line).await;
            assert!(absent.failed(5).contains("not connected"), "{line}: {absent:?}");
        }
    }
    assert_eq!(run_at(&cluster, "clients get 12").await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kicked_page_sees_the_code_and_the_others_stay() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let (mut first, mut second) = (Page::open(&ws[0]).await, Page::open(&ws[1]).await);
    let mut stays = Page::open(&ws[0]).await;
    let line = format!("clients kick {} {} -o json", first.client_id(), second.client_id());
    let kicked = run_at(&cluster, &line).await.json();
    assert_eq!(kicked, json!({"closed": 2, "not_connected": [], "refused": [], "failed": []}));
    assert_eq!(first.rest().await, (Vec::new(), Some(4003)));
    assert_eq!(second.rest().await, (Vec::new(), Some(4003)));

    let again = run_at(&cluster, &format!("clients kick {}", first.client_id())).await;
    assert_eq!((again.code, again.stdout.as_str()), (0, "0\t1\t0\t0\n"), "{again:?}");
    assert!(again.stderr.contains("not connected"), "{again:?}");
    run_at(&cluster, &format!("push --client {} --text {{}}", stays.client_id())).await;
    assert_eq!(stays.next().await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_or_a_group_is_kicked_wherever_its_clients_are() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let alice = Caller::of(&cluster, "alice");
    let mut of_alice = [Page::bound(&ws[0], &alice).await, Page::bound(&ws[1], &alice).await];
    let mut members = [Page::open(&ws[0]).await, Page::open(&ws[1]).await];
    let lobby = format!("groups join lobby {} {}", members[0].client_id(), members[1].client_id());
    assert_eq!(run_at(&cluster, &lobby).await.stdout, "2\t0\t0\t0\t0\n");

    let line = format!("clients kick --uid {} --code 4201 -o json", alice.id);
    assert_eq!(run_at(&cluster, &line).await.json()["closed"], 2);
    for page in &mut of_alice {
        assert_eq!(page.rest().await.1, Some(4201));
    }
    // Cut without a close frame.
    let cut = run_at(&cluster, "clients kick --group lobby --destroy -o json").await.json();
    assert_eq!(cut["closed"], 2);
    for page in &mut members {
        assert_eq!(page.rest().await.1, None);
    }
    let nobody = run_at(&cluster, &format!("clients kick --uid {}", alice.id)).await;
    assert_eq!((nobody.code, nobody.stdout.as_str()), (0, "0\t0\t0\t0\n"), "{nobody:?}");
    assert!(nobody.stderr.contains("nobody"), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_replaced_merged_and_printed() {
    let cluster = Cluster::start().await;
    let page = Page::open(&cluster.ws()[0]).await;
    let of = |more: &str| format!("clients session {} {more}", page.client_id());
    assert_eq!(run_at(&cluster, &of("")).await.stdout, "{}\n");
    assert_eq!(run_at(&cluster, &of("--set {\"a\":{\"b\":1},\"c\":2}")).await.json()["a"]["b"], 1);
    let merged = run_at(&cluster, &of("--merge {\"a\":{\"d\":[3]},\"c\":null}")).await.json();
    assert_eq!(merged, json!({"a": {"b": 1, "d": [3]}}));
    assert_eq!(run_at(&cluster, &of("-o json")).await.json(), merged);

    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("saved.json"), "{\n  \"from\": \"a file\"\n}\n").unwrap();
    let mut command = gatepipe(["clients", "session", page.client_id(), "--set", "@saved.json"]);
    command.args(["--register", &cluster.register()]).current_dir(home.path());
    assert_eq!(finish(command).await.json(), json!({"from": "a file"}));
    let stdin = std::fs::File::open(home.path().join("saved.json")).unwrap();
    let mut command = gatepipe(["clients", "session", page.client_id(), "--merge", "-"]);
    command.args(["--register", &cluster.register()]).stdin(stdin);
    assert_eq!(finish(command).await.json(), json!({"from": "a file"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_is_refused_and_the_old_one_stays() {
    let cluster = Cluster::start().await;
    let page = Page::open(&cluster.ws()[0]).await;
    let of = |more: &str| format!("clients session {} {more}", page.client_id());
    run_at(&cluster, &of("--set {\"kept\":1}")).await;
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(64 << 10));
    for (json, says) in
        [("{\"a\":", "must be JSON"), ("[1]", "object"), ("7", "object"), (long.as_str(), "65536 bytes")]
    {
        for flag in ["--set", "--merge"] {
            let refused = run_at(&cluster, &of(&format!("{flag} {json}"))).await;
            let line = refused.failed(2);
            assert!(line.contains(flag) && line.contains(says), "{line}");
        }
    }
    let missing = run_at(&cluster, &of("--set @missing.json")).await;
    assert!(missing.failed(1).contains("missing.json"), "{missing:?}");
    let endless = run_at(&cluster, &of("--set @/dev/zero")).await;
    assert!(endless.failed(1).contains("/dev/zero"), "{endless:?}");
    // Each fits, the result does not: the gateway refuses.
    let half = format!("{{\"b\":\"{}\"}}", "x".repeat(40 << 10));
    run_at(&cluster, &of(&format!("--set {half}"))).await;
    let over = run_at(&cluster, &of(&format!("--merge {}", half.replace('b', "c")))).await;
    assert!(over.failed(2).contains("refused"), "{over:?}");
    assert_eq!(run_at(&cluster, &of("")).await.stdout, format!("{half}\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_wrong_is_told_before_anything_is_asked() {
    let cluster = Cluster::start().await;
    let id = "0".repeat(40);
    for line in [
        "clients --bound --unbound".to_owned(),
        "clients --gateway 12".into(),
        "clients --limit 0".into(),
        "clients kick".into(),
        format!("clients kick {id} --uid 1"),
        format!("clients kick {id} --code 1006"),
        format!("clients kick {id} --code 3000"),
        format!("clients kick {id} --destroy --code 4003"),
        format!("clients kick {id} --reason {}", "x".repeat(124)),
        format!("clients session {id} --set {{}} --merge {{}}"),
    ] {
        let refused = run_at(&cluster, &line).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{line}: {refused:?}");
    }
    let unknown = run_at(&cluster, "clients --gateway ffff0000ffff0000").await;
    let line = unknown.failed(5);
    assert!(cluster.gateway_ids().iter().all(|id| line.contains(id)), "{line}");
}
