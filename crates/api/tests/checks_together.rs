//! Checks that wait for the database at the same time are read together, and each is still as good as one alone.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use common::{Person, World};
use gatepipe_api::service::users;
use gatepipe_api::user::{Permission, RoleName};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::task::JoinSet;

/// People who ask all the time who they are, until told to stop.
fn busy(people: Vec<Person>) -> (Arc<AtomicBool>, JoinSet<usize>) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut asking = JoinSet::new();
    for person in people {
        let stop = Arc::clone(&stop);
        asking.spawn(async move {
            let mut answers = 0;
            while !stop.load(Relaxed) {
                let me = person.get("/Auth/me").await;
                assert_eq!(me.data()["user"]["id"], json!(person.id), "somebody else's answer");
                answers += 1;
            }
            answers
        });
    }
    (stop, asking)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_cut_is_refused_from_then_on_however_many_ask() {
    let world = World::start().await;
    let mut people = Vec::new();
    for number in 0..12 {
        people.push(world.person(&format!("p{number}"), &[]).await);
    }
    let bob = world.person("bob", &[]).await;
    let (stop, mut asking) = busy(people);
    let hour = Duration::from_secs(3_600);
    for round in 0..40 {
        let token = users::make_token(&world.store, &world.keys, bob.id, hour).await.unwrap().unwrap();
        let many = async |status: u16| {
            let mut asked = JoinSet::new();
            for _ in 0..8 {
                let bob = world.holder(bob.id, "bob", token.text.expose_secret());
                asked.spawn(async move { bob.get("/Auth/me").await.status });
            }
            for answer in asked.join_all().await {
                assert_eq!(answer, status, "in round {round}");
            }
        };
        many(200).await;
        // Some are on their way while it is cut: they may have either answer. Those who begin later have one.
        let overlapping = world.holder(bob.id, "bob", token.text.expose_secret());
        let overlapping = tokio::spawn(async move { overlapping.get("/Auth/me").await.status });
        assert!(world.store.cut_tokens(bob.id, 1).await.unwrap());
        many(401).await;
        assert!(matches!(overlapping.await.unwrap(), 200 | 401));
    }
    stop.store(true, Relaxed);
    while let Some(answers) = asking.join_next().await {
        assert!(answers.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_of_many_users_are_not_mixed_up() {
    let world = World::start().await;
    let role: RoleName = "operator".parse().unwrap();
    world.store.put_role(&role, &[Permission::Inspect, Permission::PushAny]).await.unwrap();
    let mut people = Vec::new();
    for (number, own) in Permission::ALL.iter().cycle().take(24).enumerate() {
        let person = world.person(&format!("p{number}"), &[*own]).await;
        let mut all = vec![*own];
        if number % 2 == 0 {
            world.store.give_role(person.id, &role).await.unwrap();
            all.extend([Permission::Inspect, Permission::PushAny]);
        }
        all.sort_unstable();
        all.dedup();
        people.push((person, json!(all)));
    }
    let mut asked = JoinSet::new();
    for (person, permissions) in people {
        asked.spawn(async move {
            for _ in 0..10 {
                let me = person.get("/Auth/me").await;
                assert_eq!(me.data()["user"]["permissions"], permissions);
                assert_eq!(me.data()["user"]["username"], json!(person.name));
            }
        });
    }
    asked.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_to_whom_is_told_apart_when_many_ask_at_once() {
    let world = World::start().await;
    // A chain of six: each stands above all that come later.
    let mut chain = vec![world.person("c0", &[]).await.id];
    for depth in 1..6 {
        let above = chain.last().copied();
        chain.push(world.person_below(&format!("c{depth}"), above, &[]).await.id);
    }
    let stranger = world.person("stranger", &[]).await.id;
    let mut asked = JoinSet::new();
    for (high, manager) in chain.iter().copied().enumerate() {
        for (low, user) in chain.iter().copied().enumerate() {
            let store = world.store.clone();
            asked.spawn(async move {
                for _ in 0..10 {
                    let below = store.is_subordinate(user, manager).await.unwrap();
                    assert_eq!(below, high < low, "c{low} below c{high}");
                    assert!(!store.is_subordinate(stranger, manager).await.unwrap());
                }
            });
        }
    }
    asked.join_all().await;
}
