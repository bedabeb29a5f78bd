//! A cluster on the database that `GATEPIPE_TEST_DATABASE` names, for stories that are the same on all of them.
#![allow(dead_code, reason = "each test file uses its part")]

use gatepipe_local_cluster::{Cluster, Plan};

/// Two gateways on free ports.
pub async fn cluster() -> Cluster {
    let plan = plan().await;
    Cluster::start_with(plan).await.unwrap_or_else(|error| panic!("the cluster does not start: {error:#}"))
}

/// [`Plan::default`] with an empty database on the chosen server.
pub async fn plan() -> Plan {
    Plan { database_url: gatepipe_test_databases::fresh().await, ..Plan::default() }
}
