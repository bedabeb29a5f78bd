//! One running server.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName};
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl as _,
    SimpleAsyncConnection as _,
};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::account::Account;
use crate::programs::{Programs, gap};
use crate::watcher::Watcher;
use crate::{Kind, certificate, template};

/// Of both users, in the database's words; and as a URL has to say it.
pub(crate) const PASSWORD: &str = "p@ss:w/rd %41";
const PASSWORD_IN_URL: &str = "p%40ss%3Aw%2Frd%20%2541";

/// How long a server may take to come up, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Ports that are tried: another process may take one between our look and the server's start.
const TRIES: usize = 10;
/// Below those that the kernel gives to outgoing connections, so that a server that was killed finds its port free.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// How a server is started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Commits reach the disk before they are acknowledged, as in production. Off, a kill may lose some, and tests run faster.
    pub durable: bool,
    /// It has a certificate for `localhost`, signed by [`Server::authority`]. Connections without TLS are taken all the same.
    pub tls: bool,
}

/// A running server on 127.0.0.1; ended and forgotten when it is dropped, or after the process.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    settings: Settings,
    programs: Programs,
    account: Account,
    port: u16,
    databases: AtomicU32,
    running: Mutex<Option<Running>>,
    dir: TempDir,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(Debug)]
struct Running {
    child: Child,
    _watcher: Watcher,
}

impl Server {
    /// One that all tests of this process share, not durable; `None` where it is not installed.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn shared(kind: Kind) -> Option<&'static Self> {
        static SHARED: [OnceCell<Option<Server>>; Kind::ALL.len()] =
            [const { OnceCell::const_new() }; Kind::ALL.len()];
        let place = &SHARED[kind as usize];
        place.get_or_init(|| Self::begin(kind, Settings::default())).await.as_ref()
    }

    /// One of one's own; `None`, and a line that says so, where it is not installed.
    ///
    /// # Panics
    /// When it does not start, or is not installed and `GATEPIPE_TEST_ALL` is set.
    pub async fn start(kind: Kind, settings: Settings) -> Option<Self> {
        let server = Self::begin(kind, settings).await;
        if server.is_none() {
            gap(kind.remedy());
        }
        server
    }

    async fn begin(kind: Kind, settings: Settings) -> Option<Self> {
        let programs = Programs::find(kind)?;
        let started = Self::on_a_free_port(kind, settings, programs).await;
        Some(started.unwrap_or_else(|error| panic!("{kind} does not start: {error:#}")))
    }

    async fn on_a_free_port(kind: Kind, settings: Settings, programs: Programs) -> anyhow::Result<Self> {
        let prepare = move || {
            let account = Account::find()?;
            let dir = tempfile::Builder::new().prefix("gatepipe-database-").tempdir()?;
            account.own(dir.path())?;
            template::copy_into(dir.path(), kind, &programs, account)?;
            if settings.tls {
                certificate::write(dir.path(), account)?;
            }
            let databases = AtomicU32::new(0);
            let server = Self {
                kind,
                settings,
                programs,
                account,
                port: 0,
                databases,
                running: Mutex::new(None),
                dir,
            };
            Ok::<_, anyhow::Error>(server)
        };
        let mut server = tokio::task::spawn_blocking(prepare).await.context("preparing a directory")??;
        let mut trouble = None;
        for _ in 0..TRIES {
            server.port = free_port()?;
            match server.try_start().await {
                Ok(()) => return Ok(server),
                Err(error) => trouble = Some(error),
            }
        }
        Err(trouble.context("it was never tried")?)
    }

    /// Waits until it says that it serves; an end before that is an error with its last words.
    async fn try_start(&self) -> anyhow::Result<()> {
        let log_path = self.dir.path().join("server.log");
        let log = File::create(&log_path).context("its log")?;
        let flags = self.kind.flags(self.dir.path(), self.port, self.settings.durable, self.settings.tls);
        let child = self
            .account
            .command(&self.programs.server, self.dir.path())
            .args(flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", self.programs.server.display()))?;
        let watched = Watcher::of(child.id(), self.kind.end_signal(), self.dir.path());
        let mut running = match watched {
            Ok(watcher) => Running { child, _watcher: watcher },
            Err(error) => {
                let mut child = child;
                child.kill()?;
                child.wait()?;
                return Err(error).context("cannot start a shell");
            }
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = String::from_utf8_lossy(&fs::read(&log_path)?).into_owned();
            if said.contains(self.kind.ready()) {
                *self.running.lock() = Some(running);
                return Ok(());
            }
            if running.child.try_wait()?.is_some() {
                bail!("it ended: {said}");
            }
            if Instant::now() > deadline {
                running.end(self.kind)?;
                bail!("it is not ready after {PATIENCE:?}: {said}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Which one.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The file with the certificate of the authority that signed the server's.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// Where `database` is, for a user that owns it and nothing else.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at("127.0.0.1", database)
    }

    /// The same by another name of this host.
    #[must_use]
    pub fn url_at(&self, host: &str, database: &str) -> String {
        format!("{}://gatepipe:{PASSWORD_IN_URL}@{host}:{}/{database}", self.kind.scheme(), self.port)
    }

    /// Makes an empty database with a new name; gives its [`Server::url`].
    ///
    /// # Panics
    /// When that fails.
    pub async fn database(&self) -> String {
        self.url(&self.named_database().await)
    }

    /// The same; gives its name.
    ///
    /// # Panics
    /// When that fails.
    pub async fn named_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let make = match self.kind {
            Kind::Postgres => format!("CREATE DATABASE {name} OWNER gatepipe"),
            Kind::Mysql => format!("CREATE DATABASE {name}"),
        };
        self.execute("", &make).await;
        name
    }

    /// Runs `sql` in `database` as one who may do everything; in none of ours when the name is empty.
    ///
    /// # Panics
    /// When that fails.
    pub async fn execute(&self, database: &str, sql: &str) {
        let ran = match self.kind {
            Kind::Postgres => self.postgres(database).await.batch_execute(sql).await,
            Kind::Mysql => self.mysql(database).await.batch_execute(sql).await,
        };
        ran.unwrap_or_else(|error| panic!("{} refuses {sql:?}: {error}", self.kind));
    }

    /// The one `value` that `sql` selects in `database`.
    ///
    /// # Panics
    /// When that fails.
    pub async fn number(&self, database: &str, sql: &str) -> i64 {
        let query = diesel::sql_query(sql);
        let row: QueryResult<Number> = match self.kind {
            Kind::Postgres => query.get_result(&mut self.postgres(database).await).await,
            Kind::Mysql => query.get_result(&mut self.mysql(database).await).await,
        };
        row.unwrap_or_else(|error| panic!("{} does not answer {sql:?}: {error}", self.kind)).value
    }

    async fn postgres(&self, database: &str) -> AsyncPgConnection {
        let database = if database.is_empty() { "postgres" } else { database };
        let url = format!("postgres://postgres:{PASSWORD_IN_URL}@127.0.0.1:{}/{database}", self.port);
        AsyncPgConnection::establish(&url).await.expect("a connection to PostgreSQL")
    }

    async fn mysql(&self, database: &str) -> AsyncMysqlConnection {
        let url = format!("mysql://root:{PASSWORD_IN_URL}@127.0.0.1:{}/{database}", self.port);
        AsyncMysqlConnection::establish(&url).await.expect("a connection to MariaDB")
    }

    /// SIGKILL for all of its processes; they are gone when this returns.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill9(&self) {
        let running = self.running.lock().take();
        running.expect("it runs").kill_all().expect("the server is killed");
    }

    /// Starts it again after [`Server::kill9`], on the same port and directory.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn restart(&self) {
        assert!(self.running.lock().is_none(), "it runs");
        let deadline = Instant::now() + PATIENCE;
        // The port may be in somebody's hands for a moment.
        while let Err(error) = self.try_start().await {
            assert!(Instant::now() < deadline, "{} does not come back: {error:#}", self.kind);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The process that others of the server are children of; `None` while it is killed.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.lock().as_ref().map(|running| running.child.id())
    }

    /// Its directory, which goes with it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Running {
    /// At once, and so that nothing of the system's is left behind.
    fn end(&mut self, kind: Kind) -> io::Result<()> {
        let signal = if kind.end_signal() == "QUIT" { Signal::QUIT } else { Signal::KILL };
        if self.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.child), signal)?;
            self.child.wait()?;
        }
        Ok(())
    }

    fn kill_all(mut self) -> anyhow::Result<()> {
        ensure!(self.child.try_wait()?.is_none(), "it ended by itself");
        // The parent first, so that it starts no child more.
        let children = children_of(self.child.id())?;
        self.child.kill()?;
        for child in &children {
            // Some end by themselves when their parent has.
            let _ = kill_process(*child, Signal::KILL);
        }
        self.child.wait()?;
        let deadline = Instant::now() + PATIENCE;
        while children.iter().any(|child| !is_gone(*child)) {
            ensure!(Instant::now() < deadline, "its processes do not go away");
            std::thread::yield_now();
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.lock().take() {
            let _ = running.end(self.kind);
        }
    }
}

/// The processes that have `parent`.
fn children_of(parent: u32) -> io::Result<Vec<Pid>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        if stat(pid, 1).and_then(|text| text.parse().ok()) == Some(parent) {
            children.push(pid);
        }
    }
    Ok(children)
}

/// Also when nobody has asked yet how it ended.
fn is_gone(process: Pid) -> bool {
    stat(process, 0).is_none_or(|state| state == "Z")
}

/// A field of what the kernel says of a process: 0 is its state, 1 its parent. `None` when it is gone.
fn stat(process: Pid, field: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // The name in brackets before them may hold anything.
    Some(stat.rsplit_once(')')?.1.split_whitespace().nth(field)?.to_owned())
}

fn free_port() -> anyhow::Result<u16> {
    for _ in 0..1_000 {
        let port = rand::random_range(PORTS);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("there is no free port in {PORTS:?}")
}
