//! Waiting for a condition, with a deadline and never with a guess.

use std::future::Future;
use std::time::Duration;

/// Everything that tests wait for comes within this time, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The output of `future`.
///
/// # Panics
/// When it does not come within [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// Asks again and again until the answer is yes.
///
/// # Panics
/// When it does not come within [`PATIENCE`].
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    within(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}
