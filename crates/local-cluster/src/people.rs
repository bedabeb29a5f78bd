//! Who is in the database of a cluster: admin with every permission, and alice who manages bob who manages carol.

use std::time::Duration;

use anyhow::Context;
use gatepipe_api::auth::Keys;
use gatepipe_api::service::users::{self, By, Wanted};
use gatepipe_api::store::Store;
use gatepipe_api::user::{Password, Permission};
use secrecy::ExposeSecret;

use crate::home::Home;

/// In the order they are made, so that admin is user 1.
pub const NAMES: [&str; 4] = ["admin", "alice", "bob", "carol"];

/// One of [`NAMES`], with everything needed to be that person.
#[derive(Clone)]
pub struct Person {
    /// Their row in `users`.
    pub id: u64,
    /// One of [`NAMES`].
    pub name: &'static str,
    /// For `/Auth/login`.
    pub password: String,
    /// A token, made just now.
    pub token: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.name, self.id)
    }
}

/// Makes whoever is not there yet, and a token for each.
///
/// # Errors
/// The database's.
pub async fn settle(
    store: &Store,
    home: &Home,
    keys: &Keys,
    lifetime: Duration,
) -> anyhow::Result<Vec<Person>> {
    let mut people = Vec::new();
    let mut above = None;
    for name in NAMES {
        let password = home.password(name).with_context(|| format!("{name} has no password in keys.json"))?;
        let permissions = if name == "admin" { Permission::ALL.to_vec() } else { Vec::new() };
        let id = match store.user_by_name(name).await? {
            Some(user) => {
                // A newer release has permissions that an older directory knows nothing of.
                let standing = store.standing(user.id).await?;
                let has = |permission: &Permission| {
                    standing.as_ref().is_some_and(|standing| standing.permissions.contains(permission))
                };
                for permission in permissions.into_iter().filter(|permission| !has(permission)) {
                    store.grant(user.id, permission).await?;
                }
                user.id
            }
            None => {
                let (username, password) = (name.parse()?, Some(Password::new(password.into())?));
                let wanted = Wanted { username, password, manager_id: above, permissions, roles: Vec::new() };
                users::make(store, &By::operator(), wanted).await?
            }
        };
        // admin manages nobody; of the others each manages the next.
        above = (name != "admin").then_some(id);
        let token = users::make_token(store, keys, id, lifetime).await?;
        let token = token.with_context(|| format!("cannot make a token for {name}"))?;
        people.push(Person {
            id: id.get().unsigned_abs(),
            name,
            password: password.to_owned(),
            token: token.text.expose_secret().to_owned(),
        });
    }
    Ok(people)
}
