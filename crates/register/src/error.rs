//! Why a register could not start or had to stop.

/// See the variants; the process ends with the text on one line.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A listener could not be opened.
    #[error(transparent)]
    Listen(#[from] gatepipe_daemon::listen::BindError),
    /// The shared secret cannot travel.
    #[error(transparent)]
    Secret(#[from] gatepipe_proto::secret::InvalidSecret),
    /// A certificate or key that cannot be used.
    #[error(transparent)]
    Tls(#[from] gatepipe_daemon::tls::Unusable),
}
