//! `gatepipe user`

mod change;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use gatepipe_api::id::UserId;
use gatepipe_api::service::users::{self, By, UserError, Wanted};
use gatepipe_api::store::{Store, StoreError, UserRow};
use gatepipe_api::user::{ExternalSubject, MAX_PASSWORD_BYTES, Password, Permission, RoleName, Username};
use serde::Serialize;

use crate::database::Database;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Row, say};

/// Rows in one question to the database.
const PAGE: u32 = 500;
/// Characters of a password we make: 20 of 64, that is 120 bits.
const GENERATED: usize = 20;

/// Make, change and list the accounts of users in the database (who is online: gatepipe users)
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    Add(Add),
    Change(change::Change),
    Link(Link),
    List(List),
}

/// Make a user; without a password file one is made and printed
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe user add alice
  gatepipe user add bob --manager alice --password-file bob.password
  pass show carol | gatepipe user add carol --password-file - --permission websocket.broadcast")]
struct Add {
    /// 1 to 64 letters, digits or . _ - @ +
    username: Username,
    /// A file whose first line is the password, at least 8 characters; - reads stdin
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Whom the user answers to, by id or name
    #[arg(long, value_name = "USER")]
    manager: Option<String>,
    /// What the user may do; repeatable
    #[arg(long, value_name = "PERMISSION", value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::name)))]
    permission: Vec<String>,
    /// A role that the user gets; repeatable
    #[arg(long, value_name = "ROLE")]
    role: Vec<RoleName>,
    #[command(flatten)]
    database: Database,
}

/// Say which user the tokens of another issuer mean, for good (gatepipe-api --jwt-user-kind external)
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe user link alice 'auth0|5f7c' --issuer https://example.auth0.com/")]
struct Link {
    /// Who it is here, by id or name
    user: String,
    /// What the issuer calls the user, in the claim of --jwt-user-claim
    subject: String,
    /// The claim `iss` of the issuer's tokens; unset: they have none
    #[arg(long, value_name = "ISSUER", default_value = "", hide_default_value = true)]
    issuer: String,
    #[command(flatten)]
    database: Database,
}

/// List users, in order of id
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe user list
  gatepipe user list -o json | jq -r '.[] | select(.manager_id == 2) | .username'")]
struct List {
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    limit: u32,
    /// Start after this user
    #[arg(long, value_name = "USER_ID")]
    after: Option<UserId>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Serialize)]
struct Added {
    id: UserId,
    username: String,
    /// Only one that we made.
    password: Option<String>,
}

impl Row for Added {
    const HEAD: &'static [&'static str] = &["id", "username", "password"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.to_string(), self.username.clone(), self.password.clone().unwrap_or_default()]
    }
}

#[derive(Debug, Serialize)]
struct Linked {
    id: UserId,
    username: String,
    issuer: String,
    subject: String,
}

impl Row for Linked {
    const HEAD: &'static [&'static str] = &["id", "username", "issuer", "subject"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.to_string(), self.username.clone(), self.issuer.clone(), self.subject.clone()]
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    id: UserId,
    username: String,
    manager_id: Option<UserId>,
    permissions: Vec<Permission>,
    disabled: bool,
    created_at_ms: i64,
}

impl Row for Listed {
    const HEAD: &'static [&'static str] = &["id", "username", "manager_id", "permissions", "disabled"];

    fn cells(&self) -> Vec<String> {
        let permissions: Vec<_> = self.permissions.iter().map(Permission::to_string).collect();
        vec![
            self.id.to_string(),
            self.username.clone(),
            self.manager_id.map(|id| id.to_string()).unwrap_or_default(),
            permissions.join(","),
            if self.disabled { "disabled".to_owned() } else { String::new() },
        ]
    }
}

impl User {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            UserCommand::Add(add) => add.run(output).await,
            UserCommand::Change(change) => change.run(output).await,
            UserCommand::Link(link) => link.run(output).await,
            UserCommand::List(list) => list.run(output).await,
        }
    }
}

impl Add {
    async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let permissions: Vec<Permission> =
            self.permission.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        let (password, generated) = match &self.password_file {
            Some(path) => (read_password(path)?, None),
            None => {
                let text = generate();
                (text.clone(), Some(text))
            }
        };
        let password =
            Password::new(password.into()).map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
        let store = self.database.open().await?;
        let manager = match &self.manager {
            Some(who) => Some(self.database.user(&store, who).await?.id),
            None => None,
        };
        let wanted = Wanted {
            username: self.username.clone(),
            password: Some(password),
            manager_id: manager,
            permissions,
            roles: self.role,
        };
        let id = users::make(&store, &By::operator(), wanted).await.map_err(told)?;
        output.one(&Added { id, username: self.username.to_string(), password: generated })?;
        Ok(Exit::Done)
    }
}

/// What does not exist has an exit code of its own.
pub(super) fn told(error: UserError) -> anyhow::Error {
    match error {
        UserError::Store(error @ StoreError::NoSuchRole(_)) => {
            Failure::new(Exit::NotFound, error.to_string()).into()
        }
        other => other.into(),
    }
}

impl Link {
    async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let subject = ExternalSubject::new(&self.issuer, &self.subject)
            .map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()))?;
        let store = self.database.open_existing().await?;
        let user = self.database.user(&store, &self.user).await?;
        store.link_subject(user.id, &subject).await?;
        let (issuer, subject) = (self.issuer, self.subject);
        output.one(&Linked { id: user.id, username: user.username, issuer, subject })?;
        Ok(Exit::Done)
    }
}

/// The first line of a file or of stdin.
pub(super) fn read_password(path: &Path) -> anyhow::Result<String> {
    let most = u64::try_from(MAX_PASSWORD_BYTES)? + 2;
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read --password-file {}", path.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn generate() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let random: [u8; GENERATED] = rand::random();
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect()
}

impl List {
    async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let store = self.database.open_existing().await?;
        let limit = self.limit as usize;
        let mut listed = Vec::new();
        let mut after = self.after;
        let mut more = true;
        while more && listed.len() < limit {
            let page = store.users(after, PAGE).await?;
            more = page.len() == PAGE as usize || page.len() > limit - listed.len();
            for user in page.into_iter().take(limit - listed.len()) {
                after = Some(user.id);
                listed.push(row(&store, user).await?);
            }
        }
        if let Some(after) = after.filter(|_| more) {
            say(&format!("there may be more: --after {after}"));
        }
        output.list(&listed)?;
        Ok(Exit::Done)
    }
}

async fn row(store: &Store, user: UserRow) -> anyhow::Result<Listed> {
    let standing = store.standing(user.id).await?;
    Ok(Listed {
        id: user.id,
        username: user.username,
        manager_id: user.manager_id,
        permissions: standing.map(|standing| standing.permissions.clone()).unwrap_or_default(),
        disabled: user.disabled_at_ms > 0,
        created_at_ms: user.created_at_ms,
    })
}
