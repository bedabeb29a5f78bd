//! Who did what to whom, from where, when, and with what result.
//!
//! - [`Entry`]: one row of the audit, in these words
//! - [`queue`]: how entries get into the database without anybody waiting for it
//!
//! Never a token, a password or a body stands in an entry. What somebody typed as a username that is nobody's does not either: it
//! is too often a password.

pub mod queue;

use std::fmt;
use std::net::IpAddr;

use chrono::Utc;
use gatepipe_proto::{ClientId, GatewayId, Group};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::id::{ExportTaskId, UserId};
use crate::user::Permission;

pub use queue::Audit;

/// Longest detail, in characters.
pub const MAX_DETAIL_CHARACTERS: usize = 500;

/// Longest name of a target, in characters.
pub const MAX_TARGET_CHARACTERS: usize = 255;

/// One thing that somebody did, or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To whom.
    pub target: Target,
    /// How it went.
    pub result: Verdict,
    /// In words, at most [`MAX_DETAIL_CHARACTERS`] on one line.
    pub detail: String,
}

impl Entry {
    /// Something that happens now. Of `detail` control characters are left out, and what is too long is cut.
    #[must_use]
    pub fn new(actor: Actor, action: Action, target: Target, result: Verdict, detail: &str) -> Self {
        let detail = plain(detail, MAX_DETAIL_CHARACTERS);
        Self { at_ms: Utc::now().timestamp_millis(), actor, action, target, result, detail }
    }
}

/// On one line, with at most so many characters.
fn plain(text: &str, most: usize) -> String {
    // Nearly all are, and an entry is made for each push.
    if text.len() <= most && !text.contains(char::is_control) {
        return text.to_owned();
    }
    let shown = |character: char| if character.is_control() { ' ' } else { character };
    match text.chars().nth(most) {
        None => text.chars().map(shown).collect(),
        Some(_) => text.chars().map(shown).take(most - 1).chain(['…']).collect(),
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `None` when it is no user, or nobody knows which.
    pub id: Option<UserId>,
    /// The user's name, or what it was, in parentheses, which no username has.
    pub name: String,
    /// Behind trusted proxies the forwarded one; `None` when it came from no network.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// Whoever has the database: the operators' tool.
    #[must_use]
    pub fn operator() -> Self {
        Self { id: None, name: "(operator)".into(), address: None }
    }

    /// The token of another issuer, whose user is made at its first sight.
    #[must_use]
    pub fn issuer() -> Self {
        Self { id: None, name: "(issuer)".into(), address: None }
    }

    /// Somebody without a token.
    #[must_use]
    pub fn unknown(address: IpAddr) -> Self {
        Self { id: None, name: "(unknown)".into(), address: Some(address) }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self { id: Some(caller.id()), name: caller.user().username.clone(), address: caller.address() }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the database and in answers.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.name())
            }
        }
    };
}

words! {
    /// What was done.
    Action {
        /// A login, good or not.
        Login = "auth.login",
        /// A route that the caller lacks the permission for.
        Denied = "auth.denied",
        /// A bind that was refused. Those that went well are not noted: each page makes one.
        Bind = "websocket.bind",
        /// A push to a user, a client or a group.
        Push = "websocket.push",
        /// A push to everybody.
        Broadcast = "websocket.broadcast",
        /// A user's tokens and connections are ended.
        ForceOffline = "websocket.force_offline",
        /// A client is closed.
        CloseClient = "client.close",
        /// A client is unbound from its user.
        UnbindClient = "client.unbind",
        /// A client is put into a group.
        JoinGroup = "client.join_group",
        /// A client is taken out of a group.
        LeaveGroup = "client.leave_group",
        /// All members are taken out of a group.
        DissolveGroup = "group.dissolve",
        /// A gateway lets its clients go.
        Drain = "gateway.drain",
        /// A notification for some users.
        SendNotification = "notification.send",
        /// A stored notification is pushed again.
        PushNotification = "notification.push_again",
        /// Some of one's own notifications are deleted.
        DeleteNotification = "notification.delete",
        /// An export is ordered.
        CreateExport = "export.create",
        /// The file of an export is fetched.
        DownloadExport = "export.download",
        /// The audit itself is fetched as a file.
        ExportAudit = "audit.export",
        /// A user is made.
        CreateUser = "user.create",
        /// A user has another manager.
        SetManager = "user.set_manager",
        /// A user has another password.
        SetPassword = "user.set_password",
        /// A user gets a permission.
        Grant = "user.grant",
        /// A user's own permission is taken.
        Revoke = "user.revoke",
        /// A user gets a role.
        GiveRole = "user.give_role",
        /// A role is taken from a user.
        TakeRole = "user.take_role",
        /// A user of another issuer means one of ours.
        LinkUser = "user.link",
        /// A user is not let in any more.
        DisableUser = "user.disable",
        /// A user is let in again.
        EnableUser = "user.enable",
        /// A role is made.
        CreateRole = "role.create",
        /// A role may do something else.
        ChangeRole = "role.change",
        /// A role goes, from everybody who has it.
        DeleteRole = "role.delete",
    }
}

words! {
    /// How it went.
    Verdict {
        /// It was done.
        Done = "done",
        /// It was done, but not every gateway could be asked.
        Partial = "partial",
        /// It is not allowed, or does not fit.
        Refused = "refused",
        /// It did not work, or nobody knows.
        Failed = "failed",
    }
}

impl From<&ApiError> for Verdict {
    fn from(error: &ApiError) -> Self {
        match error.code().http().is_server_error() {
            true => Self::Failed,
            false => Self::Refused,
        }
    }
}

/// To whom it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Nobody in particular.
    Nobody,
    /// Every client.
    Everybody,
    /// A user.
    User(UserId),
    /// Several users; the detail says which.
    Users(usize),
    /// A connection.
    Client(ClientId),
    /// The members of a group.
    Group(Group),
    /// A gateway.
    Gateway(GatewayId),
    /// An export.
    Export(ExportTaskId),
    /// A role.
    Role(String),
    /// A permission.
    Permission(Permission),
}

impl Target {
    /// Every word that [`Target::kind`] gives.
    pub const KINDS: [&'static str; 9] =
        ["everybody", "user", "users", "client", "group", "gateway", "export", "role", "permission"];

    /// Of which kind it is; empty for nobody.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Nobody => "",
            Self::Everybody => "everybody",
            Self::User(_) => "user",
            Self::Users(_) => "users",
            Self::Client(_) => "client",
            Self::Group(_) => "group",
            Self::Gateway(_) => "gateway",
            Self::Export(_) => "export",
            Self::Role(_) => "role",
            Self::Permission(_) => "permission",
        }
    }

    /// Which one it is; empty for nobody and everybody.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Nobody | Self::Everybody => String::new(),
            Self::User(user) => user.to_string(),
            Self::Users(count) => count.to_string(),
            Self::Client(client) => client.to_string(),
            Self::Group(group) => plain(group.as_str(), MAX_TARGET_CHARACTERS),
            Self::Gateway(gateway) => gateway.to_string(),
            Self::Export(task) => task.to_string(),
            Self::Role(role) => role.clone(),
            Self::Permission(permission) => permission.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_one_short_line() {
        let detail = |text: &str| {
            Entry::new(Actor::operator(), Action::Push, Target::Nobody, Verdict::Done, text).detail
        };
        assert_eq!(detail("type 通知\n\0 of\u{1b}[31m"), "type 通知   of [31m");
        assert_eq!(detail(&"题".repeat(500)), "题".repeat(500));
        assert_eq!(detail(&"题".repeat(501)), "题".repeat(499) + "…");
    }

    #[test]
    fn every_word_fits_its_column_and_stands_for_one_thing() {
        let mut names: Vec<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert!(names.iter().all(|name| name.len() <= 64 && name.contains('.')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
        assert!(Verdict::ALL.iter().all(|verdict| verdict.name().len() <= 16));
        assert!(Target::KINDS.iter().all(|kind| kind.len() <= 16));
    }
}
