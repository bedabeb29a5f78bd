//! Sockets, hub and command service: only a pipe.
