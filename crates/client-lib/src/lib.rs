//! How anyone commands gateways.
