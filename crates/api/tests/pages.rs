//! The console, beside the routes it calls.

mod common;

use common::World;

#[tokio::test]
async fn the_first_page_is_the_console_and_only_its_own_scripts_run_there() {
    let world = World::start().await;
    let stays = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (from, to) in [("/", "/console/"), ("/console", "/console/")] {
        let answer = stays.get(format!("{}{from}", world.http)).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{from}: {}", answer.status());
        assert_eq!(answer.headers()["location"], to);
    }
    // The page itself, or how to build it.
    for view in ["/console/", "/console/users/1007"] {
        let page = stays.get(format!("{}{view}", world.http)).send().await.unwrap();
        assert_eq!(page.status(), 200, "{view}");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
    }
    let missing = stays.get(format!("{}/console/assets/no-such-file.js", world.http)).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}
