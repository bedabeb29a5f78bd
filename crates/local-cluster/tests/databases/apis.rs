//! Several apis as processes on one database, to be killed and started again.

use std::time::Duration;

use gatepipe_api::auth::Keys;
use gatepipe_api::store::Store;
use gatepipe_local_cluster::actor::Caller;
use gatepipe_local_cluster::eventually::until;
use gatepipe_local_cluster::home::Home;
use gatepipe_local_cluster::people::{self, Person};
use gatepipe_local_cluster::program::Program;
use parking_lot::Mutex;

/// A register, a gateway, and apis, each a process.
pub(crate) struct Apis {
    register: String,
    database_url: String,
    pub(crate) ws: String,
    pub(crate) people: Vec<Person>,
    home: Home,
    /// Where each listens; kept over a kill, so that callers find it again.
    listen: Vec<String>,
    apis: Vec<Mutex<Option<Program>>>,
    _register: Program,
    _gateway: Program,
    dir: tempfile::TempDir,
}

impl Apis {
    pub(crate) async fn start(many: usize, database_url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let store = Store::open(database_url).await.unwrap();
        let keys = Keys::from_secret(&home.jwt_secret().into()).unwrap();
        let people = people::settle(&store, &home, &keys, Duration::from_secs(3_600)).await.unwrap();
        drop(store);
        let register = Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"]);
        let url = register.url("rpc");
        let flags = ["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", &url];
        let gateway = Program::start("gatepipe-gateway", &flags);
        let mut apis = Self {
            ws: format!("ws://{}/ws", gateway.addr("clients")),
            register: url,
            database_url: database_url.to_owned(),
            people,
            home,
            listen: Vec::new(),
            apis: Vec::new(),
            _register: register,
            _gateway: gateway,
            dir,
        };
        for number in 0..many {
            let api = apis.program("127.0.0.1:0");
            apis.listen.push(api.addr("http").to_owned());
            apis.apis.push(Mutex::new(Some(api)));
            apis.joined(number).await;
        }
        apis
    }

    fn program(&self, listen: &str) -> Program {
        let exports = self.dir.path().join("exports");
        let flags = [
            "--listen",
            listen,
            "--register",
            &self.register,
            "--database-url",
            &self.database_url,
            "--jwt-secret",
            self.home.jwt_secret(),
            "--export-dir",
            exports.to_str().unwrap(),
            // So that a task of one that was killed is taken up soon.
            "--export-lease",
            "2s",
        ];
        Program::start("gatepipe-api", &flags)
    }

    /// Waits until it commands the gateway.
    async fn joined(&self, number: usize) {
        let admin = self.caller("admin", number);
        until("the api commands the gateway", || async {
            let list = admin.try_get("/Gateway/list").await;
            list.is_some_and(|list| list.data["list"][0]["connected"] == true)
        })
        .await;
    }

    /// One of [`people::NAMES`] who calls that api.
    pub(crate) fn caller(&self, name: &str, number: usize) -> Caller {
        let person = self.people.iter().find(|person| person.name == name).unwrap();
        Caller::new(&format!("http://{}", self.listen[number]), person.id, &person.token)
    }

    /// SIGKILL, and started again at the same place.
    pub(crate) async fn kill_and_restart(&self, number: usize) {
        let killed = self.apis[number].lock().take();
        killed.expect("it runs").kill();
        let api = tokio::task::block_in_place(|| self.program(&self.listen[number]));
        *self.apis[number].lock() = Some(api);
        self.joined(number).await;
    }
}
