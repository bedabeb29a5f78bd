//! Keys that come over TLS. Whose certificates are believed is said by the environment, so the built program is asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use gatepipe_test_databases::{authority, certificate};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::common::program::{Running, program};
use crate::signer::{Signer, claims, set};

/// Serves a set of keys over TLS, with a certificate for `localhost` by an authority of its own.
struct TlsIssuer {
    dir: TempDir,
    port: u16,
}

impl TlsIssuer {
    fn start(key: &Signer) -> Self {
        let dir = tempfile::tempdir().unwrap();
        certificate(dir.path()).unwrap();
        let chain = vec![CertificateDer::from_pem_file(dir.path().join("server.pem")).unwrap()];
        let private = PrivateKeyDer::from_pem_file(dir.path().join("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .unwrap();
        let (config, keys) = (Arc::new(config), set(&[key]).to_string());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // Ends with the tests.
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                // Who does not believe us hangs up.
                let _ = answer(socket, Arc::clone(&config), &keys);
            }
        });
        Self { dir, port }
    }

    fn authority(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/jwks", self.port)
    }
}

fn answer(socket: TcpStream, config: Arc<ServerConfig>, keys: &str) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, socket));
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        line.clear();
    }
    let length = keys.len();
    let stream = stream.get_mut();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{keys}")?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// What an api that reads its keys from `url`, and believes these authorities, answers to whoever has this token.
async fn status(url: &str, authorities: &Path, token: &str) -> u16 {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program(dir.path());
    command.env("SSL_CERT_FILE", authorities).args(["--jwt-jwks", url]);
    command.args(["--jwt-user-kind", "external", "--jwt-create-users", "true"]);
    let api = Running::start(command);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{}/api/admin/Auth/me", api.http)).bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn keys_come_over_tls_from_whom_an_authority_knows_by_that_name_and_from_nobody_else() {
    let key = Signer::ed25519("a", 1);
    let issuer = TlsIssuer::start(&key);
    let token = key.token(&claims("ana"));
    let strangers = issuer.dir.path().join("strangers.pem");
    authority(&strangers).unwrap();
    assert_eq!(status(&issuer.url("localhost"), &issuer.authority(), &token).await, 200);
    // Without keys nobody knows whether the token is good.
    assert_eq!(status(&issuer.url("localhost"), &strangers, &token).await, 503);
    assert_eq!(status(&issuer.url("127.0.0.1"), &issuer.authority(), &token).await, 503);
}
