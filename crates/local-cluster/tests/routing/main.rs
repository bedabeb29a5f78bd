//! A send to a uid asks only the gateways that may hold it, and misses nobody whose bind was acknowledged, to whomever.

mod failures;
mod narrowing;
mod programs;
mod proxy;
