//! What the tests of others rely on: databases of one's own, kills that lose nothing, and nobody left behind.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gatepipe_test_databases::{Kind, Server, Settings};

/// Tells the copy of this program that is to be killed what it is.
const ROLE: &str = "GATEPIPE_TEST_ROLE";

const DURABLE: Settings = Settings { durable: true, tls: false };

/// Each server that is installed.
async fn each(settings: Settings) -> Vec<Server> {
    let mut servers = Vec::new();
    for kind in Kind::ALL {
        servers.extend(Server::start(kind, settings).await);
    }
    servers
}

#[tokio::test]
async fn every_test_has_a_database_of_its_own_on_one_server() {
    for kind in Kind::ALL {
        let Some(server) = Server::shared(kind).await else { continue };
        assert_eq!(server.pid(), Server::shared(kind).await.unwrap().pid(), "one server");
        let (one, two) = (server.named_database().await, server.named_database().await);
        assert_ne!(server.url(&one), server.url(&two));
        for database in [&one, &two] {
            server.execute(database, "CREATE TABLE mine (id BIGINT PRIMARY KEY)").await;
            server.execute(database, "INSERT INTO mine VALUES (1)").await;
            assert_eq!(server.number(database, "SELECT COUNT(*) AS value FROM mine").await, 1);
        }
    }
}

#[tokio::test]
async fn what_was_committed_before_a_kill_is_there_after_it() {
    for server in each(DURABLE).await {
        let database = server.named_database().await;
        server.execute(&database, "CREATE TABLE mine (id BIGINT PRIMARY KEY)").await;
        for id in 1..=20 {
            server.execute(&database, &format!("INSERT INTO mine VALUES ({id})")).await;
        }
        let (before, url) = (server.pid(), server.url(&database));
        server.kill9();
        assert_eq!(server.pid(), None);
        server.restart().await;
        assert_ne!(server.pid(), before);
        assert_eq!(server.url(&database), url, "found at the same place");
        assert_eq!(server.number(&database, "SELECT COUNT(*) AS value FROM mine").await, 20);
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_is_gone_with_its_directory() {
    for server in each(Settings { durable: false, tls: true }).await {
        assert!(std::fs::read_to_string(server.authority()).unwrap().contains("BEGIN CERTIFICATE"));
        let (pid, dir) = (server.pid().unwrap(), server.dir().to_owned());
        drop(server);
        assert!(!runs(pid) && !dir.exists());
    }
}

/// Not a test by itself: the program that the next test kills.
#[tokio::test]
async fn a_program_that_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "a role in a test")]
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    for kind in Kind::ALL {
        if let Some(server) = Server::shared(kind).await {
            println!("\nserver {} {}", server.pid().unwrap(), server.dir().display());
        }
    }
    println!("\nend");
    // Until it is killed.
    drop(std::io::stdin().read(&mut [0]));
}

#[test]
fn servers_end_after_a_program_that_was_killed() {
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["a_program_that_is_killed", "--exact", "--nocapture"])
        .env(ROLE, "killed")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut servers = Vec::new();
    for line in BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["server", pid, dir] => servers.push((pid.parse().unwrap(), dir.to_owned())),
            ["end"] => break,
            _ => {}
        }
    }
    assert!(servers.iter().all(|(pid, dir)| runs(*pid) && Path::new(dir).exists()), "{servers:?}");
    program.kill().unwrap();
    program.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while servers.iter().any(|(pid, dir)| runs(*pid) || Path::new(dir).exists()) {
        assert!(Instant::now() < deadline, "left behind: {servers:?}");
        std::thread::yield_now();
    }
}

/// One that has ended and that nobody has asked for is not running.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
