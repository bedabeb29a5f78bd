//! Who there is, who answers to whom, and which tokens are still good.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::audit_entries::insert_entry;
use super::schema::{inboxes, role_permissions, user_permissions, user_roles, users};
use super::{Store, StoreError, read, write};
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::id::UserId;
use crate::user::{Permission, Username};

/// The longest chain of managers that is followed; a longer one ends as "not below".
pub(super) const LONGEST_CHAIN: usize = 1_000;

/// How many users one statement asks for. Always the same number, so that the statement is prepared once and kept.
const GROUP: usize = 8;

/// So many ids as a statement takes: the last one fills what is left. `None` for no ids.
fn group(ids: &[i64]) -> Option<[i64; GROUP]> {
    let last = ids.last()?;
    Some(std::array::from_fn(|place| *ids.get(place).unwrap_or(last)))
}

/// Whether `column` is one of the ids of a [`group`]. `eq_any` would be another statement for every number of ids, prepared anew
/// each time.
macro_rules! is_one_of {
    ($column:expr, $ids:expr) => {{
        let [a, b, c, d, e, f, g, h] = $ids;
        // PostgreSQL's network addresses have another `or`.
        use diesel::BoolExpressionMethods as Bool;
        let pair = |a, b| Bool::or($column.eq(a), $column.eq(b));
        let half = |a, b, c, d| Bool::or(pair(a, b), pair(c, d));
        Bool::or(half(a, b, c, d), half(e, f, g, h))
    }};
}

/// In the place of a password's hash: nobody logs in with a password.
pub const NO_PASSWORD: &str = "!";

/// A user, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The user's id, also the uid on the gateways.
    pub id: UserId,
    /// Unique, compared byte for byte.
    pub username: String,
    /// Whoever this user answers to.
    pub manager_id: Option<UserId>,
    /// Tokens of another generation are refused.
    pub token_generation: i64,
    /// When the generation was last raised, in milliseconds since 1970; 0 for never.
    pub tokens_cut_at_ms: i64,
    /// Since when nobody is let in as this user, in milliseconds since 1970; 0 for somebody who is.
    pub disabled_at_ms: i64,
    /// When the user was made, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// What a check of a token needs to know, read at one moment.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The user.
    pub user: UserRow,
    /// What the user may do, by roles and by own grants, each once, in order.
    pub permissions: Vec<Permission>,
}

impl Standing {
    /// Whether the user is let in and may do everything.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.user.disabled_at_ms == 0 && Permission::ALL.iter().all(|all| self.permissions.contains(all))
    }
}

/// What a login compares.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose password it is.
    pub user_id: UserId,
    /// In PHC form.
    pub password_hash: String,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Must not be taken.
    pub username: Username,
    /// In PHC form, see [`auth::password`](crate::auth::password).
    pub password_hash: String,
    /// Whoever this user answers to; must exist.
    pub manager_id: Option<UserId>,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct Row {
    id: i64,
    username: String,
    manager_id: Option<i64>,
    token_generation: i64,
    tokens_cut_at_ms: i64,
    disabled_at_ms: i64,
    created_at_ms: i64,
}

#[derive(Insertable)]
#[diesel(table_name = users)]
pub(super) struct Insert {
    pub(super) username: String,
    pub(super) password_hash: String,
    pub(super) manager_id: Option<i64>,
    pub(super) created_at_ms: i64,
}

impl From<&NewUser> for Insert {
    fn from(new: &NewUser) -> Self {
        Self {
            username: new.username.to_string(),
            password_hash: new.password_hash.clone(),
            manager_id: new.manager_id.map(UserId::get),
            created_at_ms: new.created_at_ms,
        }
    }
}

/// Writes the [`Insert`] and an empty inbox, inside a transaction; gives the new id. Two that want the same name at once wait
/// for each other here.
macro_rules! insert_user {
    ($conn:ident, $insert:expr) => {{
        let insert: Insert = $insert;
        let username = insert.username.clone();
        let inserted = diesel::insert_into(users::table).values(insert).execute($conn).await;
        $crate::store::unless_taken(inserted, || StoreError::UsernameTaken(username.clone()))?;
        // Read back by its unique name: not every backend returns what it inserted.
        let named = users::table.filter(users::username.eq(username)).select(users::id);
        let id = user_id(named.first($conn).await?)?;
        diesel::insert_into(inboxes::table).values(inboxes::user_id.eq(id.get())).execute($conn).await?;
        id
    }};
}

pub(super) use insert_user;

/// For the audit: a user is made, who may do nothing yet.
pub(super) fn made(actor: Actor, user: UserId, username: &Username) -> Entry {
    Entry::new(actor, Action::CreateUser, Target::User(user), Verdict::Done, username.as_str())
}

pub(super) fn user_id(number: i64) -> Result<UserId, StoreError> {
    let wrong = || diesel::result::Error::DeserializationError(format!("user id {number}").into());
    UserId::new(number).ok_or_else(|| wrong().into())
}

impl TryFrom<Row> for UserRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: user_id(row.id)?,
            username: row.username,
            manager_id: row.manager_id.map(user_id).transpose()?,
            token_generation: row.token_generation,
            tokens_cut_at_ms: row.tokens_cut_at_ms,
            disabled_at_ms: row.disabled_at_ms,
            created_at_ms: row.created_at_ms,
        })
    }
}

impl Store {
    /// Makes a user with an empty inbox, for whoever has the database.
    ///
    /// # Errors
    /// [`StoreError::UsernameTaken`], [`StoreError::NoSuchUsers`] for the manager, [`StoreError::Unavailable`]
    pub async fn create_user(&self, new: NewUser) -> Result<UserId, StoreError> {
        self.create_user_as(new, Actor::operator()).await
    }

    /// Makes a user with an empty inbox, who may do nothing yet; `actor` stands in the audit.
    ///
    /// # Errors
    /// As [`Store::create_user`].
    pub async fn create_user_as(&self, new: NewUser, actor: Actor) -> Result<UserId, StoreError> {
        write!(self, |conn| {
            let named = users::table.filter(users::username.eq(new.username.as_str().to_owned()));
            if named.count().get_result::<i64>(conn).await? > 0 {
                return Err(StoreError::UsernameTaken(new.username.to_string()));
            }
            if let Some(manager) = new.manager_id
                && users::table.find(manager.get()).count().get_result::<i64>(conn).await? == 0
            {
                return Err(StoreError::NoSuchUsers(vec![manager]));
            }
            let user = insert_user!(conn, Insert::from(&new));
            insert_entry!(conn, made(actor, user, &new.username));
            Ok(user)
        })
    }

    /// The user with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn user(&self, user: UserId) -> Result<Option<UserRow>, StoreError> {
        read!(self, |conn| {
            let row = users::table.find(user.get()).select(Row::as_select()).first(conn).await.optional()?;
            row.map(UserRow::try_from).transpose()
        })
    }

    /// The user with this name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn user_by_name(&self, username: &str) -> Result<Option<UserRow>, StoreError> {
        if username.parse::<Username>().is_err() {
            return Ok(None);
        }
        let username = username.to_owned();
        read!(self, |conn| {
            let row = users::table
                .filter(users::username.eq(username))
                .select(Row::as_select())
                .first(conn)
                .await
                .optional()?;
            row.map(UserRow::try_from).transpose()
        })
    }

    /// At most `limit` users after the id `after`, in order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<UserRow>, StoreError> {
        read!(self, |conn| {
            let rows = users::table
                .filter(users::id.gt(after.map_or(0, UserId::get)))
                .order(users::id)
                .limit(limit.into())
                .select(Row::as_select())
                .load(conn)
                .await?;
            rows.into_iter().map(UserRow::try_from).collect()
        })
    }

    /// What a login of this name compares with.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn credentials(&self, username: &str) -> Result<Option<Credentials>, StoreError> {
        // What nobody can be called is not asked for: PostgreSQL takes no U+0000.
        if username.parse::<Username>().is_err() {
            return Ok(None);
        }
        let username = username.to_owned();
        read!(self, |conn| {
            let found = users::table
                .filter(users::username.eq(username))
                .select((users::id, users::password_hash))
                .first::<(i64, String)>(conn)
                .await
                .optional()?;
            let credentials = |(id, password_hash)| Ok(Credentials { user_id: user_id(id)?, password_hash });
            found.map(credentials).transpose()
        })
    }

    /// What a check of this user's token needs to know, read after this was called; `None` when there is no such user. Checks
    /// that wait for the database at the same time are read together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn standing(&self, user: UserId) -> Result<Option<Arc<Standing>>, StoreError> {
        self.standings.ask(self, user).await
    }

    /// The standing of each of `asked` that exists.
    pub(super) async fn read_standings(
        self,
        asked: Vec<UserId>,
    ) -> Result<HashMap<UserId, Option<Arc<Standing>>>, StoreError> {
        let ids: Vec<i64> = asked.into_iter().map(UserId::get).collect();
        read!(self, |conn| {
            let mut rows = Vec::<Row>::new();
            let mut permissions = HashMap::<i64, Vec<Permission>>::new();
            for ids in ids.chunks(GROUP).filter_map(group) {
                let found = users::table.filter(is_one_of!(users::id, ids)).select(Row::as_select());
                rows.extend(found.load(conn).await?);
                let own = user_permissions::table
                    .filter(is_one_of!(user_permissions::user_id, ids))
                    .select((user_permissions::user_id, user_permissions::permission));
                let by_role = user_roles::table
                    .inner_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
                    .filter(is_one_of!(user_roles::user_id, ids))
                    .select((user_roles::user_id, role_permissions::permission));
                let names: Vec<(i64, String)> = own.union_all(by_role).load(conn).await?;
                for (id, name) in names {
                    // A name this release does not know was granted by a newer one, and grants nothing here.
                    if let Ok(permission) = name.parse() {
                        permissions.entry(id).or_default().push(permission);
                    }
                }
            }
            let standing = |row: Row| {
                let mut permissions = permissions.remove(&row.id).unwrap_or_default();
                permissions.sort_unstable();
                permissions.dedup();
                let user = UserRow::try_from(row)?;
                Ok((user.id, Some(Arc::new(Standing { user, permissions }))))
            };
            rows.into_iter().map(standing).collect()
        })
    }

    /// Whether `user` answers to `manager`, directly or through others, read after this was called. Nobody answers to
    /// themselves. Questions that wait for the database at the same time are read together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn is_subordinate(&self, user: UserId, manager: UserId) -> Result<bool, StoreError> {
        self.subordinates.ask(self, (user, manager)).await
    }

    /// Those of `pairs` (user, manager) whose user answers to the manager, each with `true`. All chains are climbed together,
    /// one query for each level.
    pub(super) async fn read_subordinates(
        self,
        pairs: Vec<(UserId, UserId)>,
    ) -> Result<HashMap<(UserId, UserId), bool>, StoreError> {
        read!(self, |conn| {
            let mut found = HashMap::new();
            let mut climbing: Vec<_> = pairs.into_iter().map(|pair| (pair, pair.0.get())).collect();
            for _ in 0..LONGEST_CHAIN {
                if climbing.is_empty() {
                    return Ok(found);
                }
                let below: HashSet<i64> = climbing.iter().map(|(_, below)| *below).collect();
                let below: Vec<i64> = below.into_iter().collect();
                let mut managers = HashMap::<i64, Option<i64>>::new();
                for ids in below.chunks(GROUP).filter_map(group) {
                    let found = users::table.filter(is_one_of!(users::id, ids));
                    let found = found.select((users::id, users::manager_id)).load::<(i64, Option<i64>)>(conn);
                    managers.extend(found.await?);
                }
                climbing.retain_mut(|(pair, below)| match managers.get(below).copied().flatten() {
                    Some(above) if above == pair.1.get() => {
                        found.insert(*pair, true);
                        false
                    }
                    Some(above) => {
                        *below = above;
                        true
                    }
                    None => false,
                });
            }
            for ((user, _), _) in climbing {
                tracing::error!(%user, "the chain of managers is too long or turns in a circle");
            }
            Ok(found)
        })
    }

    /// Makes every token of `user` that exists now useless; `false` when there is no such user.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn cut_tokens(&self, user: UserId, now_ms: i64) -> Result<bool, StoreError> {
        write!(self, |conn| {
            let changed = diesel::update(users::table.find(user.get()))
                .set((
                    users::token_generation.eq(users::token_generation + 1),
                    users::tokens_cut_at_ms.eq(now_ms),
                ))
                .execute(conn)
                .await?;
            Ok(changed > 0)
        })
    }
}
