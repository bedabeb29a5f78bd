//! `gatepipe certs dev`, and everything else over TLS with what it made.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gatepipe_daemon::tls::Files;
use gatepipe_local_cluster::people::Person;
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::json;
use tempfile::TempDir;

use crate::run::{Ran, Running, finish, gatepipe, run};

const FILES: [&str; 5] = ["ca.pem", "server.pem", "server.key", "internal.pem", "internal.key"];

/// The certificates of a trial.
async fn certs() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let made = run(&format!("certs dev --dir {} -o json", dir.path().display())).await;
    assert_eq!(made.code, 0, "{made:?}");
    dir
}

fn files(dir: &Path, name: &str, ca: Option<PathBuf>) -> Files {
    Files { cert: dir.join(format!("{name}.pem")), key: dir.join(format!("{name}.key")), ca }
}

/// A cluster that speaks nothing but TLS, and needs no secret.
async fn cluster(dir: &Path) -> Cluster {
    let (for_gateway, for_api) = (files(dir, "server", None), files(dir, "server", None));
    let plan = Plan {
        internal_tls: Some(files(dir, "internal", Some(dir.join("ca.pem")))),
        tune_gateway: Box::new(move |config| config.tls = Some(for_gateway.clone())),
        tune_api: Box::new(move |config| config.tls = Some(for_api.clone())),
        ..Plan::default()
    };
    Cluster::start_with(plan).await.unwrap()
}

fn internal(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "--internal-tls-ca {dir}/ca.pem --internal-tls-cert {dir}/internal.pem --internal-tls-key {dir}/internal.key"
    )
}

fn person<'a>(cluster: &'a Cluster, name: &str) -> &'a Person {
    cluster.people().iter().find(|person| person.name == name).unwrap()
}

fn secure(url: &str) -> String {
    url.replacen("ws://", "wss://", 1).replacen("http://", "https://", 1)
}

async fn as_admin(cluster: &Cluster, dir: &Path, line: &str) -> Ran {
    let mut command = gatepipe(line.split_whitespace());
    command
        .env("GATEPIPE_API", secure(&cluster.http()))
        .env("GATEPIPE_CA", dir.join("ca.pem"))
        .env("GATEPIPE_TOKEN", &person(cluster, "admin").token);
    finish(command).await
}

#[tokio::test]
async fn it_writes_five_files_and_replaces_none_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let line = format!("certs dev --dir {} --name edge-1", dir.path().join("new").display());
    let made = run(&line).await;
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.stdout.lines().count(), FILES.len(), "{made:?}");
    assert!(made.stderr.contains("--internal-tls-ca") && made.stderr.contains("--tls-cert"), "{made:?}");
    let read = |name: &str| std::fs::read(dir.path().join("new").join(name)).unwrap();
    for name in FILES {
        let mode = std::fs::metadata(dir.path().join("new").join(name)).unwrap().permissions().mode();
        let may_read = if name.ends_with(".key") { 0 } else { 0o044 };
        assert_eq!(mode & 0o077 & !may_read, 0, "{name}: {mode:o}");
    }

    let before = FILES.map(read);
    let refused = run(&line).await;
    assert!(refused.failed(1).contains("--force"), "{refused:?}");
    assert!(FILES.map(read) == before, "a file was replaced");
    assert_eq!(run(&format!("{line} --force")).await.code, 0);
    assert!(FILES.map(read).iter().zip(&before).all(|(new, old)| new != old), "a file was kept");
    let wrong = run(&format!("certs dev --dir {} --days 0", dir.path().display())).await;
    assert_eq!(wrong.code, 2, "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_hears_over_wss_what_is_sent_over_https_and_over_the_internal_links() {
    let dir = certs().await;
    let dir = dir.path();
    let cluster = cluster(dir).await;
    let alice = person(&cluster, "alice");
    let ca = format!("--ca {}/ca.pem", dir.display());
    let line = format!(
        "listen {} --api {} {ca} --token {}",
        secure(&cluster.ws()[0]),
        secure(&cluster.http()),
        alice.token
    );
    let mut page = Running::start(&line);
    assert_eq!(page.frame().await["type"], "init");
    assert_eq!(page.frame().await, json!({"type": "bind_success", "data": {"uid": alice.id}}));

    let push = format!("push {} --data 7 --register {} {}", alice.id, cluster.register(), internal(dir));
    let pushed = run(&push).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert_eq!(page.frame().await["data"], 7);

    let notify = format!("notify {} --title Payroll --content approved --level urgent", alice.id);
    let notified = as_admin(&cluster, dir, &notify).await;
    assert_eq!(notified.code, 0, "{notified:?}");
    assert_eq!(page.frame().await["type"], "notification");

    let forced = as_admin(&cluster, dir, &format!("force-offline {} --yes", alice.id)).await;
    assert_eq!(forced.code, 0, "{forced:?}");
    assert_eq!(page.frame().await["type"], "force_offline");
    let (code, words) = page.ended().await;
    assert_eq!(code, 8, "{words}");
    assert!(words.contains("4001"), "{words}");

    // Somebody who does not know the authority hears why.
    let stranger = run(&format!("listen {} --attempts 0", secure(&cluster.ws()[0]))).await;
    assert_eq!(stranger.code, 7, "{stranger:?}");
    assert!(stranger.stderr.contains("certificate"), "{stranger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_told_what_to_give() {
    let dir = certs().await;
    let cluster = cluster(dir.path()).await;
    let line = format!("clients --register {}", cluster.register());

    let plain = run(&line).await;
    assert!(plain.failed(4).contains("--internal-tls-ca"), "{plain:?}");

    let other = certs().await;
    let unknown = run(&format!("{line} {}", internal(other.path()))).await;
    assert!(unknown.failed(4).contains("not made by an authority in our --internal-tls-ca"), "{unknown:?}");

    // Believes us, but was made by somebody else.
    let mixed = internal(other.path()).replacen(
        &other.path().display().to_string(),
        &dir.path().display().to_string(),
        1,
    );
    let foreign = run(&format!("{line} {mixed}")).await;
    assert!(
        foreign.failed(4).contains("does not know the authority of our --internal-tls-cert"),
        "{foreign:?}"
    );

    let half = run(&format!("{line} --internal-tls-ca ca.pem")).await;
    assert!(half.failed(2).contains("give all three"), "{half:?}");
    let absent = run(&format!("{line} {}", internal(Path::new("/nowhere")))).await;
    assert!(absent.failed(2).contains("cannot read /nowhere/ca.pem"), "{absent:?}");
}
