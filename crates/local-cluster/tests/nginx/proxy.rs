//! nginx as a process of this test, configured from the file that is deployed.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::eventually::within;
use tokio::net::TcpStream;

const DEPLOYED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/nginx/gatepipe.conf");
/// Free ports that are tried: another process may take one between our look and nginx's start.
const TRIES: usize = 5;

/// A running nginx; killed when it is dropped, by a panic too.
pub(crate) struct Nginx {
    child: Child,
    addr: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Nginx {
    /// One in front of two gateways and the api, which ends connections that are quiet for `timeout`.
    ///
    /// `None`, and a line that says so, where nginx is not installed.
    pub(crate) async fn before(cluster: &Cluster, timeout: Duration) -> Option<Self> {
        let program = program()?;
        for _ in 0..TRIES {
            if let Some(nginx) = Self::start(&program, cluster, timeout).await {
                return Some(nginx);
            }
        }
        panic!("nginx did not start on any of {TRIES} free ports");
    }

    async fn start(program: &Path, cluster: &Cluster, timeout: Duration) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        std::fs::write(dir.path().join("gatepipe.conf"), site(addr, cluster, timeout)).unwrap();
        std::fs::write(dir.path().join("nginx.conf"), around(dir.path())).unwrap();
        let child = Command::new(program)
            .arg("-p")
            .arg(dir.path())
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self { child, addr, _dir: dir };
        let listens = async {
            loop {
                let connected = TcpStream::connect(addr).await.is_ok();
                match nginx.child.try_wait().unwrap() {
                    Some(_) => return false,
                    None if connected => return true,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        within("nginx", listens).await.then_some(nginx)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn ws(&self) -> String {
        format!("ws://{}/ws", self.addr)
    }

    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It is one process without workers; one that has ended already is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian's place, which is on root's PATH only, or any other on ours.
fn program() -> Option<PathBuf> {
    let variable = |name| {
        #[expect(
            clippy::disallowed_methods,
            reason = "which programs there are, and whether a test may be left out"
        )]
        std::env::var_os(name)
    };
    let path = variable("PATH").unwrap_or_default();
    let dirs = std::iter::once(PathBuf::from("/usr/sbin")).chain(std::env::split_paths(&path));
    let found = dirs.map(|dir| dir.join("nginx")).find(|program| program.is_file());
    if found.is_none() {
        assert!(
            variable("GATEPIPE_TEST_ALL").is_none(),
            "nginx is not installed, and GATEPIPE_TEST_ALL allows no gaps"
        );
        eprintln!("SKIPPED: nginx is not installed (apt-get install nginx)");
    }
    found
}

/// What is deployed, with the addresses and the timeout of this test.
fn site(listen: SocketAddr, cluster: &Cluster, timeout: Duration) -> String {
    let addr = |url: &str| url.split('/').nth(2).unwrap().to_owned();
    let ws = cluster.ws();
    let (first, second) = (addr(&ws[0]), addr(&ws[1]));
    let timeout = timeout.as_millis();
    let mut text = std::fs::read_to_string(DEPLOYED).unwrap();
    for (deployed, here) in [
        ("listen 80;", format!("listen {listen};")),
        ("server gateway-1:7272 ", format!("server {first} ")),
        ("server gateway-2:7272 ", format!("server {second} ")),
        ("server api:8787;", format!("server {};", addr(&cluster.http()))),
        ("proxy_read_timeout 120s;", format!("proxy_read_timeout {timeout}ms;")),
        ("proxy_send_timeout 120s;", format!("proxy_send_timeout {timeout}ms;")),
    ] {
        assert_eq!(text.matches(deployed).count(), 1, "{deployed} stands in the deployed file once");
        text = text.replace(deployed, &here);
    }
    text
}

/// The blocks around it, for whoever runs the test: nothing outside `dir`, no other user, no workers that could be left behind.
fn around(dir: &Path) -> String {
    let dir = dir.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {dir}/{kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {dir}/nginx.pid;\nerror_log stderr;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n    access_log off;\n{temporary}    include {dir}/gatepipe.conf;\n}}\n"
    )
}
