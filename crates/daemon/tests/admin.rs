//! The admin listener through its socket.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatepipe_daemon::admin::{Admin, Readiness};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(readiness: &Readiness) -> SocketAddr {
    let mut registry = Registry::default();
    let seen: Counter = Counter::default();
    seen.inc();
    registry.register("gatepipe_test_seen", "Things seen", seen);
    let admin = Admin::bind("127.0.0.1:0".parse().unwrap(), registry, readiness.clone(), "test").unwrap();
    let addr = admin.addr();
    tokio::spawn(admin.run(std::future::pending()));
    addr
}

async fn ask(addr: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(10), socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn readiness_goes_from_red_to_green_to_red() {
    let readiness = Readiness::new("still reading");
    let addr = start(&readiness).await;
    assert!(ask(addr, "GET /healthz").await.contains(" 200 "));
    let answer = ask(addr, "GET /readyz").await;
    assert!(answer.contains(" 503 ") && answer.contains("still reading"), "{answer}");
    readiness.set_ready();
    assert!(ask(addr, "GET /readyz").await.contains(" 200 "));
    readiness.set_draining("leaving");
    readiness.set_ready();
    let answer = ask(addr, "GET /readyz").await;
    assert!(answer.contains(" 503 ") && answer.contains("leaving"), "{answer}");
    assert!(ask(addr, "GET /healthz").await.contains(" 200 "));
}

#[tokio::test]
async fn metrics_are_there_and_the_rest_is_refused() {
    let addr = start(&Readiness::new("")).await;
    let metrics = ask(addr, "GET /metrics").await;
    assert!(metrics.contains("\ngatepipe_test_seen_total 1\n"), "{metrics}");
    assert!(ask(addr, "POST /metrics").await.contains(" 405 "));
    assert!(ask(addr, "GET /").await.contains(" 404 "));
}

#[tokio::test]
async fn a_process_tells_of_itself_what_linux_knows_of_it() {
    let readiness = Readiness::new("");
    let addr = start(&readiness).await;
    let text = ask(addr, "GET /metrics").await;
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("\ngatepipe_build_info{{program=\"test\",version=\"{version}\"}} 1\n");
    assert!(text.contains(&build), "{text}");
    let number = |text: &str, name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("gatepipe_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    };
    assert_eq!(number(&text, "ready"), 0.0);
    readiness.set_ready();
    assert_eq!(number(&ask(addr, "GET /metrics").await, "ready"), 1.0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let started = number(&text, "process_start_time_seconds");
    assert!((now - 600.0..=now).contains(&started), "{started} at {now}");
    if cfg!(target_os = "linux") {
        let memory = number(&text, "process_resident_memory_bytes");
        assert!((1e6..1e10).contains(&memory), "{memory}");
        assert!(number(&text, "process_threads") >= 1.0);
        let open = number(&text, "process_open_fds");
        assert!(open >= 3.0 && open <= number(&text, "process_max_fds"), "{open}");
        assert!(number(&text, "process_cpu_seconds_total") >= 0.0);
    }
}

#[tokio::test]
async fn garbage_and_half_requests_hold_nobody_up_and_are_closed() {
    let addr = start(&Readiness::new("")).await;
    let mut bad = Vec::new();
    for bytes in [
        &b"GET /healthz HTTP/1.1\r\nHo"[..],
        b"G",
        b"\x16\x03\x01\0\0\r\n\r\n",
        b"\0\0\0\0",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        bad.push(socket);
    }
    assert!(ask(addr, "GET /healthz").await.contains(" 200 "));
    for mut socket in bad {
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut answer));
        // However it ends, it ends.
        drop(closed.await.expect("closed by the header timeout"));
        assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    }
    assert!(ask(addr, "GET /healthz").await.contains(" 200 "));
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let addr = start(&Readiness::new("")).await;
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let line = format!("X: {}\r\n", "x".repeat(1000));
    let flood = async {
        socket.write_all(b"GET /healthz HTTP/1.1\r\n").await?;
        loop {
            socket.write_all(line.as_bytes()).await?;
        }
    };
    let ended: std::io::Result<()> =
        tokio::time::timeout(Duration::from_secs(20), flood).await.expect("the flood is cut");
    ended.unwrap_err();
    assert!(ask(addr, "GET /healthz").await.contains(" 200 "));
}
