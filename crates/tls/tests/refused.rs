//! Two processes that do not believe each other: whoever calls hears why, every time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatepipe_tls::authority::Authority;
use gatepipe_tls::{Files, Identity, Use, accept, connect};
use rustls::ClientConfig;
use rustls::crypto::ring;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// What tells a lost word from a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Once would be luck: which of the two ends is faster differs from time to time.
const TIMES: usize = 200;

/// Somebody with a certificate of `of`, who believes those of `believed`.
fn identity(dir: &Path, name: &str, of: &Authority, believed: &Authority) -> Arc<Identity> {
    let pair = of.certify(&["127.0.0.1".to_owned()]).unwrap();
    let path = |end: &str| dir.join(format!("{name}.{end}"));
    std::fs::write(path("key"), pair.key).unwrap();
    std::fs::write(path("pem"), pair.cert).unwrap();
    std::fs::write(path("ca"), believed.pem()).unwrap();
    let files = Files { cert: path("pem"), key: path("key"), ca: Some(path("ca")) };
    Identity::read(files, Use::Grpc).unwrap()
}

/// Lets in whoever it believes, and gives back what they say; the address.
async fn serving(server: Arc<Identity>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let server = server.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = accept(&server, socket).await else { return };
                let mut said = [0; 5];
                if socket.read_exact(&mut said).await.is_ok() {
                    drop(socket.write_all(&said).await);
                    drop(socket.shutdown().await);
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_always_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let [ours, other] = [(); 2].map(|()| Authority::new(PATIENCE * 100).unwrap());
    let address = serving(identity(dir.path(), "server", &ours, &ours)).await;
    let stranger = identity(dir.path(), "stranger", &other, &ours);
    for time in 0..TIMES {
        let socket = TcpStream::connect(&address).await.unwrap();
        let error = timeout(PATIENCE, connect(&stranger, &address, socket)).await.unwrap().unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("does not know the authority of our --internal-tls-cert"),
            "time {time}: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_no_certificate_is_always_told_that_one_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Authority::new(PATIENCE * 100).unwrap();
    let address = serving(identity(dir.path(), "server", &ours, &ours)).await;
    let nobody = gatepipe_tls::believing(&dir.path().join("server.ca")).unwrap();
    for time in 0..TIMES {
        let told = told_without_certificate(&nobody, &address).await;
        assert!(told.contains("CertificateRequired"), "time {time}: {told}");
    }
}

/// Reads before it writes, as [`connect`] does, which always has a certificate to show.
async fn told_without_certificate(nobody: &Arc<ClientConfig>, address: &str) -> String {
    let socket = TcpStream::connect(address).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let mut socket = TlsConnector::from(nobody.clone()).connect(name, socket).await.unwrap();
    timeout(PATIENCE, socket.read_u8()).await.unwrap().unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_ours_is_let_in_also_when_it_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Authority::new(PATIENCE * 100).unwrap();
    let address = serving(identity(dir.path(), "server", &ours, &ours)).await;
    let friend = identity(dir.path(), "friend", &ours, &ours);
    // From the second time on the handshake is the short one of a known session.
    for _ in 0..10 {
        let socket = TcpStream::connect(&address).await.unwrap();
        let mut socket = timeout(PATIENCE, connect(&friend, &address, socket)).await.unwrap().unwrap();
        socket.write_all(b"hello").await.unwrap();
        let mut said = String::new();
        timeout(PATIENCE, socket.read_to_string(&mut said)).await.unwrap().unwrap();
        assert_eq!(said, "hello");
    }
}

/// Whoever speaks first is heard too, and whoever gives no tickets is spoken to in the end.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_s_server_that_gives_no_tickets_is_spoken_to() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Authority::new(PATIENCE * 100).unwrap();
    let friend = identity(dir.path(), "friend", &ours, &ours);
    let pair = ours.certify(&["127.0.0.1".to_owned()]).unwrap();
    let config = without_tickets(&pair);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for greeting in ["first", ""] {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = tokio_rustls::TlsAcceptor::from(config.clone()).accept(socket).await.unwrap();
            socket.write_all(greeting.as_bytes()).await.unwrap();
            let mut said = [0; 5];
            socket.read_exact(&mut said).await.unwrap();
            socket.write_all(&said).await.unwrap();
            socket.shutdown().await.unwrap();
        }
    });
    for heard in ["firsthello", "hello"] {
        let socket = TcpStream::connect(&address).await.unwrap();
        let mut socket = timeout(PATIENCE, connect(&friend, &address, socket)).await.unwrap().unwrap();
        socket.write_all(b"hello").await.unwrap();
        let mut said = String::new();
        timeout(PATIENCE, socket.read_to_string(&mut said)).await.unwrap().unwrap();
        assert_eq!(said, heard);
    }
}

fn without_tickets(pair: &gatepipe_tls::authority::Pair) -> Arc<rustls::ServerConfig> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let cert = CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert], key)
        .unwrap();
    config.send_tls13_tickets = 0;
    Arc::new(config)
}
