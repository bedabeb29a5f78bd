//! A cluster on the database that `GATEPIPE_TEST_DATABASE` names, for stories that are the same on all of them.
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use gatepipe_local_cluster::{Cluster, Plan};

/// How long a gateway may take to answer the api: longer than a busy machine stands still, and less than the api gives a whole request.
const ANSWER: Duration = Duration::from_secs(20);

/// Two gateways on free ports.
pub async fn cluster() -> Cluster {
    let plan = plan().await;
    Cluster::start_with(plan).await.unwrap_or_else(|error| panic!("the cluster does not start: {error:#}"))
}

/// [`Plan::default`] with an empty database on the chosen server, and an api that is patient with its gateways.
pub async fn plan() -> Plan {
    Plan {
        database_url: gatepipe_test_databases::fresh().await,
        tune_api: Box::new(|config| config.command_timeout = ANSWER),
        ..Plan::default()
    }
}
