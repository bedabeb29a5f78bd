//! Tables that are made anew.

use gatepipe_api::store::Store;
use gatepipe_test_databases::{Kind, Server, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_was_killed_on_mysql_before_it_noted_its_table_can_be_made_again() {
    let settings = Settings { durable: false, tls: false };
    let Some(server) = Server::start(Kind::Mysql, settings).await else { return };
    let database = server.named_database().await;
    let url = server.url(&database);
    drop(Store::open(&url).await.unwrap());
    // Each table commits by itself there, and what notes it comes after it.
    for name in [
        "create_roles",
        "create_notifications",
        "create_external_subjects",
        "create_idempotency_keys",
        "create_export_tasks",
        "create_audit_entries",
        "create_access_changes",
    ] {
        let migrations = Store::migrations(&url).await.unwrap();
        let (migration, _) = migrations.iter().find(|(migration, _)| migration.ends_with(name)).unwrap();
        let version = migration.strip_suffix(name).unwrap().replace(['-', '_'], "");
        let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
        server.execute(&database, &forget).await;
        assert!(Store::migrations(&url).await.unwrap().contains(&(migration.clone(), false)), "{name}");
        if let Err(error) = Store::open(&url).await {
            panic!("{name}: {error}");
        }
    }
}
