//! HTTP, auth, rules and database.
