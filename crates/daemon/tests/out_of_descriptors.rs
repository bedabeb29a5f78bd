//! Accepting without descriptors. A file of its own: the limit is the whole process's.

use std::fs::File;
use std::net::TcpStream;
use std::time::Duration;

use gatepipe_daemon::listen::{self, ListenOptions};
use rustix::process::{Resource, getrlimit, setrlimit};

#[tokio::test]
async fn accept_waits_without_descriptors_and_goes_on_when_there_are_some() {
    let listener =
        listen::bind("127.0.0.1:0".parse().unwrap(), &ListenOptions::new("clients", "--listen")).unwrap();
    let mut few = getrlimit(Resource::Nofile);
    few.current = Some(64);
    setrlimit(Resource::Nofile, few).unwrap();
    // The kernel takes the connection for us; it waits in the backlog.
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    assert!(!taken.is_empty() && taken.len() < 64);

    let cpu = || {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::new(used.tv_sec.try_into().unwrap(), used.tv_nsec.try_into().unwrap())
    };
    let before = cpu();
    let none = tokio::time::timeout(Duration::from_millis(500), listen::accept(&listener)).await;
    assert!(none.is_err(), "there is no descriptor to accept with");
    assert!(cpu() - before < Duration::from_millis(250), "it must not spin");

    drop(taken);
    let (_socket, from) = tokio::time::timeout(Duration::from_secs(20), listen::accept(&listener))
        .await
        .expect("accepted as soon as there is room");
    assert_eq!(from, peer.local_addr().unwrap());
}
