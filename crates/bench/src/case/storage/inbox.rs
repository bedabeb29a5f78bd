//! Notifications of many users, and the calls that pages make.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, ensure};
use chrono::Utc;
use gatepipe_api::id::{NotificationId, UserId};
use gatepipe_api::notification::{Kind, Level, Notification};
use gatepipe_api::store::{
    Cursor, ListFilter, NO_PASSWORD, NewNotification, NewUser, NotificationRow, Store,
};
use rand::Rng as _;

/// What an export's end says in an admin system, in the words and the length of one.
const TITLE: &str = "导出完成 🎉";
const CONTENT: &str = "《2026年第三季度订单明细》已生成，共 128,430 行，请在七天内下载。";

/// What a page shows first.
const PAGE: u32 = 20;
/// Of a page that was away.
const CATCH_UP: u32 = 100;

/// Some users with an inbox each.
pub(super) struct Inbox {
    store: Store,
    users: Vec<UserId>,
    /// How many notifications each has been sent with all the others.
    each: AtomicI64,
}

/// What is asked, always of a random user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// The yardstick.
    OneUser,
    UnreadCount,
    Newest,
    Middle,
    NewestUnread,
    CatchUp,
    NothingNew,
    SendToOne,
}

impl Call {
    /// All but the yardstick.
    pub(super) const ALL: [Self; 7] = [
        Self::UnreadCount,
        Self::Newest,
        Self::Middle,
        Self::NewestUnread,
        Self::CatchUp,
        Self::NothingNew,
        Self::SendToOne,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OneUser => "one user",
            Self::UnreadCount => "unread count",
            Self::Newest => "list of the newest 20",
            Self::Middle => "list of 20 before the middle",
            Self::NewestUnread => "list of the newest 20 unread",
            Self::CatchUp => "catch-up of up to 100 after the middle",
            Self::NothingNew => "catch-up with nothing new",
            Self::SendToOne => "send to one",
        }
    }
}

impl Inbox {
    pub(super) async fn open(url: &str, users: usize) -> anyhow::Result<Self> {
        let store = Store::open(url).await?;
        let mut inbox = Self { store, users: Vec::with_capacity(users), each: AtomicI64::new(0) };
        for number in 0..users {
            let new = NewUser {
                username: format!("user-{number}").parse()?,
                password_hash: NO_PASSWORD.into(),
                manager_id: None,
                created_at_ms: Utc::now().timestamp_millis(),
            };
            inbox.users.push(inbox.store.create_user(new).await?);
        }
        Ok(inbox)
    }

    /// Sends so many to everybody; the first half is read then.
    pub(super) async fn fill(&self, each: usize) -> anyhow::Result<()> {
        for number in 0..each {
            if number == each / 2 {
                for user in &self.users {
                    self.store.mark_all_read(*user).await?;
                }
            }
            let sent = self.send(&self.users).await?;
            ensure!(sent == self.users.len(), "{sent} got it");
            self.each.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn send(&self, users: &[UserId]) -> anyhow::Result<usize> {
        let notification = Notification {
            title: TITLE.to_owned().try_into().map_err(anyhow::Error::msg)?,
            content: CONTENT.to_owned().try_into().map_err(anyhow::Error::msg)?,
            level: Level::Normal,
            kind: Kind::Success,
            link: "/devTools/exportTask".to_owned().try_into().map_err(anyhow::Error::msg)?,
        };
        let new = NewNotification { notification, created_at_ms: Utc::now().timestamp_millis() };
        Ok(self.store.add_notification(users, new).await?.len())
    }

    /// Asks about a random user, and looks whether the answer is as long as it must be.
    pub(super) async fn call(&self, call: Call) -> anyhow::Result<()> {
        let user = self.users[rand::rng().random_range(0..self.users.len())];
        let listed = match call {
            Call::OneUser => {
                ensure!(self.store.user(user).await?.is_some(), "user {user} is gone");
                return Ok(());
            }
            Call::UnreadCount => {
                ensure!(self.store.unread_count(user).await? > 0, "user {user} has read everything");
                return Ok(());
            }
            Call::SendToOne => {
                ensure!(self.send(&[user]).await? == 1, "user {user} got nothing");
                return Ok(());
            }
            Call::Newest => self.list(user, Cursor::Newest, None, PAGE),
            Call::NewestUnread => self.list(user, Cursor::Newest, Some(false), PAGE),
            Call::Middle => self.list(user, Cursor::Before(self.middle()?), None, PAGE),
            Call::CatchUp => self.list(user, Cursor::After(self.middle()?), None, CATCH_UP),
            Call::NothingNew => self.list(user, Cursor::After(id(i64::from(u32::MAX))?), None, CATCH_UP),
        };
        ensure!(listed.await?.is_empty() == (call == Call::NothingNew), "user {user}: {}", call.name());
        Ok(())
    }

    async fn list(
        &self,
        user: UserId,
        cursor: Cursor,
        is_read: Option<bool>,
        limit: u32,
    ) -> anyhow::Result<Vec<NotificationRow>> {
        Ok(self.store.notifications(user, cursor, ListFilter { is_read, level: None }, limit).await?)
    }

    /// An id with about as many rows before it as after it, whoever's.
    fn middle(&self) -> anyhow::Result<NotificationId> {
        id(self.each.load(Ordering::Relaxed) / 2 + 1)
    }
}

fn id(number: i64) -> anyhow::Result<NotificationId> {
    NotificationId::new(number).context("not an id")
}
