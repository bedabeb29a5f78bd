//! The built program, as an operator or a script meets it.

mod api;
mod clients;
mod completions;
mod config;
mod database;
mod drain;
mod gateways;
mod ghost;
mod groups;
mod health;
mod listen;
mod release;
mod run;
mod sends;
mod tail;
mod tls;
mod token;
mod trace;
mod usage;
mod users;
