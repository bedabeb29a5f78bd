//! Settings that are read again while the built program runs: other keys, and keys of another kind.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use gatepipe_api::auth::Keys;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::common::program::{Running, program};
use crate::common::{SECRET, eventually};
use crate::issuer::Issuer;
use crate::signer::{P256_PUBLIC, Signer, claims, set};

/// The built program, with a file for its settings.
struct Api {
    running: Running,
    file: PathBuf,
    client: reqwest::Client,
}

impl Api {
    fn start(dir: &Path, settings: &str) -> Self {
        let file = dir.join("gatepipe.toml");
        std::fs::write(&file, settings).unwrap();
        let mut command = program(dir);
        command.arg("--config").arg(&file);
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { running: Running::start(command), file, client }
    }

    fn reads(&self, settings: &str) {
        std::fs::write(&self.file, settings).unwrap();
        self.running.signal("-HUP");
    }

    async fn me(&self, token: &str) -> (u16, Value) {
        let url = format!("{}/api/admin/Auth/me", self.running.http);
        let answer = self.client.get(url).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn lets_in(&self, token: &str) -> bool {
        match self.me(token).await.0 {
            200 => true,
            401 => false,
            status => panic!("answered {status}"),
        }
    }
}

const OTHERS: &str = "jwt_user_kind = \"external\"\njwt_create_users = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_at_once_and_one_kind_of_key_follows_another() {
    let (first, second, third) = (Signer::ed25519("a", 1), Signer::ed25519("b", 2), Signer::p256("c"));
    let token = |key: &Signer| key.token(&claims("ana"));
    let mut issuer = Issuer::start(&set(&[&first])).await;
    let fetched = format!("jwt_jwks = \"{}\"\n{OTHERS}", issuer.url());
    let dir = tempfile::tempdir().unwrap();
    let api = Api::start(dir.path(), &fetched);
    let (status, ana) = api.me(&token(&first)).await;
    assert_eq!((status, issuer.asked()), (200, 1));

    // The next fetch by itself would be in ten minutes.
    issuer.serves(&set(&[&second]));
    api.reads(&fetched);
    issuer.was_asked(2).await;
    eventually("the key that was taken out is gone", async || !api.lets_in(&token(&first)).await).await;
    assert!(api.lets_in(&token(&second)).await);

    issuer.answers(500, "");
    api.reads(&fetched);
    issuer.was_asked(3).await;
    assert!(api.lets_in(&token(&second)).await, "what cannot be fetched leaves the keys as they are");

    std::fs::write(dir.path().join("c.pem"), P256_PUBLIC).unwrap();
    api.reads(&format!("jwt_public_key = \"c.pem\"\n{OTHERS}"));
    eventually("one public key instead of the issuer's", async || api.lets_in(&token(&third)).await).await;
    assert!(!api.lets_in(&token(&second)).await);

    api.reads(&format!("jwt_secret = \"{SECRET}\"\n"));
    let keys = Keys::from_secret(&SECRET.into()).unwrap();
    let id = ana["data"]["user"]["id"].to_string().parse().unwrap();
    let own = keys.sign(id, 0, Utc::now(), Duration::from_secs(3_600)).unwrap();
    let own = own.text.expose_secret();
    eventually("our own tokens instead of others'", async || api.lets_in(own).await).await;
    assert!(!api.lets_in(&token(&third)).await);

    issuer.serves(&set(&[&first]));
    api.reads(&fetched);
    issuer.was_asked(4).await;
    eventually("the issuer's keys again", async || api.lets_in(&token(&first)).await).await;
    assert!(!api.lets_in(own).await);
}
