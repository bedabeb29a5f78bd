//! What is promised of every database alike, with servers of the tests' own.

#[path = "../common/mod.rs"]
mod common;
mod migrations;
mod tls;
mod writers;
