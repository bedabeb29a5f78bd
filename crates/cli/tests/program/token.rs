//! `gatepipe token check`: what a token says, and whether the api would take it.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Ran, finish, gatepipe, run_in};

const SECRET: &str = "a-secret-of-more-than-thirty-two-bytes";

/// Of an issuer whose private key is gone.
const KEY_SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"summer","use":"sig","x":"eldA7kYUJGzVtj8jaC_9O-5jszURP3XyC-d_zhxRn6M"}]}"#;
/// What it signed: `auth0|7`, good until the year 2100.
const FOREIGN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6InN1bW1lciJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoicHVzaCIsInN1YiI6ImF1dGgwfDciLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMH0.vnIauXtBxcG-mArspjJVvKZAQ_u0aY2RQ25Oqm2YakENZAqSCCSNA7u0iaASaMEX7YmwerPy7mni57AAjOa9Cg";

/// A directory with alice in its database and the secret in the file `jwt`; her token.
async fn home() -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    run_in(home.path(), "user add alice --permission websocket.broadcast -o json").await.json();
    std::fs::write(home.path().join("jwt"), format!("{SECRET}\n")).unwrap();
    std::fs::write(home.path().join("jwks.json"), KEY_SET).unwrap();
    let made = run_in(home.path(), "token create alice --ttl 5m --jwt-secret-file jwt").await;
    assert_eq!(made.code, 0, "{made:?}");
    (home, made.stdout.trim_end().to_owned())
}

async fn check(home: &Path, token: &str, flags: &str) -> Ran {
    let ran = run_in(home, &format!("token check {token} -o json {flags}")).await;
    assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{ran:?}");
    assert!(!ran.stdout.contains(token) && !ran.stderr.contains(token), "{ran:?}");
    ran
}

fn refused(ran: &Ran) -> (Value, String) {
    assert_eq!(ran.code, 4, "{ran:?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["is_taken"], false, "{told}");
    let reason = told["reason"].as_str().unwrap().to_owned();
    assert!(ran.stderr.contains(&reason), "{ran:?}");
    (told, reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_says_whose_it_is_which_key_signed_it_and_until_when() {
    let (home, token) = home().await;
    let home = home.path();
    let taken = check(home, &token, "--jwt-secret-file jwt").await;
    assert!(taken.stderr.contains("would be taken, for alice"), "{taken:?}");
    let told = taken.json();
    assert_eq!((&told["user_id"], &told["username"]), (&json!(1), &json!("alice")));
    assert_eq!(told["permissions"], json!(["websocket.broadcast"]));
    assert_eq!((&told["algorithm"], &told["kid"]), (&json!("HS256"), &json!(null)));
    assert_eq!(told["key"], "--jwt-secret (given by --jwt-secret-file)");
    assert_eq!(told["claims"]["sub"], 1);
    let (issued, expires) = (told["issued_at_ms"].as_i64().unwrap(), told["expires_at_ms"].as_i64().unwrap());
    assert_eq!(expires - issued, 300_000);

    // As it stands in a header, by stdin; the api's file says the rest.
    std::fs::write(home.join("api.toml"), "[api]\njwt_secret_file = \"jwt\"\n").unwrap();
    let mut command = gatepipe(["token", "check", "-", "--config", "api.toml"]);
    let mut header = tempfile::tempfile().unwrap();
    writeln!(header, "Bearer {token}").unwrap();
    std::io::Seek::rewind(&mut header).unwrap();
    command.current_dir(home).stdin(header);
    let piped = finish(command).await;
    assert_eq!(piped.code, 0, "{piped:?}");
    for line in ["taken\tyes", "user\t1 (alice)", "algorithm\tHS256", "claim sub\t1"] {
        assert!(piped.stdout.lines().any(|row| row == line), "{line}: {piped:?}");
    }
    assert!(piped.stdout.contains("jwt_secret_file in api.toml"), "{piped:?}");

    // From the environment, as every command that calls the api takes it.
    let mut command = gatepipe(["token", "check"]);
    command.current_dir(home).env("GATEPIPE_TOKEN", &token).env("GATEPIPE_JWT_SECRET_FILE", "jwt");
    assert_eq!(finish(command).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_says_why() {
    let (home, token) = home().await;
    let home = home.path();
    let other = "another-secret-of-more-than-thirty-two-bytes";
    let (told, reason) = refused(&check(home, &token, &format!("--jwt-secret {other}")).await);
    assert!(reason.contains("another key"), "{reason}");
    assert_eq!((&told["claims"]["sub"], &told["user_id"]), (&json!(1), &json!(null)));

    let (_, reason) = refused(&check(home, "nonsense", "--jwt-secret-file jwt").await);
    assert!(reason.contains("no JSON Web Token"), "{reason}");
    let (_, reason) = refused(&check(home, FOREIGN, "--jwt-secret-file jwt").await);
    assert!(reason.contains("EdDSA") && reason.contains("--jwt-jwks"), "{reason}");
    let (_, reason) = refused(&check(home, &token, "--jwt-jwks jwks.json").await);
    assert!(reason.contains("HS256"), "{reason}");

    // Disabled: the signature is still good, and only the database knows better.
    run_in(home, "user change alice --disable -o json").await.json();
    let (_, reason) = refused(&check(home, &token, "--jwt-secret-file jwt").await);
    assert!(reason.contains("disabled"), "{reason}");
    let offline = check(home, &token, "--offline --jwt-secret-file jwt").await;
    assert_eq!(offline.code, 0, "{offline:?}");
    assert!(offline.stderr.contains("was not asked"), "{offline:?}");

    let short = run_in(home, "token create alice --jwt-secret-file jwt").await;
    assert_eq!(short.code, 4, "a disabled user gets none: {short:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_is_judged_by_its_key_set_and_nobody_is_made() {
    let (home, _) = home().await;
    let home = home.path();
    let flags = "--jwt-jwks jwks.json --jwt-issuer https://id.example.com --jwt-user-kind external";
    let (told, reason) = refused(&check(home, FOREIGN, flags).await);
    assert!(reason.contains("gatepipe user link"), "{reason}");
    assert_eq!((&told["algorithm"], &told["kid"]), (&json!("EdDSA"), &json!("summer")));
    assert!(told["key"].as_str().unwrap().contains("jwks.json"), "{told}");

    let would = check(home, FOREIGN, &format!("{flags} --jwt-create-users true")).await;
    assert_eq!(would.code, 0, "{would:?}");
    assert!(would.stderr.contains("would be made"), "{would:?}");
    assert_eq!(run_in(home, "user list -o json").await.json().as_array().unwrap().len(), 1);

    let link = "user link alice auth0|7 --issuer https://id.example.com -o json";
    assert_eq!(run_in(home, link).await.code, 0);
    assert_eq!(check(home, FOREIGN, flags).await.json()["username"], "alice");
    let (_, reason) = refused(&check(home, FOREIGN, &format!("{flags} --jwt-audience other")).await);
    assert!(reason.contains("aud"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_judged_is_told_in_one_line() {
    let (home, token) = home().await;
    let home = home.path();
    for (line, code, says) in [
        (format!("token check {token}"), 2, "openssl rand -hex 32"),
        ("token check --jwt-secret-file jwt".to_owned(), 2, "GATEPIPE_TOKEN"),
        (format!("token check {token} --jwt-secret-file absent"), 2, "absent"),
        (
            format!("token check {token} --jwt-secret-file jwt --database-url sqlite://absent.db"),
            1,
            "absent.db",
        ),
    ] {
        let told = run_in(home, &line).await;
        assert!(told.failed(code).contains(says), "{line}: {told:?}");
    }
    assert!(!home.join("absent.db").exists());
}
