//! The built programs as processes of their own, so that they can be killed, stopped and starved.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use gatepipe_api::auth::Keys;
use gatepipe_api::store::Store;
use gatepipe_local_cluster::actor::Caller;
use gatepipe_local_cluster::eventually::{PATIENCE, until};
use gatepipe_local_cluster::home::Home;
use gatepipe_local_cluster::people::{self, Person};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;

/// The program beside this test's own executable; `make test` builds them first.
pub(crate) fn program(name: &str) -> PathBuf {
    let mut dir = std::env::current_exe().unwrap();
    dir.pop();
    if dir.ends_with("deps") {
        dir.pop();
    }
    let path = dir.join(name);
    assert!(path.exists(), "{} is missing: `cargo build --workspace --bins` makes it", path.display());
    path
}

/// A running program; killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    /// The log line that says that it is up, with its addresses.
    pub(crate) up: Value,
}

impl Program {
    /// Starts it and waits until its log says that it is up.
    pub(crate) fn start(name: &str, flags: &[&str]) -> Self {
        Self::spawn(Command::new(program(name)).args(flags))
    }

    /// The same through a shell that first sets a limit.
    pub(crate) fn start_with_open_files(limit: u32, name: &str, flags: &[&str]) -> Self {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        Self::spawn(Command::new("sh").arg("-c").arg(script).arg(program(name)).args(flags))
    }

    fn spawn(command: &mut Command) -> Self {
        command.args(["--log-format", "json", "--admin-listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let (found, up) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Reads to the end, so that the program never waits for a full pipe.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                match serde_json::from_str::<Value>(&line) {
                    Ok(event) if event["message"].as_str().is_some_and(|text| text.ends_with(" is up")) => {
                        let _ = found.send(event);
                    }
                    _ => eprintln!("{line}"),
                }
            }
        });
        let up = up.recv_timeout(PATIENCE).expect("the program says that it is up");
        Self { child, up }
    }

    /// An address from the line that said that it is up.
    pub(crate) fn addr(&self, field: &str) -> &str {
        self.up[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.up))
    }

    pub(crate) fn url(&self, field: &str) -> String {
        format!("http://{}", self.addr(field))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// SIGSTOP. All its threads stand still when this returns; after the signal alone, one may run on for a moment.
    pub(crate) async fn freeze(&self) {
        self.signal(Signal::STOP);
        let options = WaitOptions::UNTRACED | WaitOptions::NOHANG;
        let changed = || waitpid(Some(Pid::from_child(&self.child)), options).unwrap();
        until("it stands still", || async { changed().is_some_and(|(_, status)| status.stopped()) }).await;
    }

    /// SIGKILL, and gone when this returns.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A stopped process is killed all the same; one that has ended is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A register, gateways and the api, each a process.
pub(crate) struct Programs {
    pub(crate) register: Option<Program>,
    pub(crate) gateways: Vec<Option<Program>>,
    pub(crate) api: Option<Program>,
    pub(crate) people: Vec<Person>,
    home: Home,
    _dir: tempfile::TempDir,
}

impl Programs {
    pub(crate) async fn start(gateways: usize, gateway_flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let store = Store::open(&home.database_url()).await.unwrap();
        let keys = Keys::from_secret(&home.jwt_secret().into()).unwrap();
        let people = people::settle(&store, &home, &keys, Duration::from_secs(3600)).await.unwrap();
        drop(store);
        let register = Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"]);
        let mut programs =
            Self { register: Some(register), gateways: Vec::new(), api: None, people, home, _dir: dir };
        for _ in 0..gateways {
            programs.start_gateway(gateway_flags);
        }
        programs.start_api("127.0.0.1:0").await;
        programs
    }

    pub(crate) fn register_url(&self) -> String {
        self.register.as_ref().unwrap().url("rpc")
    }

    pub(crate) fn start_gateway(&mut self, flags: &[&str]) {
        let register = self.register_url();
        let mut all = vec!["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", &register];
        all.extend(flags);
        self.gateways.push(Some(Program::start("gatepipe-gateway", &all)));
    }

    /// Starts the api and waits until it commands every living gateway.
    pub(crate) async fn start_api(&mut self, listen: &str) {
        self.start_api_with(listen, &[]).await;
    }

    /// The same with flags of its own.
    pub(crate) async fn start_api_with(&mut self, listen: &str, more: &[&str]) {
        let (url, secret) = (self.home.database_url(), self.home.jwt_secret());
        let register = self.register_url();
        let mut flags =
            vec!["--listen", listen, "--database-url", &url, "--jwt-secret", secret, "--register", &register];
        flags.extend(more);
        self.api = Some(Program::start("gatepipe-api", &flags));
        let admin = self.caller("admin");
        let expected = self.gateways.iter().flatten().count();
        until("the api commands every gateway", || async { self.connected(&admin).await == expected }).await;
    }

    async fn connected(&self, admin: &Caller) -> usize {
        let list = admin.get("/Gateway/list").await.ok();
        let gateways = list["list"].as_array().expect("a list").clone();
        gateways.iter().filter(|gateway| gateway["connected"] == true).count()
    }

    pub(crate) fn api_addr(&self) -> String {
        self.api.as_ref().unwrap().addr("http").to_owned()
    }

    pub(crate) fn caller(&self, name: &str) -> Caller {
        let person = self.people.iter().find(|person| person.name == name).unwrap();
        Caller::new(&format!("http://{}", self.api_addr()), person.id, &person.token)
    }

    pub(crate) fn gateway(&self, number: usize) -> &Program {
        self.gateways[number].as_ref().unwrap()
    }

    pub(crate) fn ws(&self, number: usize) -> String {
        format!("ws://{}/ws", self.gateway(number).addr("clients"))
    }

    pub(crate) fn gateway_id(&self, number: usize) -> String {
        self.gateway(number).addr("gateway_id").to_owned()
    }
}
