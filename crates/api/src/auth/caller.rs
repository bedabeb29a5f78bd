//! From a token to a caller, and from a caller to a permission.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::foreign::Foreign;
use super::last_known::LastKnown;
use super::subjects::Subjects;
use super::token::{Claims, Keys, Refused, Token};
use crate::error::ApiError;
use crate::id::UserId;
use crate::reason::Reason;
use crate::store::{Standing, Store, StoreError, UserRow};
use crate::user::Permission;

/// Decides whose token it is and whether it is still good.
pub struct Auth {
    store: Store,
    tokens: watch::Sender<Arc<Tokens>>,
    subjects: Subjects,
    last_known: LastKnown,
}

/// Whose tokens are accepted.
pub enum Tokens {
    /// Those that we make.
    Ours(Keys),
    /// Those that somebody else makes.
    Foreign(Foreign),
}

/// Somebody with a good token. Only [`Auth::check`] makes one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    standing: Arc<Standing>,
    /// What is left of the user's permissions, when the token names the only ones it may use.
    narrowed: Option<Arc<[Permission]>>,
    claims: Arc<Claims>,
    address: Option<IpAddr>,
}

/// A permission as a type, so that a rule can ask for the proof that it was checked.
pub trait Grant: Send + Sync + 'static {
    /// Which one.
    const PERMISSION: Permission;
}

/// A caller that has the permission `G`. Only [`Caller::allowed`] makes one, so a rule that takes it cannot be reached
/// without the check.
#[derive(Debug, Clone)]
pub struct Allowed<G> {
    caller: Caller,
    granted: PhantomData<G>,
}

/// The permissions that whole rules ask for; for pushes to users `websocket.push_any` only widens one.
pub mod grants {
    use super::{Grant, Permission};

    macro_rules! grant {
        ($(#[$doc:meta])* $name:ident) => {
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Grant for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        };
    }

    grant! {
        /// `websocket.broadcast`
        Broadcast
    }
    grant! {
        /// `websocket.control`
        Control
    }
    grant! {
        /// `websocket.drain`
        Drain
    }
    grant! {
        /// `websocket.force_offline`
        ForceOffline
    }
    grant! {
        /// `websocket.inspect`
        Inspect
    }
    grant! {
        /// `settings.inspect`
        InspectSettings
    }
    grant! {
        /// `websocket.push_any`
        PushAny
    }
    grant! {
        /// `notification.send`
        SendNotification
    }
    grant! {
        /// `notification.view`
        ViewNotifications
    }
    grant! {
        /// `role.manage`
        ManageRoles
    }
    grant! {
        /// `user.manage`
        ManageUsers
    }
    grant! {
        /// `user.view`
        ViewUsers
    }
    grant! {
        /// `audit.view`
        ViewAudit
    }
}

impl Auth {
    /// Accepts `tokens`, and asks `store` about users; makes those that it does not know when `create_users`.
    #[must_use]
    pub fn new(store: Store, tokens: Tokens, create_users: bool) -> Self {
        let subjects = Subjects::new(store.clone(), create_users);
        let tokens = watch::Sender::new(Arc::new(tokens));
        Self { store, tokens, subjects, last_known: LastKnown::default() }
    }

    /// Accepts these tokens from now on, and no others; makes users that it does not know when `create_users`. Keys that have to be fetched
    /// are fetched at once by [`Auth::keep_fresh`]; until then those count that came from the same place, and without any a caller waits.
    pub fn take(&self, tokens: Tokens, create_users: bool) {
        self.subjects.set_create_users(create_users);
        if let (Tokens::Foreign(before), Tokens::Foreign(after)) = (&*self.tokens(), &tokens) {
            after.begin_with_keys_of(before);
        }
        self.tokens.send_replace(Arc::new(tokens));
    }

    fn tokens(&self) -> Arc<Tokens> {
        self.tokens.borrow().clone()
    }

    /// Makes a token as [`Keys::sign`] does; `None` when tokens are made elsewhere.
    #[must_use]
    pub fn sign(
        &self,
        user: UserId,
        generation: i64,
        now: DateTime<Utc>,
        lifetime: Duration,
    ) -> Option<Token> {
        match &*self.tokens() {
            Tokens::Ours(keys) => keys.sign(user, generation, now, lifetime),
            Tokens::Foreign(_) => None,
        }
    }

    /// Whether tokens are made here, for those who log in.
    #[must_use]
    pub fn makes_tokens(&self) -> bool {
        matches!(*self.tokens(), Tokens::Ours(_))
    }

    /// Fetches the keys of others on their schedule, for as long as it is polled.
    pub async fn keep_fresh(&self) {
        let mut changes = self.tokens.subscribe();
        loop {
            let now = changes.borrow_and_update().clone();
            let fetching = async {
                if let Tokens::Foreign(foreign) = &*now {
                    foreign.keep_fresh().await;
                }
                std::future::pending().await
            };
            tokio::select! {
                () = fetching => {}
                // Never an error: the sender is ours.
                _ = changes.changed() => {}
            }
        }
    }

    /// Whose token it is. The database is asked every time; only while it is away, what was read at most 5 minutes ago counts.
    ///
    /// # Errors
    /// [`Refused`], or the store's error for a user that was not read lately.
    pub async fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, ApiError> {
        let claims = match &*self.tokens() {
            Tokens::Ours(keys) => keys.read(token, now)?,
            Tokens::Foreign(foreign) => foreign.read(token, now).await?,
        };
        let user = self.subjects.user(&claims, now).await?;
        self.caller(user, claims, now).await
    }

    /// The caller as of `now`, for requests that last: the token may have died since, and permissions may have changed.
    ///
    /// # Errors
    /// As [`Auth::check`].
    pub async fn check_again(&self, caller: &Caller, now: DateTime<Utc>) -> Result<Caller, ApiError> {
        let again = self.caller(caller.id(), Arc::clone(&caller.claims), now).await?;
        Ok(Caller { address: caller.address, ..again })
    }

    async fn caller(
        &self,
        user: UserId,
        claims: Arc<Claims>,
        now: DateTime<Utc>,
    ) -> Result<Caller, ApiError> {
        let standing = self.standing(user).await?.ok_or(Refused::Dead)?;
        if !is_alive(&claims, &standing.user, now) {
            return Err(Refused::Dead.into());
        }
        let narrowed = claims.permissions.as_ref().map(|only| {
            let all = standing.permissions.iter();
            all.copied().filter(|permission| only.contains(permission)).collect()
        });
        Ok(Caller { standing, narrowed, claims, address: None })
    }

    /// Whether the caller's token is still good: it has not expired, and nobody forced the caller offline meanwhile.
    ///
    /// # Errors
    /// The store's, when the database is away and the user was not read lately.
    pub async fn is_still_good(&self, caller: &Caller, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let standing = self.standing(caller.id()).await?;
        Ok(standing.is_some_and(|standing| is_alive(&caller.claims, &standing.user, now)))
    }

    /// Forgets what was read about `user`, because it was changed.
    pub fn forget(&self, user: UserId) {
        self.last_known.forget(user);
    }

    async fn standing(&self, user: UserId) -> Result<Option<Arc<Standing>>, StoreError> {
        match self.store.standing(user).await {
            Ok(Some(standing)) => {
                self.last_known.remember(Arc::clone(&standing), Instant::now());
                Ok(Some(standing))
            }
            Ok(None) => {
                self.last_known.forget(user);
                Ok(None)
            }
            Err(StoreError::Unavailable(reason)) => match self.last_known.recall(user, Instant::now()) {
                Some(standing) => {
                    tracing::warn!(%user, reason, "the database is away: using what was last read about the user");
                    Ok(Some(standing))
                }
                None => Err(StoreError::Unavailable(reason)),
            },
            Err(error) => Err(error),
        }
    }
}

/// Nobody is let in as a user that is disabled. A token with a generation must be of the current one. One without (made by others) must be younger than the last time the
/// user was forced offline; `iat` counts in seconds, so one of the same second is refused.
fn is_alive(claims: &Claims, user: &UserRow, now: DateTime<Utc>) -> bool {
    let current = match claims.generation {
        Some(generation) => generation == user.token_generation,
        None if user.tokens_cut_at_ms == 0 => true,
        None => claims.issued_at.is_some_and(|second| second > user.tokens_cut_at_ms / 1_000),
    };
    current && user.disabled_at_ms == 0 && claims.is_in_time(now.timestamp())
}

impl Caller {
    /// The same caller, known to call from `address`.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Where the request came from, behind trusted proxies the forwarded one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Who it is; also the uid on the gateways.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.standing.user.id
    }

    /// The caller's row.
    #[must_use]
    pub fn user(&self) -> &UserRow {
        &self.standing.user
    }

    /// What the caller may do with this token, in order.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        self.narrowed.as_deref().unwrap_or(&self.standing.permissions)
    }

    /// What the caller's token says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether the caller has `permission`.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The proof that the caller has the permission `G`.
    ///
    /// # Errors
    /// [`ApiError::Known`]
    pub fn allowed<G: Grant>(self) -> Result<Allowed<G>, ApiError> {
        if !self.may(G::PERMISSION) {
            return Err(Reason::NeedsPermission(G::PERMISSION).into());
        }
        Ok(Allowed { caller: self, granted: PhantomData })
    }
}

impl<G> Allowed<G> {
    /// Who it is.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}
