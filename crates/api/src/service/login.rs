//! Username and password against a token.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use gatepipe_daemon::forwarded::customer;
use secrecy::SecretString;

use crate::app::App;
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::auth::{Caller, Token};
use crate::error::ApiError;
use crate::id::UserId;
use crate::metrics::LoginResult;
use crate::reason::Reason;
use crate::store::{Credentials, NO_PASSWORD, Standing};

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
/// [`ApiError::Login`], [`ApiError::TooMany`], [`ApiError::Known`] when tokens are made elsewhere or the account is disabled, the store's.
pub async fn login(
    app: &App,
    address: IpAddr,
    username: &str,
    password: SecretString,
) -> Result<LoggedIn, ApiError> {
    let (outcome, known) = try_login(app, address, username, password).await;
    let result = match &outcome {
        Ok(_) => LoginResult::Ok,
        Err(ApiError::Login) => LoginResult::Wrong,
        Err(ApiError::TooMany { .. }) => LoginResult::Throttled,
        Err(_) => LoginResult::Unavailable,
    };
    app.metrics.logins.get_or_create(&result.into()).inc();
    note(app, address, known, &outcome);
    outcome
}

/// Into the audit. A name that is nobody's is not noted: it may be a password that was typed into the wrong field.
fn note(app: &App, address: IpAddr, known: Option<UserId>, outcome: &Result<LoggedIn, ApiError>) {
    let target = known.map_or(Target::Nobody, Target::User);
    let entry = |actor, verdict, detail: &str| Entry::new(actor, Action::Login, target, verdict, detail);
    match outcome {
        Ok(LoggedIn { standing, .. }) => {
            let name = standing.user.username.clone();
            let actor = Actor { id: Some(standing.user.id), name, address: Some(address) };
            app.audit.note(entry(actor, Verdict::Done, ""));
        }
        Err(error @ ApiError::TooMany { .. }) => {
            app.audit.note_repeated(entry(Actor::unknown(address), error.into(), &error.to_string()));
        }
        Err(error) => app.audit.note(entry(Actor::unknown(address), error.into(), &error.to_string())),
    }
}

async fn try_login(
    app: &App,
    address: IpAddr,
    username: &str,
    password: SecretString,
) -> (Result<LoggedIn, ApiError>, Option<UserId>) {
    if let Err(throttled) = take_tries(app, customer(address), username) {
        return (Err(throttled), None);
    }
    let known = match app.store.credentials(username).await {
        Ok(known) => known,
        Err(error) => {
            give_tries_back(app, customer(address), username);
            return (Err(error.into()), None);
        }
    };
    let user = known.as_ref().map(|known| known.user_id);
    let outcome = compare(app, known, password).await;
    if !matches!(outcome, Err(ApiError::Login)) {
        give_tries_back(app, customer(address), username);
    }
    (outcome, user)
}

fn take_tries(app: &App, customer: IpAddr, username: &str) -> Result<(), ApiError> {
    let throttled = |retry_after| ApiError::TooMany { text: "too many failed logins", retry_after };
    let now = Instant::now();
    app.tries_by_address.take(&customer, now).map_err(throttled)?;
    app.tries_by_name.take(&username, now).map_err(|wait| {
        app.tries_by_address.give_back(&customer);
        throttled(wait)
    })
}

fn give_tries_back(app: &App, customer: IpAddr, username: &str) {
    app.tries_by_address.give_back(&customer);
    app.tries_by_name.give_back(&username);
}

async fn compare(
    app: &App,
    known: Option<Credentials>,
    password: SecretString,
) -> Result<LoggedIn, ApiError> {
    // Somebody without a password takes as long as nobody.
    let known = known.filter(|known| known.password_hash != NO_PASSWORD);
    let hash = known.as_ref().map(|known| known.password_hash.clone());
    let fits = fits(app, password, hash).await?;
    let user = known.filter(|_| fits).ok_or(ApiError::Login)?.user_id;
    let done = token_for(app, user).await?;
    tracing::info!(uid = %user, "user logged in");
    Ok(done)
}

/// A new token for somebody whose password was right, read after it was compared: a generation from before could already be dead.
pub(super) async fn token_for(app: &App, user: UserId) -> Result<LoggedIn, ApiError> {
    let standing = app.store.standing(user).await?.ok_or(ApiError::Login)?;
    if standing.user.disabled_at_ms > 0 {
        return Err(Reason::AccountDisabled.into());
    }
    let token = app
        .auth
        .sign(user, standing.user.token_generation, Utc::now(), app.rules().token_lifetime)
        .ok_or(Reason::LoginElsewhere)?;
    Ok(LoggedIn { token, standing })
}

/// Whether this is the caller's password; wrong ones count as failed logins.
///
/// # Errors
/// [`ApiError::Known`] when it is not and for a caller without a password, [`ApiError::TooMany`], the store's.
pub(super) async fn check_password(
    app: &App,
    caller: &Caller,
    password: SecretString,
) -> Result<(), ApiError> {
    let name = caller.user().username.as_str();
    let customer = customer(caller.address().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    take_tries(app, customer, name)?;
    let fits = async {
        let known = app.store.credentials(name).await?.filter(|known| known.password_hash != NO_PASSWORD);
        let Some(known) = known else {
            return Err(Reason::NoPassword.into());
        };
        fits(app, password, Some(known.password_hash)).await
    };
    let fits = fits.await;
    if !matches!(fits, Ok(false)) {
        give_tries_back(app, customer, name);
    }
    match fits? {
        true => Ok(()),
        false => Err(Reason::OldPasswordWrong.into()),
    }
}

async fn fits(app: &App, password: SecretString, hash: Option<String>) -> Result<bool, ApiError> {
    app.passwords.fits(password, hash).await.map_err(|_| ApiError::TooMany {
        text: "too many logins at once",
        retry_after: Duration::from_secs(1),
    })
}
