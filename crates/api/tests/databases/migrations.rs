//! Changes of tables that were cut short.

use gatepipe_api::store::Store;
use gatepipe_test_databases::{Kind, Server, Settings};

const SETTINGS: Settings = Settings { durable: false, tls: false };

/// As it is noted once it has run.
fn version(migration: &str) -> String {
    migration.chars().filter(char::is_ascii_digit).collect()
}

/// Every migration by name, oldest first, and whether it has run.
async fn migrations(url: &str) -> Vec<(String, bool)> {
    Store::migrations(url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_was_killed_on_mysql_before_it_noted_its_change_can_be_made_again() {
    let Some(server) = Server::start(Kind::Mysql, SETTINGS).await else { return };
    let database = server.named_database().await;
    let url = server.url(&database);
    drop(Store::open(&url).await.unwrap());
    // Each change of a table commits by itself there, and what notes it comes after it.
    for (migration, _) in migrations(&url).await {
        let version = version(&migration);
        let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
        server.execute(&database, &forget).await;
        assert!(migrations(&url).await.contains(&(migration.clone(), false)), "{migration}");
        if let Err(error) = Store::open(&url).await {
            panic!("{migration}: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_back_that_was_killed_on_mysql_before_it_was_noted_can_be_made_again() {
    let Some(server) = Server::start(Kind::Mysql, SETTINGS).await else { return };
    let database = server.named_database().await;
    let url = server.url(&database);
    drop(Store::open(&url).await.unwrap());
    for (migration, _) in migrations(&url).await.into_iter().rev() {
        let reverted = Store::revert(&url, 1).await.unwrap();
        assert_eq!(reverted[0], migration);
        let remember =
            format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{}')", version(&migration));
        server.execute(&database, &remember).await;
        match Store::revert(&url, 1).await {
            Ok(again) => assert_eq!(again, reverted),
            Err(error) => panic!("{migration}: {error}"),
        }
    }
    drop(Store::open(&url).await.unwrap());
    assert!(migrations(&url).await.iter().all(|(_, has_run)| *has_run));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_another_program_on_mysql_are_not_taken_for_ours() {
    let Some(server) = Server::start(Kind::Mysql, SETTINGS).await else { return };
    let database = server.named_database().await;
    server.execute(&database, "CREATE TABLE users (id BIGINT PRIMARY KEY)").await;
    let refused = Store::open(&server.url(&database)).await.err().expect("it is not ours");
    assert!(refused.to_string().contains("'users' already exists"), "{refused}");
}
