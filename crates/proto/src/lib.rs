//! The words on Gatepipe's wires, and nothing that does anything with them.
//!
//! - [`v1`]: the gRPC services and messages of package `gatepipe.v1`
//! - [`id`]: [`ClientId`], [`Uid`], [`Group`], [`GatewayId`], checked when they are made
//! - [`frame`]: the JSON text frames between a page and Gatepipe
//! - [`close`]: close codes, and which of them mean "come back"
//! - [`code`]: the one table of errors, mapped to gRPC, HTTP and close codes
//! - [`session`]: the JSON object kept with a client
//! - [`subscribe`]: the bounds of a worker's hello
//! - [`absence`]: which gateways a send to a uid may leave out
//! - [`distinct`]: counting different names over several gateways
//! - [`mark`](mod@mark): what messages are told apart by where nobody may see them
//! - [`secret`]: the shared secret on internal gRPC calls
//!
//! `vectors/client-frames.json` in the repository root holds golden client frames; every implementation of the client wire is
//! tested against it.

pub mod absence;
pub mod close;
pub mod code;
mod command;
pub mod distinct;
pub mod frame;
pub mod id;
pub mod mark;
pub mod message;
pub mod secret;
pub mod session;
pub mod subscribe;

/// Generated from `proto/gatepipe/v1/*.proto`; the comments there are the documentation.
#[expect(missing_docs, reason = "documented in the .proto files")]
#[allow(clippy::all, clippy::pedantic, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("gatepipe.v1");
}

pub use close::CloseCode;
pub use code::Code;
pub use frame::{ClientFrame, ServerFrame};
pub use id::{ClientId, GatewayId, Group, InvalidId, Uid};
pub use mark::mark;
pub use message::{InvalidMessage, MAX_MESSAGE_BYTES, Message};
pub use session::{InvalidSession, MAX_SESSION_BYTES, Session};
