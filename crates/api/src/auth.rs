//! Who is calling: tokens, passwords, and what a caller may do.

pub mod caller;
pub mod last_known;
pub mod password;
mod recent;
pub mod throttle;
pub mod token;

pub use caller::{Allowed, Auth, Caller, Grant};
pub use token::{Claims, InvalidKey, Keys, Refused, Token};
