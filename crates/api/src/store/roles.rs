//! Which permissions a role carries. Changing that: [`access`](super::access).

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{role_permissions, roles};
use super::{Store, StoreError, read};

impl Store {
    /// Every role with its permissions, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn roles(&self) -> Result<Vec<(String, Vec<String>)>, StoreError> {
        read!(self, |conn| {
            let names: Vec<String> = roles::table.order(roles::name).select(roles::name).load(conn).await?;
            let rows: Vec<(String, String)> = role_permissions::table
                .order((role_permissions::role, role_permissions::permission))
                .select((role_permissions::role, role_permissions::permission))
                .load(conn)
                .await?;
            let permissions_of = |name: &String| {
                let own = rows.iter().filter(|(role, _)| role == name);
                own.map(|(_, permission)| permission.clone()).collect()
            };
            Ok(names.into_iter().map(|name| (name.clone(), permissions_of(&name))).collect())
        })
    }
}
