//! How anyone commands gateways.

mod builder;
mod client;
mod error;
mod receipt;
mod status;
mod words;

pub use builder::{Builder, InvalidSettings};
pub use client::GatewayClient;
pub use error::Error;
pub use gatepipe_proto::{ClientId, CloseCode, Code, GatewayId, InvalidId, InvalidMessage, Message, Uid};
pub use receipt::{Answer, Failure, FailureReason, Receipt};
pub use status::{GatewayStatus, RegisterStatus};
pub use words::{Bind, BindCondition, Bound, ClientInfo, Clients, Close, Counts, GatewayCounts, Page};
