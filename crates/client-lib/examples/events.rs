//! `Events.php` of a GatewayWorker project, line by line: `cargo run -p gatepipe-client --example events -- --help`.
//!
//! ```php
//! class Events
//! {
//!     public static function onWorkerStart($worker) {}
//!
//!     public static function onConnect($client_id)
//!     {
//!         Gateway::sendToClient($client_id, json_encode(['type' => 'init', 'client_id' => $client_id]));
//!     }
//!
//!     public static function onWebSocketConnect($client_id, $data) {}
//!
//!     public static function onMessage($client_id, $message)
//!     {
//!         $data = json_decode($message, true);
//!         if ($data['type'] === 'ping') {
//!             Gateway::sendToClient($client_id, json_encode(['type' => 'pong']));
//!         }
//!     }
//!
//!     public static function onClose($client_id) {}
//! }
//! ```
//!
//! A gateway of Gatepipe does both of these by itself: it sends `init` before anything else, and answers `{"type":"ping"}` without
//! asking anybody. So a project that had nothing but this runs no worker at all. With this one a page gets a second `init` with the
//! same `client_id`, and `on_message` never sees a ping, because workers are not told of them. It is here to show where each line goes.

use clap::Parser;
use gatepipe_client::{ClientId, Closed, GatewayClient, Handshake, Message, Worker};
use serde_json::{Value, json};

#[derive(Parser)]
#[command(about = "Events.php as a business worker; a gateway does the same by itself")]
struct Options {
    /// A register; may be given several times.
    #[arg(long, default_value = "http://127.0.0.1:1236")]
    register: Vec<String>,
    /// The secret that registers and gateways require.
    #[arg(long)]
    secret: Option<String>,
}

struct Events {
    gateways: GatewayClient,
}

impl Events {
    /// `Gateway::sendToClient`. The receipt says whether the client was reached; who is gone by now is no error.
    async fn send(&self, client: ClientId, frame: Value) {
        match Message::text(frame.to_string()) {
            Ok(message) => drop(self.gateways.send_to_client(client, message).await),
            Err(error) => eprintln!("{error}"),
        }
    }
}

impl Worker for Events {
    async fn on_worker_start(&self, _gateways: &GatewayClient) {}

    /// `onConnect` and `onWebSocketConnect`: the handshake is over by now, and its `$data` is in `_handshake`.
    async fn on_connect(&self, client: ClientId, _handshake: Handshake) {
        self.send(client, json!({"type": "init", "client_id": client.to_string()})).await;
    }

    async fn on_message(&self, client: ClientId, message: Message) {
        let data: Value = serde_json::from_slice(message.payload()).unwrap_or_default();
        if data["type"] == "ping" {
            self.send(client, json!({"type": "pong"})).await;
        }
    }

    async fn on_close(&self, _client: ClientId, _closed: Closed) {}
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let secret = options.secret.map(Into::into);
    let gateways = GatewayClient::builder().registers(options.register).secret(secret).build()?;
    let worker = gateways.worker("events").start(Events { gateways: gateways.clone() })?;
    println!("the worker runs; Ctrl-C stops it");
    tokio::signal::ctrl_c().await?;
    worker.stop().await;
    Ok(())
}
