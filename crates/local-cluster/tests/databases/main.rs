//! What is promised when the database or an api goes away in the middle of work, on databases of the tests' own.

mod apis;
mod full_disk;
mod inbox;
mod killed_apis;
mod loss;
mod starts;
