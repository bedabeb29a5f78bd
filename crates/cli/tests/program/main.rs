//! The built program, as an operator or a script meets it.

mod api;
mod database;
mod gateways;
mod health;
mod listen;
mod run;
mod usage;
