//! Stands in front of a gateway's command service, and can stall or cut the connections of one program.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Free,
    Stalled,
    Cut,
}

pub struct Proxy {
    pub address: SocketAddr,
    target: watch::Sender<Option<SocketAddr>>,
    connections: Arc<Mutex<Vec<watch::Sender<Way>>>>,
    _task: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Takes connections, and lets them wait until it is told where to.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, connections) = (watch::Sender::new(None), Arc::<Mutex<Vec<_>>>::default());
        let (targets, open) = (target.subscribe(), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let way = watch::Sender::new(Way::Free);
                let ways = way.subscribe();
                open.lock().push(way);
                tokio::spawn(join(socket, targets.clone(), ways));
            }
        });
        Self { address, target, connections, _task: AbortOnDropHandle::new(task) }
    }

    pub fn leads_to(&self, target: SocketAddr) {
        self.target.send_replace(Some(target));
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.lock().len()
    }

    /// Nothing passes any more, and nobody is told.
    pub fn stall(&self, connections: Range<usize>) {
        self.turn(connections, Way::Stalled);
    }

    /// Everything that waited passes.
    pub fn resume(&self, connections: Range<usize>) {
        self.turn(connections, Way::Free);
    }

    pub fn cut(&self, connections: Range<usize>) {
        self.turn(connections, Way::Cut);
    }

    fn turn(&self, connections: Range<usize>, way: Way) {
        for connection in &self.connections.lock()[connections] {
            connection.send_replace(way);
        }
    }
}

async fn join(
    near: TcpStream,
    mut target: watch::Receiver<Option<SocketAddr>>,
    mut way: watch::Receiver<Way>,
) {
    let Ok(Some(target)) = target.wait_for(Option::is_some).await.map(|target| *target) else {
        return;
    };
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    for socket in [&near, &far] {
        socket.set_nodelay(true).unwrap();
    }
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let cut = {
        let mut way = way.clone();
        async move { drop(way.wait_for(|way| *way == Way::Cut).await) }
    };
    let (there, back) = (carry(near_in, far_out, way.clone()), carry(far_in, near_out, way.clone()));
    tokio::select! {
        () = cut => {}
        () = async { tokio::join!(there, back); } => {}
    }
    way.mark_unchanged();
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(bytes @ 1..) = from.read(&mut buffer).await {
        if way.wait_for(|way| *way == Way::Free).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..bytes]).await.is_err() {
            return;
        }
    }
    drop(to.shutdown().await);
}
