//! A whole cluster of the built programs.

use std::path::PathBuf;
use std::time::Duration;

use gatepipe_api::auth::Keys;
use gatepipe_api::store::Store;
use gatepipe_local_cluster::actor::Caller;
use gatepipe_local_cluster::eventually::until;
use gatepipe_local_cluster::home::Home;
use gatepipe_local_cluster::people::{self, Person};
pub(crate) use gatepipe_local_cluster::program::Program;

/// The program beside this test's own executable; `make test` builds them first.
pub(crate) fn program(name: &str) -> PathBuf {
    gatepipe_local_cluster::program::path(name).unwrap()
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
