//! Username and password against a token.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use gatepipe_daemon::forwarded::customer;
use secrecy::SecretString;

use crate::app::App;
use crate::auth::Token;
use crate::error::ApiError;
use crate::metrics::LoginResult;
use crate::store::{NO_PASSWORD, Standing};

/// A login that worked.
pub struct LoggedIn {
    /// The new token.
    pub token: Token,
    /// Whose it is.
    pub standing: Arc<Standing>,
}

/// Logs in. Failed attempts are throttled by username and by remote address; successful ones are free. An unknown user takes
/// as long as a wrong password.
///
/// # Errors
/// [`ApiError::Login`], [`ApiError::TooMany`], [`ApiError::Forbidden`] when tokens are made elsewhere, the store's.
pub async fn login(
    app: &App,
    address: IpAddr,
    username: &str,
    password: SecretString,
) -> Result<LoggedIn, ApiError> {
    let outcome = try_login(app, address, username, password).await;
    let result = match &outcome {
        Ok(_) => LoginResult::Ok,
        Err(ApiError::Login) => LoginResult::Wrong,
        Err(ApiError::TooMany { .. }) => LoginResult::Throttled,
        Err(_) => LoginResult::Unavailable,
    };
    app.metrics.logins.get_or_create(&result.into()).inc();
    outcome
}

async fn try_login(
    app: &App,
    address: IpAddr,
    username: &str,
    password: SecretString,
) -> Result<LoggedIn, ApiError> {
    let throttled = |retry_after| ApiError::TooMany { text: "too many failed logins", retry_after };
    let (address, now) = (customer(address), Instant::now());
    app.tries_by_address.take(&address, now).map_err(throttled)?;
    app.tries_by_name.take(&username, now).map_err(|wait| {
        app.tries_by_address.give_back(&address);
        throttled(wait)
    })?;
    let outcome = compare(app, username, password).await;
    if !matches!(outcome, Err(ApiError::Login)) {
        app.tries_by_address.give_back(&address);
        app.tries_by_name.give_back(&username);
    }
    outcome
}

async fn compare(app: &App, username: &str, password: SecretString) -> Result<LoggedIn, ApiError> {
    let known = app.store.credentials(username).await?;
    // Somebody without a password takes as long as nobody.
    let known = known.filter(|known| known.password_hash != NO_PASSWORD);
    let hash = known.as_ref().map(|known| known.password_hash.clone());
    let fits = app.passwords.fits(password, hash).await;
    let fits = fits.map_err(|_| ApiError::TooMany {
        text: "too many logins at once",
        retry_after: Duration::from_secs(1),
    })?;
    let user = known.filter(|_| fits).ok_or(ApiError::Login)?.user_id;
    // Read after the password was compared: a generation from before could already be dead.
    let standing = app.store.standing(user).await?.ok_or(ApiError::Login)?;
    let token = app
        .auth
        .sign(user, standing.user.token_generation, Utc::now(), app.settings.token_lifetime)
        .ok_or_else(|| {
            ApiError::Forbidden("this api only checks tokens; log in where yours are made".into())
        })?;
    tracing::info!(uid = %user, "user logged in");
    Ok(LoggedIn { token, standing })
}
