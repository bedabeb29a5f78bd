//! Answers every frame with itself, text as text and binary as binary, to each client in its order:
//! `cargo run -p gatepipe-client --example echo -- --help`.
//!
//! Start a second one beside it, and they share the clients; end one, and the other has all of them.

use clap::Parser;
use gatepipe_client::{ClientId, GatewayClient, Message, Worker};

#[derive(Parser)]
#[command(about = "Answers every frame of every client with itself")]
struct Options {
    /// A register; may be given several times.
    #[arg(long, default_value = "http://127.0.0.1:1236")]
    register: Vec<String>,
    /// The secret that registers and gateways require.
    #[arg(long)]
    secret: Option<String>,
}

struct Echo {
    gateways: GatewayClient,
}

impl Worker for Echo {
    async fn on_message(&self, client: ClientId, message: Message) {
        // The next message of this client waits until this one has been taken; other clients do not.
        let receipt = self.gateways.send_to_client(client, message).await;
        for failure in receipt.failed {
            eprintln!("no answer to {client}: {}", failure.reason);
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let secret = options.secret.map(Into::into);
    let gateways = GatewayClient::builder().registers(options.register).secret(secret).build()?;
    let worker = gateways.worker("echo").start(Echo { gateways: gateways.clone() })?;
    println!("the worker runs; Ctrl-C stops it");
    tokio::signal::ctrl_c().await?;
    println!("{:#?}", worker.stats());
    worker.stop().await;
    Ok(())
}
