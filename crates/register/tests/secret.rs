//! Nobody without the secret announces or watches.

mod common;

use common::{gateway, start};
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::v1;
use gatepipe_proto::v1::register_client::RegisterClient;
use tonic::transport::Endpoint;

#[tokio::test]
async fn only_the_same_secret_opens() {
    let register = start(|config| config.secret = Some("right".into())).await;
    for (secret, opens) in [
        (None, false),
        (Some("wrong"), false),
        (Some("right1"), false),
        (Some("righ"), false),
        (Some("right"), true),
    ] {
        let channel =
            Endpoint::from_shared(format!("http://{}", register.rpc)).unwrap().connect().await.unwrap();
        let secret = SendSecret::new(secret.map(Into::into).as_ref()).unwrap();
        let mut client = RegisterClient::with_interceptor(channel, secret);
        let watching = client.watch(v1::WatchRequest {}).await;
        match watching {
            Ok(_) => assert!(opens),
            Err(refused) => {
                assert!(!opens, "{refused:?}");
                assert_eq!(refused.code(), tonic::Code::Unauthenticated);
            }
        }
    }
}

#[tokio::test]
async fn without_the_secret_nobody_announces_or_watches_but_health_is_open() {
    let register = start(|config| config.secret = Some("right".into())).await;
    let refused = register.announce(&gateway("edge-1:2300")).await.err().expect("refused");
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    let refused = register.client().await.watch(v1::WatchRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);

    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", register.rpc))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let service = "gatepipe.v1.Register".to_owned();
    let answer = health.check(tonic_health::pb::HealthCheckRequest { service }).await.unwrap().into_inner();
    assert_eq!(answer.status, 1);
}
