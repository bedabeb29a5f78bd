//! Several apis start at the same moment on a database in which there is nothing yet.

use std::sync::Arc;

use gatepipe_local_cluster::program::Program;
use gatepipe_test_databases::{Kind, fresh_on};
use tokio::task::{JoinSet, spawn_blocking};

const APIS: usize = 3;

async fn all_start(url: &str) {
    let register = Arc::new(Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"]).url("rpc"));
    let dir = tempfile::tempdir().unwrap();
    let exports = dir.path().join("exports").display().to_string();
    let mut starting = JoinSet::new();
    for _ in 0..APIS {
        let (url, register, exports) = (url.to_owned(), Arc::clone(&register), exports.clone());
        starting.spawn(spawn_blocking(move || {
            let flags = ["--listen", "127.0.0.1:0", "--database-url", &url, "--register", &register];
            let secret = ["--jwt-secret", "a secret for tests, of more than 32 bytes"];
            let exports = ["--export-dir", &exports];
            Program::start("gatepipe-api", &[flags.as_slice(), &secret, &exports].concat())
        }));
    }
    let apis: Vec<Program> = starting.join_all().await.into_iter().map(Result::unwrap).collect();
    // Each reads the tables: nobody has that name.
    for api in &apis {
        let body = serde_json::json!({"username": "nobody", "password": "wrong"});
        let nobody = gatepipe_local_cluster::actor::Caller::new(&api.url("http"), 0, "");
        assert_eq!(nobody.post("/Auth/login", body).await.status, 401);
    }
    let migrations = gatepipe_api::store::Store::migrations(url).await.unwrap();
    assert!(!migrations.is_empty() && migrations.iter().all(|(_, ran)| *ran), "{migrations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_apis_start_at_once_on_an_empty_sqlite_file() {
    let dir = tempfile::tempdir().unwrap();
    all_start(&format!("sqlite://{}", dir.path().join("api.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_apis_start_at_once_on_an_empty_postgres() {
    if let Some(url) = fresh_on(Kind::Postgres).await {
        all_start(&url).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_apis_start_at_once_on_an_empty_mariadb() {
    if let Some(url) = fresh_on(Kind::Mysql).await {
        all_start(&url).await;
    }
}
