//! The life of a process.
