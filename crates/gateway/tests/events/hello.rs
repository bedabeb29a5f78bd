//! How a subscription begins, and how a worker that gets it wrong hears of it.

use gatepipe_proto::v1::subscribe_request::Request;
use gatepipe_proto::v1::{Credit, Hello, Leaving};
use tonic::Code;

use crate::common::start;
use crate::listener::{Listener, hello};

#[tokio::test]
async fn a_worker_says_hello_first_and_within_the_bounds() {
    let gateway = start(|_| {}).await;
    let good = hello("business");
    let cases = [
        (Request::Credit(Credit { events: 1 }), "hello first"),
        (Request::Leaving(Leaving {}), "hello first"),
        (Request::Hello(Hello { worker: String::new(), ..good.clone() }), "1 to 255 bytes"),
        (Request::Hello(Hello { worker: "x".repeat(256), ..good.clone() }), "1 to 255 bytes"),
        (Request::Hello(Hello { credit: 0, ..good.clone() }), "1 to 65536"),
        (Request::Hello(Hello { credit: 65_537, ..good.clone() }), "1 to 65536"),
        (Request::Hello(Hello { headers: vec!["x".into(); 33], ..good.clone() }), "32 headers"),
        (Request::Hello(Hello { headers: vec!["no such name".into()], ..good.clone() }), "name of a header"),
    ];
    for (word, reason) in cases {
        let mut listener = Listener::silent(&gateway).await;
        listener.say(word);
        let status = listener.status().await;
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains(reason), "{status}");
    }
    let largest = Hello {
        worker: "x".repeat(255),
        credit: 65_536,
        headers: vec!["cookie".into(); 32],
        without_messages: false,
    };
    drop(Listener::with(&gateway, largest).await);
}

#[tokio::test]
async fn hello_is_said_once() {
    let gateway = start(|_| {}).await;
    let (mut listener, _) = Listener::start(&gateway, "business").await;
    listener.say(Request::Hello(hello("business")));
    assert_eq!(listener.status().await.code(), Code::InvalidArgument);
    gateway.until_subscriptions(0).await;
}

#[tokio::test]
async fn credit_has_a_bound() {
    let gateway = start(|_| {}).await;
    let (mut listener, _) = Listener::start(&gateway, "business").await;
    listener.credit(999_000);
    listener.credit(1);
    let status = listener.status().await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("1000000"), "{status}");
}

#[tokio::test]
async fn one_that_says_nothing_is_ended() {
    let gateway = start(|_| {}).await;
    let mut listener = Listener::silent(&gateway).await;
    assert_eq!(listener.status().await.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_gateway_has_256_subscriptions_at_most() {
    let gateway = start(|_| {}).await;
    let mut listeners = Vec::new();
    for number in 0..256 {
        listeners.push(Listener::with(&gateway, hello(&format!("worker {}", number % 200))).await);
    }
    let mut one_more = Listener::silent(&gateway).await;
    one_more.say(Request::Hello(hello("worker 0")));
    assert_eq!(one_more.status().await.code(), Code::ResourceExhausted);
    listeners.pop();
    gateway.until_subscriptions(255).await;
    Listener::with(&gateway, hello("worker 0")).await;
}
