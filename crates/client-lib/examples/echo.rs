//! Answers every frame with itself, text as text and binary as binary, to each client in its order:
//! `cargo run -p gatepipe-client --example echo -- --help`.
//!
//! Start a second one beside it, and they share the clients; end one, and the other has all of them. It has the flags that a worker in
//! production needs: `--secret-file`, and the three files of `--internal-tls-…` where the cluster speaks TLS inside.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use gatepipe_client::{ClientId, GatewayClient, Message, TlsFiles, Worker};

#[derive(Parser)]
#[command(about = "Answers every frame of every client with itself")]
struct Options {
    /// A register; may be given several times.
    #[arg(long, default_value = "http://127.0.0.1:1236")]
    register: Vec<String>,
    /// A file with the secret that registers and gateways require.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// PEM: the authorities of the cluster; with the next two, registers and gateways are spoken to by TLS.
    #[arg(long, value_name = "FILE", requires_all = ["internal_tls_cert", "internal_tls_key"])]
    internal_tls_ca: Option<PathBuf>,
    /// PEM: our certificate, made by one of them.
    #[arg(long, value_name = "FILE", requires = "internal_tls_ca")]
    internal_tls_cert: Option<PathBuf>,
    /// PEM: the private key of our certificate.
    #[arg(long, value_name = "FILE", requires = "internal_tls_ca")]
    internal_tls_key: Option<PathBuf>,
}

impl Options {
    fn secret(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.secret_file else { return Ok(None) };
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        // Most editors end a file with a newline.
        Ok(Some(text.trim_end().to_owned()))
    }

    fn tls(&self) -> Option<TlsFiles> {
        Some(TlsFiles {
            cert: self.internal_tls_cert.clone()?,
            key: self.internal_tls_key.clone()?,
            ca: Some(self.internal_tls_ca.clone()?),
        })
    }
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
    let (secret, tls) = (options.secret()?.map(Into::into), options.tls());
    let gateways = GatewayClient::builder().registers(options.register).secret(secret).tls(tls).build()?;
    let worker = gateways.worker("echo").start(Echo { gateways: gateways.clone() })?;
    println!("the worker runs; Ctrl-C stops it");
    tokio::signal::ctrl_c().await?;
    println!("{:#?}", worker.stats());
    worker.stop().await;
    Ok(())
}
