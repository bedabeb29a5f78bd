//! The page that shows the document: whole from our own hands, and it asks nobody else.

mod common;

use common::World;
use serde_json::Value;

const FILES: [&str; 7] = [
    "favicon-16x16.png",
    "favicon-32x32.png",
    "index.css",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

fn text(body: &Value) -> &str {
    body.as_str().expect("text")
}

#[tokio::test]
async fn the_page_and_everything_it_loads_come_from_us_without_a_token() {
    let world = World::start().await;
    let get = async |path: &str| world.send(|client, http| client.get(format!("{http}{path}"))).await;
    let page = get("/docs").await;
    assert_eq!(page.status, 200, "it leads to /docs/: {}", page.body);
    assert_eq!(page.headers["content-type"], "text/html");
    assert_eq!(page.body, get("/docs/").await.body);
    let html = text(&page.body);
    assert!(!html.contains("//"), "a page that names a host: {html}");
    let mut named: Vec<&str> = html
        .split(['=', '"'])
        .zip(html.split(['=', '"']).skip(2))
        .filter(|(name, _)| name.ends_with(" href") || name.ends_with(" src"))
        .map(|(_, file)| file.trim_start_matches("./"))
        .collect();
    named.sort_unstable();
    assert_eq!(named, FILES);
    for file in FILES {
        let reply = get(&format!("/docs/{file}")).await;
        assert_eq!(reply.status, 200, "{file}");
        let kind = reply.headers["content-type"].to_str().unwrap();
        let expected = match file.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            _ => "image/png",
        };
        assert_eq!(kind, expected, "{file}");
    }
}

#[tokio::test]
async fn the_page_shows_our_document_and_may_ask_no_other_host() {
    let world = World::start().await;
    let get = async |path: &str| world.send(|client, http| client.get(format!("{http}{path}"))).await;
    let start = get("/docs/swagger-initializer.js").await;
    let script = text(&start.body);
    assert!(script.contains(r#""url": "../openapi.json""#), "{script}");
    assert!(script.contains(r#""validatorUrl": "none""#), "{script}");
    assert!(!script.contains("http"), "{script}");
    let style = get("/docs/swagger-ui.css").await;
    for found in text(&style.body).split("url(").skip(1) {
        let target = found.trim_start_matches(['"', '\'']);
        assert!(
            target.starts_with("data:"),
            "a style that loads something: {}",
            &target[..target.len().min(80)]
        );
    }
    for path in ["/docs/", "/docs/swagger-initializer.js", "/docs/swagger-ui-bundle.js"] {
        let reply = get(path).await;
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        for rule in policy.split(';').map(str::trim) {
            let sources: Vec<&str> = rule.split(' ').skip(1).collect();
            for source in sources {
                let fine = ["'none'", "'self'", "'unsafe-inline'", "data:"].contains(&source);
                assert!(fine, "{rule}");
            }
        }
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn what_is_not_part_of_the_page_is_an_envelope() {
    let world = World::start().await;
    for path in ["/docs/nothing.js", "/docs/../Cargo.toml", "/docs/%2e%2e%2fCargo.toml", "/docs/a/b"] {
        world.send(|client, http| client.get(format!("{http}{path}"))).await.refused(404);
    }
    world.send(|client, http| client.post(format!("{http}/docs/"))).await.refused(405);
}
