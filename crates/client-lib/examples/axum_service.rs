//! A web service of your own with Gatepipe inside: `cargo run -p gatepipe-client --example axum_service -- --help`.
//!
//! ```text
//! curl -d 'hello' http://127.0.0.1:3000/push/1001      {"reached":2,"failed":[]}
//! curl http://127.0.0.1:3000/online/1001               {"online":true}
//! ```
//!
//! It prints who comes and goes. The routes are open to everybody who can reach them: put them behind your own login.

use std::net::SocketAddr;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use gatepipe_client::{ClientId, Closed, GatewayClient, Handshake, Message, Uid, Worker};
use serde_json::{Value, json};

#[derive(Parser)]
#[command(about = "Pushes to users and tells who is online, over HTTP")]
struct Options {
    /// Where to serve HTTP.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// A register; may be given several times.
    #[arg(long, default_value = "http://127.0.0.1:1236")]
    register: Vec<String>,
    /// The secret that registers and gateways require.
    #[arg(long)]
    secret: Option<String>,
}

type Refusal = (StatusCode, String);

/// POST /push/{uid}: the body goes to every connection of the user, as text.
async fn push(
    State(gateways): State<GatewayClient>,
    Path(uid): Path<String>,
    body: String,
) -> Result<Json<Value>, Refusal> {
    let message = Message::text(body).map_err(|error| (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
    let receipt = gateways.send_to_uid(&user(&uid)?, message).await;
    if receipt.blind {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "no gateway is known yet".to_owned()));
    }
    let failed = receipt
        .failed
        .iter()
        .map(|failure| json!({"gateway": failure.gateway.to_string(), "reason": failure.reason.to_string()}));
    Ok(Json(json!({"reached": receipt.reached, "failed": failed.collect::<Value>()})))
}

/// GET /online/{uid}: 503 when a gateway that could know does not answer.
async fn online(
    State(gateways): State<GatewayClient>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    match gateways.is_uid_online(&user(&uid)?).await {
        Ok(online) => Ok(Json(json!({"online": online}))),
        Err(error) => Err((StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
    }
}

fn user(uid: &str) -> Result<Uid, Refusal> {
    uid.parse()
        .map_err(|error: gatepipe_client::InvalidId| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

/// Writes down who comes and goes.
struct Door;

impl Worker for Door {
    async fn on_connect(&self, client: ClientId, handshake: Handshake) {
        let browser = handshake.header("user-agent").unwrap_or("something");
        println!("{client} came with {browser}");
    }

    async fn on_close(&self, client: ClientId, closed: Closed) {
        println!("{client} went with {}", closed.code);
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let secret = options.secret.map(Into::into);
    let gateways = GatewayClient::builder().registers(options.register).secret(secret).build()?;
    let door = gateways.worker("door").headers(["user-agent"]).without_messages().start(Door)?;

    let app = Router::new()
        .route("/push/{uid}", post(push))
        .route("/online/{uid}", get(online))
        .with_state(gateways);
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, app).with_graceful_shutdown(stopped).await?;
    door.stop().await;
    Ok(())
}
