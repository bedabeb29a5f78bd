//! Connections to a server that has a certificate: who is believed, and what is said of the others.

use std::path::Path;

use gatepipe_api::store::Store;
use gatepipe_test_databases::{Kind, Server, Settings, authority};

/// How a URL asks for protection.
struct Words {
    /// Encrypted, whoever answers.
    encrypted: &'static str,
    /// By whom an authority believes, under any name.
    signed: Option<&'static str>,
    /// By the host itself.
    named: &'static str,
    /// The parameter with the file of authorities.
    authorities: &'static str,
}

impl Words {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Postgres => Self {
                encrypted: "sslmode=require",
                signed: Some("sslmode=verify-ca"),
                named: "sslmode=verify-full",
                authorities: "sslrootcert",
            },
            Kind::Mysql => Self {
                encrypted: "ssl-mode=REQUIRED",
                signed: None,
                named: "ssl-mode=VERIFY_IDENTITY",
                authorities: "ssl-ca",
            },
        }
    }
}

async fn opens(url: &str) {
    if let Err(error) = Store::open(url).await {
        panic!("{url}: {error}");
    }
}

/// It is refused, in one line without the password.
async fn refusal(url: &str) -> String {
    let error = Store::open(url).await.err().unwrap_or_else(|| panic!("{url} was opened")).to_string();
    assert!(!error.contains('\n') && !error.contains("p@ss") && !error.contains("p%40ss"), "{error}");
    error
}

async fn only_the_right_certificate_is_believed(kind: Kind) {
    let Some(server) = Server::start(kind, Settings { durable: false, tls: true }).await else { return };
    let database = server.named_database().await;
    if kind == Kind::Mysql {
        // So that whoever gets in has not come without TLS.
        server.execute("", "ALTER USER 'gatepipe'@'%' REQUIRE SSL").await;
    }
    let dir = tempfile::tempdir().unwrap();
    let stranger = dir.path().join("stranger.pem");
    authority(&stranger).unwrap();
    // The certificate is good for the first name of this host and not for the second.
    let (right, wrong) = (server.url_at("localhost", &database), server.url_at("127.0.0.1", &database));
    let ours = server.authority();
    let words = Words::of(kind);
    let by = |url: &str, mode, file: &Path| format!("{url}?{mode}&{}={}", words.authorities, file.display());

    opens(&by(&right, words.named, &ours)).await;
    opens(&format!("{wrong}?{}", words.encrypted)).await;
    let wrong_name = refusal(&by(&wrong, words.named, &ours)).await;
    assert!(wrong_name.contains("certificate"), "{wrong_name}");
    if let Some(signed) = words.signed {
        opens(&by(&wrong, signed, &ours)).await;
    }
    for mode in words.signed.into_iter().chain([words.named]) {
        let strange = refusal(&by(&right, mode, &stranger)).await;
        assert!(strange.contains("certificate"), "{strange}");
        // Of the authorities that everybody believes, none has signed it.
        let unknown = refusal(&format!("{right}?{mode}")).await;
        assert!(unknown.contains("certificate"), "{unknown}");
        let no_file = refusal(&by(&right, mode, &dir.path().join("missing.pem"))).await;
        assert!(no_file.contains("missing.pem"), "{no_file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_with_the_right_certificate_is_believed_and_no_other() {
    only_the_right_certificate_is_believed(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_with_the_right_certificate_is_believed_and_no_other() {
    only_the_right_certificate_is_believed(Kind::Mysql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_certificate_is_refused_where_one_is_asked_for() {
    for kind in Kind::ALL {
        let Some(url) = gatepipe_test_databases::fresh_on(kind).await else { continue };
        let said = refusal(&format!("{url}?{}", Words::of(kind).encrypted)).await;
        assert!(said.contains("TLS"), "{said}");
    }
}
