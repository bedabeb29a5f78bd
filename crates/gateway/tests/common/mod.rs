//! A gateway on port 0 without a register, pages that connect to it, and a worker that commands it.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod certs;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gatepipe_gateway::{Config, Gateway};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::v1::gateway_client::GatewayClient;
use gatepipe_proto::v1::{self, Receipt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Channel;

use certs::Certs;

/// Everything that is waited for comes within this time, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

pub struct Running {
    pub clients: SocketAddr,
    pub rpc: SocketAddr,
    pub admin: SocketAddr,
    pub gateway_id: String,
    /// How pages come in; `None`: without TLS.
    tls: Option<TlsConnector>,
    stop: CancellationToken,
    done: JoinHandle<()>,
    _stopped_at_last: DropGuard,
}

/// Starts a gateway with the defaults but for the ports and what `change` does.
pub async fn start(change: impl FnOnce(&mut Config)) -> Running {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut config =
        Config { listen: any, rpc_listen: any, admin_listen: any, registers: vec![], ..Config::default() };
    change(&mut config);
    let gateway = Gateway::bind(config).await.unwrap();
    let stop = CancellationToken::new();
    Running {
        clients: gateway.client_addr(),
        rpc: gateway.rpc_addr(),
        admin: gateway.admin_addr(),
        gateway_id: gateway.gateway_id().to_string(),
        tls: None,
        done: {
            let stop = stop.clone();
            tokio::spawn(async move { gateway.run(stop.cancelled_owned()).await.unwrap() })
        },
        _stopped_at_last: stop.clone().drop_guard(),
        stop,
    }
}

/// The same with a certificate, so that pages come in by wss.
pub async fn start_protected(certs: &Certs, change: impl FnOnce(&mut Config)) -> Running {
    let protected = |config: &mut Config| {
        config.tls = Some(certs.files());
        change(config);
    };
    Running { tls: Some(certs.connector()), ..start(protected).await }
}

/// What a WebSocket is spoken on.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {
    /// Under TLS, if there is any.
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl Running {
    pub async fn worker(&self) -> Worker {
        let client = GatewayClient::connect(format!("http://{}", self.rpc)).await.unwrap();
        Worker(client.max_decoding_message_size(8 << 20))
    }

    /// A page that has read its init.
    pub async fn page(&self) -> Page {
        let socket = TcpStream::connect(self.clients).await.unwrap();
        self.page_on(socket).await
    }

    /// A page at an address of its own: all of 127.0.0.0/8 is this machine.
    pub async fn page_from(&self, address: [u8; 4]) -> Page {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        self.page_on(socket.connect(self.clients).await.unwrap()).await
    }

    /// A page whose kernel takes little while it does not read.
    pub async fn narrow_page(&self) -> Page {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8192).unwrap();
        self.page_on(socket.connect(self.clients).await.unwrap()).await
    }

    async fn page_on(&self, socket: TcpStream) -> Page {
        let url = format!("ws://{}/ws", self.clients);
        let socket: Box<dyn Socket> = match &self.tls {
            None => Box::new(socket),
            Some(tls) => {
                let name = self.clients.ip().into();
                Box::new(within("the TLS handshake", tls.connect(name, socket)).await.unwrap())
            }
        };
        let (frames, _) =
            within("the handshake", tokio_tungstenite::client_async(url, socket)).await.unwrap();
        let mut page = Page { frames, client_id: String::new() };
        let init: serde_json::Value = serde_json::from_str(&page.text().await).unwrap();
        assert_eq!(init["type"], "init");
        page.client_id = init["client_id"].as_str().unwrap().to_owned();
        page
    }

    /// Begins to stop; `stopped` waits for the end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    pub async fn stopped(self) {
        within("the gateway's end", self.done).await.unwrap();
    }

    /// One HTTP/1.1 exchange on a listener: status and whole answer.
    pub async fn raw(addr: SocketAddr, request: &str) -> String {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is no fault of the answer.
        drop(within("an answer", socket.read_to_end(&mut answer)).await);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Like `raw`, but only the first bytes of the answer: the connection may live on as a WebSocket.
    pub async fn raw_head(addr: SocketAddr, request: &str) -> String {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 64];
        let read = within("an answer", socket.read(&mut head)).await.unwrap();
        String::from_utf8_lossy(&head[..read]).into_owned()
    }

    pub async fn metrics(&self) -> String {
        Self::raw(self.admin, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await
    }
}

pub struct Page {
    pub frames: WebSocketStream<Box<dyn Socket>>,
    pub client_id: String,
}

impl Page {
    pub async fn next(&mut self) -> Option<Message> {
        within("a frame", self.frames.next()).await.and_then(Result::ok)
    }

    /// The next text message; pings and pongs are passed over.
    pub async fn text(&mut self) -> String {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return text.to_string(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("expected text, got {other:?}"),
            }
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.frames.send(Message::text(text)).await.unwrap();
    }

    /// Reads to the end; gives the texts, and the code and reason of the close frame.
    pub async fn rest(&mut self) -> (Vec<String>, Option<(u16, String)>) {
        let mut texts = Vec::new();
        let mut close = None;
        while let Some(frame) = self.next().await {
            match frame {
                Message::Text(text) => texts.push(text.to_string()),
                Message::Close(frame) => {
                    close = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                }
                _ => {}
            }
        }
        (texts, close)
    }

    pub async fn close_code(&mut self) -> Option<u16> {
        self.rest().await.1.map(|(code, _)| code)
    }
}

pub fn text(text: &str) -> Option<v1::Message> {
    Some(v1::Message { body: Some(v1::message::Body::Text(text.to_owned())) })
}

#[derive(Clone)]
pub struct Worker(pub GatewayClient<Channel>);

impl Worker {
    pub async fn execute(&mut self, command: Kind) -> Receipt {
        let command = v1::Command { id: 7, command: Some(command), ..Default::default() };
        let receipt = within("a receipt", self.0.execute(command)).await.unwrap().into_inner();
        assert_eq!(receipt.id, 7);
        receipt
    }

    /// Carries out commands through a pipe of their own; the receipts in the commands' order.
    pub async fn pipe(&mut self, commands: Vec<Kind>) -> Vec<Receipt> {
        let commands: Vec<_> = (0..)
            .zip(commands)
            .map(|(id, command)| v1::Command { id, command: Some(command), ..Default::default() })
            .collect();
        let batches: Vec<_> = commands
            .chunks(200)
            .map(|chunk| v1::CommandBatch { commands: chunk.to_vec(), absence: None })
            .collect();
        let mut batches = self.0.pipe(tokio_stream::iter(batches)).await.unwrap().into_inner();
        let mut receipts = Vec::new();
        while receipts.len() < commands.len() {
            let batch = within("receipts", batches.next()).await.expect("a receipt for every command");
            receipts.extend(batch.unwrap().receipts);
        }
        receipts.sort_by_key(|receipt| receipt.id);
        assert!(receipts.iter().map(|receipt| receipt.id).eq(0..commands.len() as u64));
        receipts
    }

    pub async fn bind(&mut self, page: &Page, uid: &str) -> Receipt {
        let bind =
            v1::BindUid { client_id: page.client_id.clone(), uid: uid.to_owned(), ..Default::default() };
        self.execute(Kind::BindUid(bind)).await
    }

    pub async fn send_to_uid(&mut self, uid: &str, message: &str) -> Receipt {
        let send =
            v1::SendToUids { uids: vec![uid.to_owned()], message: text(message), ..Default::default() };
        self.execute(Kind::SendToUids(send)).await
    }

    pub async fn send_to_client(&mut self, client_id: &str, message: &str) -> Receipt {
        let send = v1::SendToClients {
            client_ids: vec![client_id.to_owned()],
            message: text(message),
            ..Default::default()
        };
        self.execute(Kind::SendToClients(send)).await
    }

    pub async fn join(&mut self, page: &Page, group: &str) -> Receipt {
        let join = v1::JoinGroup { client_id: page.client_id.clone(), group: group.to_owned() };
        self.execute(Kind::JoinGroup(join)).await
    }

    pub async fn leave(&mut self, page: &Page, group: &str) -> Receipt {
        let leave = v1::LeaveGroup { client_id: page.client_id.clone(), group: group.to_owned() };
        self.execute(Kind::LeaveGroup(leave)).await
    }

    pub async fn send_to_groups(&mut self, groups: &[&str], message: &str, exclude: &[&Page]) -> Receipt {
        let send = v1::SendToGroups {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            message: text(message),
            exclude_client_ids: exclude.iter().map(|page| page.client_id.clone()).collect(),
        };
        self.execute(Kind::SendToGroups(send)).await
    }

    pub async fn broadcast(&mut self, message: &str) -> Receipt {
        self.execute(Kind::SendToAll(v1::SendToAll { message: text(message), ..Default::default() })).await
    }

    pub async fn counts(&mut self) -> v1::CountsReply {
        within("the counts", self.0.counts(v1::CountsRequest { filter: None, distinct: true }))
            .await
            .unwrap()
            .into_inner()
    }

    /// Everything about one client; `None` when it is not connected.
    pub async fn client(&mut self, client_id: &str, session: bool) -> Option<v1::ClientEntry> {
        let request = v1::ClientRequest { client_id: client_id.to_owned(), session, handshake: true };
        within("a client", self.0.client(request)).await.unwrap().into_inner().client
    }

    /// Waits until this many clients are connected.
    pub async fn until_clients(&mut self, clients: u64) {
        within(&format!("{clients} clients"), async {
            while self.counts().await.clients != clients {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
