//! Words about users: names, passwords, roles, permissions, checked when they are made.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

/// Longest username or role name, in characters.
pub const MAX_NAME_CHARACTERS: usize = 64;
/// Shortest password, in characters.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;
/// Longest password, in bytes; a longer one would only cost hashing time.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// Longest issuer of tokens, and longest name that it gives to a user, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 255;

/// A name or password that cannot be one, with the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWord {
    /// Not 1 to 64 letters, digits and `. _ - @ +`.
    #[error("{what} must be 1 to {MAX_NAME_CHARACTERS} letters, digits or . _ - @ +")]
    Name {
        /// "a username" or "a role".
        what: &'static str,
    },
    /// Too short or too long.
    #[error(
        "a password must have at least {MIN_PASSWORD_CHARACTERS} characters and at most {MAX_PASSWORD_BYTES} bytes"
    )]
    Password,
    /// A user of an issuer without a name, or with one over [`MAX_SUBJECT_BYTES`], or with U+0000 in it (which not every
    /// database stores).
    #[error(
        "an issuer has at most {MAX_SUBJECT_BYTES} bytes, the name of its user 1 to {MAX_SUBJECT_BYTES}, both without U+0000"
    )]
    Subject,
    /// Not in [`Permission::ALL`].
    #[error("there is no permission {0:?}")]
    Permission(String),
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $type(String);

        impl $type {
            /// The name as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = InvalidWord;

            fn from_str(text: &str) -> Result<Self, InvalidWord> {
                let plain = text.chars().all(|c| c.is_alphanumeric() || "._-@+".contains(c));
                match text.chars().count() {
                    1..=MAX_NAME_CHARACTERS if plain => Ok(Self(text.into())),
                    _ => Err(InvalidWord::Name { what: $what }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

name! {
    /// Who logs in: 1 to 64 letters and digits of any script, or `. _ - @ +`. Compared byte for byte.
    Username, "a username"
}
name! {
    /// A set of permissions with a name, written like a [`Username`].
    RoleName, "a role"
}

/// A user as somebody else names it: the issuer of a token, and its own name for the user. Compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExternalSubject {
    issuer: String,
    subject: String,
}

impl ExternalSubject {
    /// The user `subject` of `issuer`, which may be empty: not every issuer says who it is.
    ///
    /// # Errors
    /// [`InvalidWord::Subject`]
    pub fn new(issuer: &str, subject: &str) -> Result<Self, InvalidWord> {
        let fits = issuer.len() <= MAX_SUBJECT_BYTES
            && (1..=MAX_SUBJECT_BYTES).contains(&subject.len())
            && !issuer.contains('\0')
            && !subject.contains('\0');
        let made = || Self { issuer: issuer.into(), subject: subject.into() };
        fits.then(made).ok_or(InvalidWord::Subject)
    }

    /// Who vouches for the user; empty for an issuer that does not say who it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the issuer calls the user.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// A password somebody chose: at least 8 characters, at most 1,024 bytes. Never printed.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    /// Takes a password that keeps the rules.
    ///
    /// # Errors
    /// [`InvalidWord::Password`]
    pub fn new(password: SecretString) -> Result<Self, InvalidWord> {
        let text = password.expose_secret();
        let fits = text.chars().count() >= MIN_PASSWORD_CHARACTERS && text.len() <= MAX_PASSWORD_BYTES;
        fits.then_some(Self(password)).ok_or(InvalidWord::Password)
    }

    /// The text, for hashing.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// What a user may be allowed to do beyond one's own things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Push to everybody at once.
    Broadcast,
    /// Close, unbind and put into groups single connections.
    Control,
    /// Let a gateway's clients go and end it.
    Drain,
    /// Cut others off and make their tokens useless.
    ForceOffline,
    /// See gateways and clients.
    Inspect,
    /// See how the api is set up.
    InspectSettings,
    /// Push to users that are not one's own subordinates, to single connections and to groups.
    PushAny,
    /// Send notifications.
    SendNotification,
    /// See everybody's notifications.
    ViewNotifications,
    /// See who did what.
    ViewAudit,
    /// Make, change and delete roles.
    ManageRoles,
    /// Make users, and change those who answer to oneself.
    ManageUsers,
    /// Change users who do not answer to oneself too.
    ManageAnyUser,
    /// See users, roles and permissions.
    ViewUsers,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 14] = [
        Self::Broadcast,
        Self::Control,
        Self::Drain,
        Self::ForceOffline,
        Self::Inspect,
        Self::InspectSettings,
        Self::PushAny,
        Self::SendNotification,
        Self::ViewNotifications,
        Self::ViewAudit,
        Self::ManageRoles,
        Self::ManageUsers,
        Self::ManageAnyUser,
        Self::ViewUsers,
    ];

    /// The name in the database, in tokens and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Broadcast => "websocket.broadcast",
            Self::Control => "websocket.control",
            Self::Drain => "websocket.drain",
            Self::ForceOffline => "websocket.force_offline",
            Self::Inspect => "websocket.inspect",
            Self::InspectSettings => "settings.inspect",
            Self::PushAny => "websocket.push_any",
            Self::SendNotification => "notification.send",
            Self::ViewNotifications => "notification.view",
            Self::ViewAudit => "audit.view",
            Self::ManageRoles => "role.manage",
            Self::ManageUsers => "user.manage",
            Self::ManageAnyUser => "user.manage_any",
            Self::ViewUsers => "user.view",
        }
    }

    /// What it allows, for people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Broadcast => "push to everybody at once",
            Self::Control => "close, unbind and put into groups single connections",
            Self::Drain => "let a gateway's clients go and end it",
            Self::ForceOffline => "cut others off and make their tokens useless",
            Self::Inspect => "see gateways and clients",
            Self::InspectSettings => "see how the api was set up",
            Self::PushAny => "push to users that are not one's own subordinates",
            Self::SendNotification => "send notifications",
            Self::ViewNotifications => "see everybody's notifications, and whether they were pushed and read",
            Self::ViewAudit => "see who did what",
            Self::ManageRoles => "make, change and delete roles",
            Self::ManageUsers => "make users, and change those who answer to oneself",
            Self::ManageAnyUser => "change users who do not answer to oneself too",
            Self::ViewUsers => "see users, roles and permissions",
        }
    }
}

impl FromStr for Permission {
    type Err = InvalidWord;

    fn from_str(name: &str) -> Result<Self, InvalidWord> {
        let known = Self::ALL.into_iter().find(|permission| permission.name() == name);
        known.ok_or_else(|| InvalidWord::Permission(name.into()))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl serde::Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_a_short_word() {
        for good in ["a", "alice", "张三", "o.brien@example.com", &"a".repeat(64)] {
            assert!(good.parse::<Username>().is_ok(), "{good:?}");
        }
        for bad in ["", " ", "two words", "tab\t", "a/b", "nul\0", &"a".repeat(65)] {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_user_of_somebody_else_has_a_name_of_a_bounded_length() {
        let fits = |issuer: &str, subject: &str| ExternalSubject::new(issuer, subject).is_ok();
        let (most, more) = ("x".repeat(255), "x".repeat(256));
        assert!(fits("", "auth0|7") && fits("https://issuer", "张 三") && fits(&most, &most));
        assert!(!fits("https://issuer", "") && !fits("", &more) && !fits(&more, "x"));
        assert!(!fits("", "nul\0") && !fits("nul\0", "x"));
    }

    #[test]
    fn a_password_is_neither_short_nor_huge() {
        let fits = |text: &str| Password::new(text.into()).is_ok();
        assert!(fits("12345678") && fits("密码密码密码密码") && fits(&"x".repeat(1_024)));
        assert!(!fits("") && !fits("1234567") && !fits(&"x".repeat(1_025)));
    }

    #[test]
    fn every_permission_is_read_back_from_its_name() {
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(permission));
        }
        assert!("websocket.*".parse::<Permission>().is_err());
    }
}
