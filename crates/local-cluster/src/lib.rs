//! Everything in one process on port 0.
