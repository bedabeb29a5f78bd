//! How anyone commands Gatepipe's gateways, from any tokio program.
//!
//! A [`GatewayClient`] watches every register it is given, keeps one pipe open to each gateway that any of them lists, and sends
//! commands through it: push to users, groups, clients or everybody, bind, close, keep sessions, and ask who is there. It is a
//! cheap handle; its tasks end with the last one. A [`Worker`] is told what clients do: see [`GatewayClient::worker`].
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
//! Where the cluster has a secret or speaks TLS inside, the program needs them as every process does, and a certificate of its own by
//! the same authority (any name will do, as nobody calls it):
//!
//! ```no_run
//! # use gatepipe_client::{GatewayClient, TlsFiles};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = GatewayClient::builder()
//!     .register("http://register.internal:1236")
//!     .secret(Some(std::fs::read_to_string("/etc/gatepipe/secrets/gatepipe_secret")?.trim_end().into()))
//!     .tls(Some(TlsFiles {
//!         ca: Some("/etc/gatepipe/ca.pem".into()),
//!         cert: "/etc/gatepipe/worker.pem".into(),
//!         key: "/etc/gatepipe/worker.key".into(),
//!     }))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! Whoever is not let in is told why in [`RegisterStatus::trouble`] and [`GatewayStatus::trouble`]. The example `echo` takes all of it as flags.
//!
//! # Every verb
//!
//! Each method of [`GatewayClient`] names the call of GatewayWorker that it stands for; `docs/migrating-from-gatewayworker.md` goes
//! through all of them.
//!
//! *To many clients*, answered by a [`Receipt`]:
//! [`send_to_all`](GatewayClient::send_to_all) everybody ·
//! [`send_to_clients`](GatewayClient::send_to_clients), [`send_to_client`](GatewayClient::send_to_client) by client id ·
//! [`send_to_uids`](GatewayClient::send_to_uids), [`send_to_uid`](GatewayClient::send_to_uid) every client of a user ·
//! [`send_to_groups`](GatewayClient::send_to_groups), [`send_to_group`](GatewayClient::send_to_group) every member ·
//! [`ungroup`](GatewayClient::ungroup) takes all members out of a group ·
//! [`close_uid`](GatewayClient::close_uid) closes every client of a user.
//!
//! *To one client*, answered by its gateway or an [`Error`]:
//! [`bind_uid`](GatewayClient::bind_uid), [`unbind_uid`](GatewayClient::unbind_uid) whose client it is ·
//! [`join_group`](GatewayClient::join_group), [`leave_group`](GatewayClient::leave_group) ·
//! [`set_session`](GatewayClient::set_session), [`update_session`](GatewayClient::update_session) a JSON object kept with it ·
//! [`close_client`](GatewayClient::close_client) with a code, a reason and a last message,
//! [`destroy_client`](GatewayClient::destroy_client) cuts it.
//!
//! *About one client*:
//! [`is_online`](GatewayClient::is_online) ·
//! [`uid_of_client`](GatewayClient::uid_of_client) ·
//! [`session`](GatewayClient::session) ·
//! [`client_info`](GatewayClient::client_info) everything else about it ·
//! [`client_details`](GatewayClient::client_details) both, and what is kept of its handshake.
//!
//! *Who is online*:
//! [`is_uid_online`](GatewayClient::is_uid_online) ·
//! [`are_uids_online`](GatewayClient::are_uids_online) online, offline and unknown ·
//! [`clients_of_uid`](GatewayClient::clients_of_uid), [`clients_of_uids`](GatewayClient::clients_of_uids).
//!
//! *Lists*, filtered by a [`Filter`], a [`Page`] at a time or as a stream:
//! [`clients`](GatewayClient::clients), [`all_clients`](GatewayClient::all_clients) ·
//! [`sessions`](GatewayClient::sessions), [`all_sessions`](GatewayClient::all_sessions) ·
//! [`uids`](GatewayClient::uids), [`all_uids`](GatewayClient::all_uids) ·
//! [`groups`](GatewayClient::groups), [`all_groups`](GatewayClient::all_groups).
//!
//! *Numbers*, without moving lists:
//! [`count_clients`](GatewayClient::count_clients) ·
//! [`count_uids`](GatewayClient::count_uids) ·
//! [`count_groups`](GatewayClient::count_groups) ·
//! [`count_by_group`](GatewayClient::count_by_group) ·
//! [`counts`](GatewayClient::counts) on each gateway ·
//! [`stats`](GatewayClient::stats) how busy each gateway is.
//!
//! *Gateways*:
//! [`gateways`](GatewayClient::gateways), [`registers`](GatewayClient::registers) what this client knows ·
//! [`tally`](GatewayClient::tally) what it has sent ·
//! [`drain`](GatewayClient::drain) lets one go ·
//! [`follow_uid`](GatewayClient::follow_uid) what becomes of the messages to a user.
//!
//! # What is promised
//!
//! - **The truth.** A [`Receipt`] says how many clients were reached, who was asked, and who failed and why. An offline target is
//!   a receipt of zero. A command that was sent into a pipe that broke has an unknown outcome; it is never sent again by itself.
//! - **An end.** Every call returns within the deadline, 2 s by default, also when a gateway is mute; the receipt names it.
//! - **Order.** Commands of one caller reach each gateway in the order in which they were called; see [`GatewayClient`]. Between two
//!   processes there is no order.
//! - **Nobody is missed.** A send to a uid asks only the gateways that may hold it. A client whose bind was acknowledged before the send was called, to
//!   this program or to another, is reached, or its gateway is named as failed.
//! - **Membership that survives.** A gateway is dropped only when no register lists it *and* the pipe to it is down. With every
//!   register gone the last known gateways are commanded on.
//! - **Nobody is called offline because a gateway was silent.** An [`Answer`] names the gateways that did not answer, as long as they are
//!   members: a host that is silent for 15 s is off the registers' lists.
//! - **Bounds.** At most [`Builder::queue_commands`] and [`Builder::queue_bytes`] wait for one gateway; past that a command is
//!   refused at once.
//!
//! # Inside
//!
//! `client/…` (the verbs, a file for each family) → `route` (which gateways) → `lane` (what waits for one gateway) → `pipe` (the
//! stream that carries it). What a lane knows about who is *not* at its gateway goes by the rules of `gatepipe_proto::absence`.
//! Questions go beside the pipe (`query`); `page` and `merge` make one list of what gateways answer, and `cursor` is where it goes on.
//! `directory` owns the lanes and pipes; `watch` tells it what the registers say, `membership` decides. `worker` hears what clients
//! do, with a stream of its own from each member.

mod backoff;
mod builder;
mod client;
mod connection;
mod cursor;
mod dial;
mod directory;
mod error;
mod filter;
mod follow;
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
mod tally;
mod watch;
mod words;
mod worker;

pub use builder::{Builder, InvalidSettings};
pub use client::GatewayClient;
pub use cursor::{Cursor, InvalidCursor};
pub use error::Error;
pub use filter::Filter;
pub use follow::{Fate, FollowStep, Followed, FollowedGateway, Following, SentTo};
pub use gatepipe_proto::distinct::DistinctCount;
pub use gatepipe_proto::{
    ClientId, CloseCode, Code, GatewayId, Group, InvalidId, InvalidMessage, InvalidSession, Message, Session,
    Uid,
};
pub use gatepipe_tls::Files as TlsFiles;
pub use gatepipe_traces::Tracer;
pub use receipt::{Answer, Failure, FailureReason, Receipt};
pub use stats::{Rates, Stats, Totals};
pub use status::{GatewayStatus, RegisterStatus};
pub use tally::Tally;
pub use words::{
    Bind, BindCondition, BindPolicy, Bound, ClientDetails, ClientInfo, Close, Counts, GatewayCounts,
    GroupInfo, Listing, Page, UidInfo, UidsOnline,
};
pub use worker::{
    Adopted, BoundTo, Closed, Dropped, Handshake, Header, InvalidWorker, RunningWorker, SubscriptionStats,
    Worker, WorkerBuilder, WorkerStats,
};
