//! Pushes a text to every connection of a user: `cargo run -p gatepipe-client --example push -- 1001 hello`.
//!
//! Expects a register at http://127.0.0.1:1236 (`gatepipe dev` starts one), or at the URL in the third argument.

use std::time::Duration;

use anyhow::Context;
use gatepipe_client::{GatewayClient, Message, Uid};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let uid: Uid = arguments.next().context("give a uid and a text")?.parse()?;
    let text = arguments.next().context("give a uid and a text")?;
    let register = arguments.next().unwrap_or_else(|| "http://127.0.0.1:1236".to_owned());

    let client = GatewayClient::builder().register(register).build()?;
    if tokio::time::timeout(Duration::from_secs(3), client.joined()).await.is_err() {
        // Some gateway may be away all the same; the receipt will name it.
        for register in client.registers() {
            eprintln!("register {}: {}", register.url, register.trouble.unwrap_or_else(|| "heard".into()));
        }
    }

    let receipt = client.send_to_uid(&uid, Message::text(text)?).await;
    println!("{} connections took it, {} gateways were asked", receipt.reached, receipt.asked.len());
    for failure in &receipt.failed {
        println!("gateway {}: {}", failure.gateway, failure.reason);
    }
    anyhow::ensure!(receipt.is_whole(), "not every gateway was reached");
    Ok(())
}
