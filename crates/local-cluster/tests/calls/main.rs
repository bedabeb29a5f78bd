//! Every call of the client library against three gateways with clients on each: who received what, and every list and count.
//! The same commands come in through `Execute` in `execute`.

mod binds;
mod crowd;
mod execute;
mod gateways;
mod lists;
mod sends;
