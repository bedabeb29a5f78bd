//! `gatepipe role`

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use gatepipe_api::service::users::{self, By, UserError};
use gatepipe_api::store::RoleChange;
use gatepipe_api::user::{Permission, RoleName};
use serde::Serialize;

use super::user::told;
use crate::database::Database;
use crate::exit::Exit;
use crate::output::{Output, Row};

/// Make, change, list and delete roles in the database
#[derive(Debug, Args)]
pub struct Role {
    #[command(subcommand)]
    command: RoleCommand,
}

#[derive(Debug, Subcommand)]
enum RoleCommand {
    Put(Put),
    Delete(Delete),
    List(List),
}

/// Say what a role may do, whether it is there already or not
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe role put operator --permission websocket.inspect --permission websocket.drain
  gatepipe role put guest")]
struct Put {
    /// 1 to 64 letters, digits or . _ - @ +
    role: RoleName,
    /// What whoever has it may do; repeatable. What is not named it does not have
    #[arg(long, value_name = "PERMISSION", value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::name)))]
    permission: Vec<String>,
    #[command(flatten)]
    database: Database,
}

/// Delete a role, and take it from everybody who has it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe role delete guest")]
struct Delete {
    /// Which one
    role: RoleName,
    #[command(flatten)]
    database: Database,
}

/// List the roles with their permissions
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe role list
  gatepipe role list -o json")]
struct List {
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Serialize)]
struct Changed {
    role: String,
    /// How many have it, or had it.
    users: i64,
}

impl Row for Changed {
    const HEAD: &'static [&'static str] = &["role", "users"];

    fn cells(&self) -> Vec<String> {
        vec![self.role.clone(), self.users.to_string()]
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    role: String,
    permissions: Vec<String>,
}

impl Row for Listed {
    const HEAD: &'static [&'static str] = &["role", "permissions"];

    fn cells(&self) -> Vec<String> {
        vec![self.role.clone(), self.permissions.join(",")]
    }
}

impl Role {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            RoleCommand::Put(put) => {
                let permissions = put.permission.iter().map(|name| name.parse());
                let to = RoleChange::Put(permissions.collect::<Result<_, _>>()?);
                change(&put.database, &put.role, to, output).await
            }
            RoleCommand::Delete(delete) => {
                change(&delete.database, &delete.role, RoleChange::Delete, output).await
            }
            RoleCommand::List(list) => {
                let roles = list.database.open_existing().await?.roles().await?;
                let rows: Vec<Listed> =
                    roles.into_iter().map(|(role, permissions)| Listed { role, permissions }).collect();
                output.list(&rows)?;
                Ok(Exit::Done)
            }
        }
    }
}

async fn change(
    database: &Database,
    role: &RoleName,
    to: RoleChange,
    output: Output,
) -> anyhow::Result<Exit> {
    let store = database.open_existing().await?;
    let changed = users::change_role(&store, &By::operator(), role, to).await;
    let users = changed.map_err(|error| told(UserError::Store(error)))?;
    output.one(&Changed { role: role.to_string(), users })?;
    Ok(Exit::Done)
}
