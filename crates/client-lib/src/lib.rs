//! How anyone commands Gatepipe's gateways, from any tokio program.
//!
//! A [`GatewayClient`] watches every register it is given, keeps one pipe open to each gateway that any of them lists, and sends
//! commands through it: push to users, to clients or to everybody, bind, unbind, close, and ask who is there. It is a cheap handle;
//! its tasks end with the last one. A [`Worker`] is told what clients do: see [`GatewayClient::worker`].
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use gatepipe_client::{GatewayClient, Message, Uid};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = GatewayClient::builder().register("http://127.0.0.1:1236").build()?;
//! tokio::time::timeout(Duration::from_secs(5), client.joined()).await?;
//!
//! let message = Message::text(r#"{"type":"notification","data":["hello"]}"#)?;
//! let receipt = client.send_to_uid(&Uid::from(1001), message).await;
//! println!("{} connections took it", receipt.reached);
//! for failure in receipt.failed {
//!     println!("gateway {}: {}", failure.gateway, failure.reason);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - **The truth.** A [`Receipt`] says how many clients were reached, who was asked, and who failed and why. An offline target is
//!   a receipt of zero. A command that was sent into a pipe that broke has an unknown outcome; it is never sent again by itself.
//! - **An end.** Every call returns within the deadline, 2 s by default, also when a gateway is mute; the receipt names it.
//! - **Order.** Commands of one caller reach each gateway in the order in which they were called; see [`GatewayClient`]. Between two
//!   processes there is no order.
//! - **Membership that survives.** A gateway is dropped only when no register lists it *and* the pipe to it is down. With every
//!   register gone the last known gateways are commanded on.
//! - **Nobody is called offline because a gateway was silent.** An [`Answer`] names the gateways that did not answer.
//! - **Bounds.** At most [`Builder::queue_commands`] and [`Builder::queue_bytes`] wait for one gateway; past that a command is
//!   refused at once.
//!
//! # Inside
//!
//! `client` (the verbs) → `route` (which gateways) → `lane` (what waits for one gateway) → `pipe` (the stream that carries it).
//! `directory` owns the lanes and pipes; `watch` tells it what the registers say, `membership` decides. `worker` hears what clients
//! do, with a stream of its own from each member.

mod backoff;
mod builder;
mod client;
mod connection;
mod cursor;
mod directory;
mod error;
mod filter;
mod lane;
mod membership;
mod merge;
mod page;
mod pipe;
mod query;
mod receipt;
mod route;
mod stats;
mod status;
mod watch;
mod words;
mod worker;

pub use builder::{Builder, InvalidSettings};
pub use client::GatewayClient;
pub use cursor::{Cursor, InvalidCursor};
pub use error::Error;
pub use filter::Filter;
pub use gatepipe_proto::distinct::DistinctCount;
pub use gatepipe_proto::{
    ClientId, CloseCode, Code, GatewayId, Group, InvalidId, InvalidMessage, InvalidSession, Message, Session,
    Uid,
};
pub use receipt::{Answer, Failure, FailureReason, Receipt};
pub use stats::{Rates, Stats, Totals};
pub use status::{GatewayStatus, RegisterStatus};
pub use words::{
    Bind, BindCondition, BindPolicy, Bound, ClientInfo, Close, Counts, GatewayCounts, GroupInfo, Listing,
    Page, UidInfo, UidsOnline,
};
pub use worker::{
    Adopted, BoundTo, Closed, Dropped, Handshake, Header, InvalidWorker, RunningWorker, SubscriptionStats,
    Worker, WorkerBuilder, WorkerStats,
};
