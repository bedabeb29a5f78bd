//! The built program, as an operator or a script meets it.

mod api;
mod clients;
mod database;
mod drain;
mod gateways;
mod ghost;
mod groups;
mod health;
mod listen;
mod run;
mod sends;
mod tail;
mod usage;
mod users;
