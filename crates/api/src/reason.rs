//! Refusals that programs tell apart.
//!
//! The envelope has a number for all refusals of a kind, and a sentence for people whose words may change. What a page explains in its
//! reader's language has a stable name besides, in the header `X-Refusal`: `user_may_more; about=websocket.drain`.

use std::fmt::Write as _;

use gatepipe_proto::Code;

use crate::id::UserId;
use crate::user::Permission;

/// Why something is refused that a page would explain, or do something about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The caller lacks a permission.
    #[error("this needs the permission {0}")]
    NeedsPermission(Permission),
    /// The caller tries to change the caller.
    #[error(
        "nobody changes themselves here: ask somebody else; one's own password is changed with /Auth/changePassword"
    )]
    Oneself,
    /// The user does not answer to the caller.
    #[error("you may change those who answer to you; for others this needs the permission user.manage_any")]
    NotBelow,
    /// The manager to be does not answer to the caller.
    #[error(
        "whoever you manage answers to you, or to somebody who does; for others this needs the permission user.manage_any"
    )]
    ManagerNotBelow,
    /// The user may do something that the caller may not.
    #[error("this user may do more than you: {0}")]
    UserMayMore(Permission),
    /// Something is given or taken that the caller does not have.
    #[error("you cannot give or take what you do not have: {0}")]
    NotYours(Permission),
    /// The caller's token died since it was checked.
    #[error("your token is no longer good")]
    TokenDied,
    /// Somebody else changed the caller's password or token.
    #[error("your password or token was changed meanwhile; log in again")]
    ChangedMeanwhile,
    /// Nobody would be left who may do everything.
    #[error("nobody would be left who may do everything: give somebody else every permission first")]
    LastAdministrator,
    /// Another user has this name.
    #[error("the username {0} is taken")]
    UsernameTaken(String),
    /// Another role has this name.
    #[error("there is a role {0} already")]
    RoleTaken(String),
    /// A user would stand above itself.
    #[error("user {manager} is below user {user} or the same, and cannot be its manager")]
    ManagerCircle {
        /// Who should get a manager.
        user: UserId,
        /// Who cannot be it.
        manager: UserId,
    },
    /// A role that is to be changed does not exist.
    #[error("there is no role {0}")]
    RoleMissing(String),
    /// A role that is to be given or taken does not exist.
    #[error("there is no role {0}")]
    NoSuchRole(String),
    /// The manager to be does not exist.
    #[error("there is no such user")]
    NoSuchManager,
    /// It is not the caller's password.
    #[error("is wrong")]
    OldPasswordWrong,
    /// The caller has no password here.
    #[error("you have no password here; ask whoever manages you for one")]
    NoPassword,
    /// The caller's password is not here, because tokens are made elsewhere.
    #[error("this api only checks tokens; change your password where yours are made")]
    PasswordElsewhere,
    /// Nobody logs in here, because tokens are made elsewhere.
    #[error("this api only checks tokens; log in where yours are made")]
    LoginElsewhere,
    /// Nobody is let in as this user.
    #[error("this account is disabled; ask whoever manages it")]
    AccountDisabled,
    /// The client to be bound is another user's.
    #[error("this client is bound to another user")]
    ClientTaken,
    /// The client to be bound has left.
    #[error("this client is not connected")]
    ClientGone,
    /// The user to be pushed to does not answer to the caller.
    #[error("you may push to yourself and to those who answer to you")]
    PushNotBelow,
    /// As many of the caller's exports as may be are not finished.
    #[error("you have {0} exports that are not finished; wait until one is")]
    TooManyExports(i64),
    /// It does not exist, or is somebody else's.
    #[error("you have no such export")]
    NoSuchExport,
    /// Its file is not written yet.
    #[error("the export is not finished: {done} of {total} rows")]
    ExportNotFinished {
        /// Rows that are written.
        done: i64,
        /// Rows that there are.
        total: i64,
    },
    /// Its file will never be written, because of this.
    #[error("there is no file: the export failed: {0}")]
    ExportFailed(String),
    /// Its file was removed.
    #[error("the file's time is over and it was removed; order the export again")]
    ExportExpired,
    /// Not one of ours, or too old.
    #[error("the link is not valid or its time is over; /ExportTask/show gives a new one")]
    LinkNotValid,
}

impl Reason {
    /// The stable name, which is never used for something else.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NeedsPermission(_) => "needs_permission",
            Self::Oneself => "oneself",
            Self::NotBelow => "not_below",
            Self::ManagerNotBelow => "manager_not_below",
            Self::UserMayMore(_) => "user_may_more",
            Self::NotYours(_) => "not_yours",
            Self::TokenDied => "token_died",
            Self::ChangedMeanwhile => "changed_meanwhile",
            Self::LastAdministrator => "last_administrator",
            Self::UsernameTaken(_) => "username_taken",
            Self::RoleTaken(_) => "role_taken",
            Self::ManagerCircle { .. } => "manager_circle",
            Self::RoleMissing(_) | Self::NoSuchRole(_) => "no_such_role",
            Self::NoSuchManager => "no_such_manager",
            Self::OldPasswordWrong => "old_password_wrong",
            Self::NoPassword => "no_password",
            Self::PasswordElsewhere | Self::LoginElsewhere => "tokens_elsewhere",
            Self::AccountDisabled => "account_disabled",
            Self::ClientTaken => "client_taken",
            Self::ClientGone => "client_gone",
            Self::PushNotBelow => "push_not_below",
            Self::TooManyExports(_) => "too_many_exports",
            Self::NoSuchExport => "no_such_export",
            Self::ExportNotFinished { .. } => "export_not_finished",
            Self::ExportFailed(_) => "export_failed",
            Self::ExportExpired => "export_expired",
            Self::LinkNotValid => "link_not_valid",
        }
    }

    /// What it is about: a permission, or a name.
    fn about(&self) -> Option<String> {
        match self {
            Self::NeedsPermission(permission)
            | Self::UserMayMore(permission)
            | Self::NotYours(permission) => Some(permission.to_string()),
            Self::UsernameTaken(name)
            | Self::RoleTaken(name)
            | Self::RoleMissing(name)
            | Self::NoSuchRole(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// Its row in the error table.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::LastAdministrator
            | Self::UsernameTaken(_)
            | Self::RoleTaken(_)
            | Self::ManagerCircle { .. }
            | Self::ClientTaken
            | Self::TooManyExports(_)
            | Self::ExportNotFinished { .. }
            | Self::ExportFailed(_) => Code::Conflict,
            Self::RoleMissing(_) | Self::ClientGone | Self::NoSuchExport | Self::ExportExpired => {
                Code::NotFound
            }
            Self::NoSuchRole(_) | Self::NoSuchManager | Self::OldPasswordWrong => Code::Invalid,
            _ => Code::Forbidden,
        }
    }

    /// The field that breaks the rule, where it is one.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoSuchRole(_) => Some("role"),
            Self::NoSuchManager => Some("manager_id"),
            Self::OldPasswordWrong => Some("old_password"),
            _ => None,
        }
    }

    /// What stands in `X-Refusal`; what it is about in percent-encoded UTF-8.
    #[must_use]
    pub fn header(&self) -> String {
        let mut header = self.name().to_owned();
        if let Some(about) = self.about() {
            header.push_str("; about=");
            for byte in about.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'@' | b'+' => {
                        header.push(char::from(byte));
                    }
                    // Writing to a String does not fail.
                    _ => drop(write!(header, "%{byte:02X}")),
                }
            }
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_the_name_and_what_it_is_about_in_ascii() {
        assert_eq!(Reason::Oneself.header(), "oneself");
        assert_eq!(Reason::NotYours(Permission::Drain).header(), "not_yours; about=websocket.drain");
        assert_eq!(Reason::UsernameTaken("张+a".into()).header(), "username_taken; about=%E5%BC%A0+a");
    }
}
