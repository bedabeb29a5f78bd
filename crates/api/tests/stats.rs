//! The stream of numbers: history first, then a sample each second, bounded in every direction, and it ends in time.

mod common;

use std::time::{Duration, Instant};

use common::{Person, World, eventually};
use gatepipe_api::user::Permission;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A reader of events.
struct Stream {
    response: reqwest::Response,
    text: String,
}

/// A block of lines: its name and its data.
type Event = (String, Value);

impl Stream {
    async fn open(world: &World, person: &Person) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/api/admin/Stats/stream", world.http);
        let response = client.get(url).bearer_auth(&person.token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        Self { response, text: String::new() }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                let event = field("event: ").map(|event| {
                    let data = field("data: ").expect("data");
                    (event.to_owned(), serde_json::from_str(data).expect("JSON"))
                });
                self.text = rest.to_owned();
                match event {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(15), self.response.chunk());
            let chunk = chunk.await.expect("something comes, if only a comment").expect("a whole body")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("whole characters"));
        }
    }

    /// Reads to the end, and tells when it came.
    async fn end(mut self) -> Instant {
        while self.next().await.is_some() {}
        Instant::now()
    }
}

async fn metric(world: &World, line: &str) -> bool {
    world.admin_page("/metrics").await.1.lines().any(|found| found == line)
}

#[tokio::test]
async fn history_comes_first_and_then_a_sample_each_second() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut stream = Stream::open(&world, &admin).await;
    let headers = stream.response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert!(headers.contains_key("x-request-id"));
    let (name, history) = stream.next().await.unwrap();
    assert_eq!((name.as_str(), &history["interval_ms"]), ("history", &json!(1_000)));
    assert!(history["columns"].as_array().unwrap().contains(&json!("frames_in_per_s")));
    let mut last =
        history["samples"].as_array().unwrap().last().map_or(0, |sample| sample["at_ms"].as_i64().unwrap());
    for _ in 0..3 {
        let (name, sample) = stream.next().await.unwrap();
        assert_eq!(name, "sample");
        // Nobody answered: that is told, and nothing is read as zero.
        let nobody = json!([{"gateway": null, "reason": "no register was ever heard"}]);
        assert_eq!((&sample["gateways"], &sample["failed"]), (&json!({}), &nobody));
        let at = sample["at_ms"].as_i64().unwrap();
        assert!(last == 0 || (500..5_000).contains(&(at - last)), "{last}, then {at}");
        last = at;
    }
    // A second reader has them all in its history.
    let (_, history) = Stream::open(&world, &admin).await.next().await.unwrap();
    let samples = history["samples"].as_array().unwrap();
    assert!(samples.len() >= 3 && samples.iter().any(|sample| sample["at_ms"] == last), "{history}");
}

#[tokio::test]
async fn a_long_stream_is_no_long_request() {
    let world = World::start_with(|config| {
        config.request_timeout = Duration::from_millis(300);
        config.header_timeout = Duration::from_millis(300);
        config.max_requests = 1.try_into().unwrap();
    })
    .await;
    let admin = world.admin().await;
    let mut stream = Stream::open(&world, &admin).await;
    for _ in 0..3 {
        stream.next().await.unwrap();
        admin.get("/Auth/me").await.data();
    }
    assert!(metric(&world, "gatepipe_api_http_requests_running 0").await, "it takes no request's place");
    assert!(metric(&world, "gatepipe_api_stats_streams 1").await);
    drop(stream);
    eventually("the place is free again", async || metric(&world, "gatepipe_api_stats_streams 0").await)
        .await;
}

#[tokio::test]
async fn at_most_64_watch_at_once() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(Stream::open(&world, &admin).await);
    }
    admin.get("/Stats/stream").await.refused(503);
    assert!(metric(&world, "gatepipe_api_stats_streams 64").await);
    assert!(metric(&world, "gatepipe_api_stats_streams_refused_total 1").await);
    for stream in &mut streams {
        assert_eq!(stream.next().await.unwrap().0, "history");
    }
    streams.pop();
    eventually("a place is free", async || metric(&world, "gatepipe_api_stats_streams 63").await).await;
    Stream::open(&world, &admin).await.next().await.unwrap();
}

#[tokio::test]
async fn it_ends_soon_after_the_token_or_the_permission() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[Permission::Inspect]).await);
    let carol = world.person("carol", &[Permission::Inspect]).await;
    let mut stays = Stream::open(&world, &admin).await;
    let (bobs, carols) = (Stream::open(&world, &bob).await, Stream::open(&world, &carol).await);
    let begun = Instant::now();
    admin.post("/WebSocket/forceOffline", json!({"uid": bob.id})).await.data();
    assert!(world.store.revoke(carol.id, Permission::Inspect).await.unwrap());
    let (bobs, carols) = tokio::join!(bobs.end(), carols.end());
    for ended in [bobs, carols] {
        assert!(ended.duration_since(begun) < Duration::from_secs(5), "{:?}", ended.duration_since(begun));
    }
    assert_eq!(stays.next().await.unwrap().0, "history");
    assert_eq!(stays.next().await.unwrap().0, "sample");
}

#[tokio::test]
async fn it_ends_when_the_api_stops_also_for_a_reader_who_takes_nothing() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut stream = Stream::open(&world, &admin).await;
    stream.next().await.unwrap();
    // Asks, and reads nothing of the answer.
    let address = world.http.strip_prefix("http://").unwrap().to_owned();
    let mut mute = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/admin/Stats/stream HTTP/1.1\r\nhost: api\r\nauthorization: Bearer {}\r\n\r\n",
        admin.token
    );
    mute.write_all(request.as_bytes()).await.unwrap();
    eventually("both watch", async || metric(&world, "gatepipe_api_stats_streams 2").await).await;
    let begun = Instant::now();
    let reading = tokio::spawn(stream.end());
    world.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    reading.await.expect("it ended as it should, not in the middle");
    let mut rest = Vec::new();
    let _ = mute.read_to_end(&mut rest).await;
    assert!(rest.starts_with(b"HTTP/1.1 200"));
}
