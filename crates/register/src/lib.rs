//! Which gateways are alive.
