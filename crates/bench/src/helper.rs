//! A helper process, as the driver holds it: this program again in another role.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::control::{News, Order};

/// Everything that a helper is told to do ends within this time.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A running helper; killed when it is dropped.
#[derive(Debug)]
pub struct Helper {
    role: &'static str,
    child: Child,
    orders: ChildStdin,
    news: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    /// Starts this program in a role. It runs on the core that the calling thread is pinned to.
    ///
    /// # Errors
    /// The system's.
    pub fn start(role: &'static str, flags: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(role).args(flags).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("start the helper {role}"))?;
        let orders = child.stdin.take().context("its stdin")?;
        let news = BufReader::new(child.stdout.take().context("its stdout")?).lines();
        Ok(Self { role, child, orders, news })
    }

    /// Its process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> anyhow::Result<Pid> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        id.and_then(Pid::from_raw).with_context(|| format!("the helper {} has ended", self.role))
    }

    /// Gives it an order.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn tell(&mut self, order: &Order) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        let written = self.orders.write_all(&line).await;
        written.with_context(|| format!("the helper {} has ended", self.role))
    }

    /// What it says next. Loses nothing when it is dropped.
    ///
    /// # Errors
    /// When it failed, has ended, or says nothing within [`PATIENCE`].
    pub async fn next(&mut self) -> anyhow::Result<News> {
        let line = tokio::time::timeout(PATIENCE, self.news.next_line()).await;
        let line = line.with_context(|| format!("the helper {} says nothing", self.role))??;
        let line = line.with_context(|| format!("the helper {} has ended", self.role))?;
        match serde_json::from_str(&line)? {
            News::Failed { why } => bail!("the helper {} failed: {why}", self.role),
            news => Ok(news),
        }
    }

    /// The first thing it says that `wanted` takes; what it says before that is dropped.
    ///
    /// # Errors
    /// As in [`next`](Self::next).
    pub async fn wait<T>(&mut self, mut wanted: impl FnMut(News) -> Option<T>) -> anyhow::Result<T> {
        loop {
            if let Some(found) = wanted(self.next().await?) {
                return Ok(found);
            }
        }
    }

    /// Opens WebSockets; how long it took, and the names in their `init`.
    ///
    /// # Errors
    /// As in [`next`](Self::next).
    pub async fn open(
        &mut self,
        to: SocketAddr,
        count: usize,
        outstanding: usize,
    ) -> anyhow::Result<(Duration, Vec<String>)> {
        self.tell(&Order::Open { to, count, outstanding }).await?;
        self.wait(|news| match news {
            News::Opened { took_ns, client_ids } => Some((Duration::from_nanos(took_ns), client_ids)),
            _ => None,
        })
        .await
    }

    /// Makes it count from zero, and spin or sleep.
    ///
    /// # Errors
    /// As in [`next`](Self::next).
    pub async fn begin(&mut self, spin: bool) -> anyhow::Result<()> {
        self.tell(&Order::Begin { spin }).await?;
        self.wait(|news| matches!(news, News::Begun).then_some(())).await
    }

    /// Waits until so many messages came since [`begin`](Self::begin).
    ///
    /// # Errors
    /// As in [`next`](Self::next).
    pub async fn counted(&mut self, messages: u64) -> anyhow::Result<()> {
        self.tell(&Order::Await { messages }).await?;
        self.wait(|news| matches!(news, News::Counted { .. }).then_some(())).await
    }

    /// Waits until every connection has got so many messages since [`begin`](Self::begin).
    ///
    /// # Errors
    /// As in [`next`](Self::next).
    pub async fn round(&mut self, wanted: u32) -> anyhow::Result<()> {
        self.wait(|news| matches!(news, News::Round { round } if round >= wanted).then_some(())).await
    }

    /// Closes all its WebSockets.
    ///
    /// # Errors
    /// As in [`next`](Self::next).
    pub async fn close(&mut self, reset: bool) -> anyhow::Result<()> {
        self.tell(&Order::Close { reset }).await?;
        self.wait(|news| matches!(news, News::Closed).then_some(())).await
    }
}
