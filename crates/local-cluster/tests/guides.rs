//! What `docs/migrating-from-gatewayworker.md` says about programs and the HTTP api is there.

use std::collections::BTreeSet;

use gatepipe_daemon::config::COMMON;
use gatepipe_local_cluster::Cluster;
use serde_json::Value;

const GUIDE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/migrating-from-gatewayworker.md"));

#[test]
fn every_flag_in_the_chapter_on_settings_exists() {
    let (_, settings) = GUIDE.split_once("\n## Settings\n").unwrap();
    let settings = settings.split("\n## ").next().unwrap();
    let programs = [&gatepipe_register::PROGRAM, &gatepipe_gateway::PROGRAM, &gatepipe_api::PROGRAM];
    let knobs = programs.iter().flat_map(|program| program.knobs).chain(COMMON);
    let names: BTreeSet<_> = knobs.map(|knob| knob.name).collect();
    let words = settings.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let flags: BTreeSet<_> = words
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|flag| flag.starts_with(|first: char| first.is_ascii_lowercase()))
        .collect();
    assert!(flags.len() > 15, "{flags:?}");
    for flag in flags {
        let of_a_secret = flag.strip_suffix("-file").unwrap_or(flag);
        assert!(names.contains(flag) || names.contains(of_a_secret), "--{flag} is no flag of ours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_in_the_guide_exists() {
    // The HTTP client asks for one even where it never meets TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cluster = Cluster::start().await;
    let document: Value =
        reqwest::get(format!("{}/openapi.json", cluster.http())).await.unwrap().json().await.unwrap();
    let words = GUIDE.split(|letter: char| !letter.is_ascii_alphabetic() && letter != '/');
    let is_route = |word: &&str| {
        let capital = word
            .strip_prefix('/')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()));
        capital && word.matches('/').count() == 2
    };
    let routes: BTreeSet<_> = words.filter(is_route).collect();
    assert!(routes.len() >= 9, "{routes:?}");
    for route in routes {
        assert!(
            document["paths"][format!("/api/admin{route}")].is_object(),
            "{route} is no route of the api"
        );
    }
}
