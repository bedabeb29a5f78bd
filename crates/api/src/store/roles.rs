//! Which permissions a role carries, and who has which roles and permissions.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{role_permissions, roles, user_permissions, user_roles, users};
use super::{Store, StoreError, read, unless_taken, write};
use crate::id::UserId;
use crate::user::{Permission, RoleName};

impl Store {
    /// Makes a role, or replaces what an existing one may do; those who have it notice with their next request.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn put_role(&self, role: &RoleName, permissions: &[Permission]) -> Result<(), StoreError> {
        let (role, permissions) = (role.to_string(), permissions.to_vec());
        write!(self, |conn| {
            let known = roles::table.find(role.clone()).select(roles::name);
            if backend::for_update!(known).first::<String>(conn).await.optional()?.is_none() {
                let row = roles::name.eq(role.clone());
                let inserted = diesel::insert_into(roles::table).values(row).execute(conn).await;
                let at_once = || StoreError::Unavailable("somebody else makes this role just now".into());
                unless_taken(inserted, at_once)?;
            }
            diesel::delete(role_permissions::table.filter(role_permissions::role.eq(role.clone())))
                .execute(conn)
                .await?;
            for permission in permissions {
                let row = (
                    role_permissions::role.eq(role.clone()),
                    role_permissions::permission.eq(permission.name()),
                );
                diesel::insert_into(role_permissions::table).values(row).execute(conn).await?;
            }
            Ok(())
        })
    }

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

    /// Gives `user` a role; nothing changes when the user has it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`], [`StoreError::NoSuchRole`], [`StoreError::Unavailable`]
    pub async fn give_role(&self, user: UserId, role: &RoleName) -> Result<(), StoreError> {
        let role = role.to_string();
        write!(self, |conn| {
            if roles::table.find(role.clone()).count().get_result::<i64>(conn).await? == 0 {
                return Err(StoreError::NoSuchRole(role));
            }
            let owner = users::table.find(user.get()).select(users::id);
            if backend::for_update!(owner).first::<i64>(conn).await.optional()?.is_none() {
                return Err(StoreError::NoSuchUsers(vec![user]));
            }
            diesel::delete(user_roles::table.find((user.get(), role.clone()))).execute(conn).await?;
            diesel::insert_into(user_roles::table)
                .values((user_roles::user_id.eq(user.get()), user_roles::role.eq(role)))
                .execute(conn)
                .await?;
            Ok(())
        })
    }

    /// Takes a role from `user`; `false` when the user did not have it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn take_role(&self, user: UserId, role: &RoleName) -> Result<bool, StoreError> {
        let role = role.to_string();
        write!(self, |conn| {
            let taken = diesel::delete(user_roles::table.find((user.get(), role))).execute(conn).await?;
            Ok(taken > 0)
        })
    }

    /// Grants a permission to `user` alone; nothing changes when it was granted before.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`], [`StoreError::Unavailable`]
    pub async fn grant(&self, user: UserId, permission: Permission) -> Result<(), StoreError> {
        write!(self, |conn| {
            let owner = users::table.find(user.get()).select(users::id);
            if backend::for_update!(owner).first::<i64>(conn).await.optional()?.is_none() {
                return Err(StoreError::NoSuchUsers(vec![user]));
            }
            diesel::delete(user_permissions::table.find((user.get(), permission.name())))
                .execute(conn)
                .await?;
            let row = (
                user_permissions::user_id.eq(user.get()),
                user_permissions::permission.eq(permission.name()),
            );
            diesel::insert_into(user_permissions::table).values(row).execute(conn).await?;
            Ok(())
        })
    }

    /// Takes back what was granted to `user` alone; `false` when it was not. A role may still carry it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn revoke(&self, user: UserId, permission: Permission) -> Result<bool, StoreError> {
        write!(self, |conn| {
            let taken = diesel::delete(user_permissions::table.find((user.get(), permission.name())))
                .execute(conn)
                .await?;
            Ok(taken > 0)
        })
    }
}
