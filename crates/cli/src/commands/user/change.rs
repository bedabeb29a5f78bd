//! `gatepipe user change`

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use gatepipe_api::id::UserId;
use gatepipe_api::service::users::{self, By, UserError};
use gatepipe_api::store::{Store, UserChange};
use gatepipe_api::user::{Password, Permission, RoleName};
use serde::Serialize;

use super::{read_password, told};
use crate::database::Database;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Row, say};

/// Change what a user may do, whom the user answers to, the password, or whether the user is let in
///
/// It is the way back in when nobody is left who may change users over HTTP. Connections that are open stay: gatepipe force-offline
/// closes them.
#[derive(Debug, Args)]
#[command(after_help = "Each change is made by itself, in the order of this list.

Examples:
  gatepipe user change alice --grant user.manage --grant user.view
  gatepipe user change alice --manager bob --take-role operator
  gatepipe user change alice --disable
  pass show alice | gatepipe user change alice --password-file -")]
pub struct Change {
    /// Who, by id or name
    user: String,
    /// Let the user in again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// A permission of the user's own; repeatable
    #[arg(long, value_name = "PERMISSION", value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::name)))]
    grant: Vec<String>,
    /// Not that permission; a role may still carry it. Repeatable
    #[arg(long, value_name = "PERMISSION", value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::name)))]
    revoke: Vec<String>,
    /// A role; repeatable
    #[arg(long, value_name = "ROLE")]
    give_role: Vec<RoleName>,
    /// Not that role; repeatable
    #[arg(long, value_name = "ROLE")]
    take_role: Vec<RoleName>,
    /// Whom the user answers to, by id or name
    #[arg(long, value_name = "USER", conflicts_with = "no_manager")]
    manager: Option<String>,
    /// The user answers to nobody
    #[arg(long)]
    no_manager: bool,
    /// A file whose first line is the new password, at least 8 characters; - reads stdin. All tokens become useless
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Let nobody in as this user any more; all tokens become useless
    #[arg(long)]
    disable: bool,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Serialize)]
struct Changed {
    id: UserId,
    username: String,
    /// How many of the changes were not so already.
    changed: usize,
}

impl Row for Changed {
    const HEAD: &'static [&'static str] = &["id", "username", "changed"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.to_string(), self.username.clone(), self.changed.to_string()]
    }
}

impl Change {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let password = match &self.password_file {
            None => None,
            Some(path) => {
                let wrong =
                    |wrong: gatepipe_api::user::InvalidWord| Failure::new(Exit::Usage, wrong.to_string());
                Some(Password::new(read_password(path)?.into()).map_err(wrong)?)
            }
        };
        let store = self.database.open_existing().await?;
        let user = self.database.user(&store, &self.user).await?;
        let changes = self.changes(&store).await?;
        let ends_tokens = self.disable || password.is_some();
        if changes.is_empty() && password.is_none() {
            return Err(Failure::new(Exit::Usage, "nothing is to be changed: see --help").into());
        }
        let mut changed = 0;
        if let Some(password) = password {
            changed += usize::from(users::change_password(&store, user.id, password).await?);
        }
        for change in changes {
            let made = users::change(&store, &By::operator(), user.id, change).await;
            changed += usize::from(made.map_err(|error| told(UserError::Store(error)))?);
        }
        if ends_tokens {
            say(
                "tokens are useless now; connections that are open stay until gatepipe force-offline closes them",
            );
        }
        output.one(&Changed { id: user.id, username: user.username, changed })?;
        Ok(Exit::Done)
    }

    /// In the order of the help.
    async fn changes(&self, store: &Store) -> anyhow::Result<Vec<UserChange>> {
        let mut changes = Vec::new();
        changes.extend(self.enable.then_some(UserChange::Enable));
        for name in &self.grant {
            changes.push(UserChange::Grant(name.parse()?));
        }
        for name in &self.revoke {
            changes.push(UserChange::Revoke(name.parse()?));
        }
        changes.extend(self.give_role.iter().cloned().map(UserChange::GiveRole));
        changes.extend(self.take_role.iter().cloned().map(UserChange::TakeRole));
        if let Some(manager) = &self.manager {
            changes.push(UserChange::Manager(Some(self.database.user(store, manager).await?.id)));
        }
        changes.extend(self.no_manager.then_some(UserChange::Manager(None)));
        let now_ms = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        if self.disable {
            changes.push(UserChange::Disable(i64::try_from(now_ms()?.as_millis())?));
        }
        Ok(changes)
    }
}
