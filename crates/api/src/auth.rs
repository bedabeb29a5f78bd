//! Who is calling: tokens, passwords, and what a caller may do.

pub mod caller;
pub mod foreign;
pub mod last_known;
pub mod password;
mod recent;
pub mod subjects;
pub mod throttle;
pub mod token;
mod unverified;

pub use caller::{Allowed, Auth, Caller, Grant};
pub use foreign::Foreign;
pub use token::{Claims, Keys, Refused, ShortSecret, Subject, Token};
pub use unverified::Unverified;
