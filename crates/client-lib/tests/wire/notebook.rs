//! A worker that writes down what it is told.

use std::sync::Arc;

use gatepipe_client::{
    Adopted, BoundTo, ClientId, Closed, Dropped, GatewayClient, GatewayId, Handshake, Message, Uid, Worker,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Three messages mean something: "wait" ends when the test opens the gate, "panic" panics, "early panic" before its first wait.
#[derive(Clone)]
pub(crate) struct Notebook(Arc<Pages>);

struct Pages {
    lines: Mutex<Vec<(ClientId, String)>>,
    others: Mutex<Vec<String>>,
    gate: Semaphore,
    start: Semaphore,
}

impl Default for Notebook {
    fn default() -> Self {
        Self::with_start(1)
    }
}

impl Notebook {
    /// One whose `on_worker_start` waits for [`begin`](Self::begin).
    pub(crate) fn hesitant() -> Self {
        Self::with_start(0)
    }

    fn with_start(permits: usize) -> Self {
        Self(Arc::new(Pages {
            lines: Mutex::default(),
            others: Mutex::default(),
            gate: Semaphore::new(0),
            start: Semaphore::new(permits),
        }))
    }

    pub(crate) fn begin(&self) {
        self.0.start.add_permits(1);
    }

    /// Lets this many waiting hooks end.
    pub(crate) fn open_gate(&self, hooks: usize) {
        self.0.gate.add_permits(hooks);
    }

    /// How many hooks have ended.
    pub(crate) fn len(&self) -> usize {
        self.0.lines.lock().len()
    }

    /// What it was told about one client, in order.
    pub(crate) fn of(&self, client: ClientId) -> Vec<String> {
        let lines = self.0.lines.lock();
        lines.iter().filter(|(whose, _)| *whose == client).map(|(_, line)| line.clone()).collect()
    }

    /// What concerns no client.
    pub(crate) fn others(&self) -> Vec<String> {
        self.0.others.lock().clone()
    }

    fn note(&self, client: ClientId, line: String) {
        self.0.lines.lock().push((client, line));
    }
}

fn name(uid: Option<Uid>) -> String {
    uid.map_or_else(|| "nobody".into(), |uid| uid.to_string())
}

impl Worker for Notebook {
    async fn on_worker_start(&self, _: &GatewayClient) {
        self.0.start.acquire().await.unwrap().forget();
        self.0.others.lock().push("start".into());
    }

    async fn on_connect(&self, client: ClientId, handshake: Handshake) {
        self.note(client, format!("connect {}", handshake.path));
    }

    async fn on_adopt(&self, client: ClientId, adopted: Adopted) {
        self.note(client, format!("adopt {}", name(adopted.uid)));
    }

    fn on_message(&self, client: ClientId, message: Message) -> impl Future<Output = ()> + Send {
        let text = String::from_utf8(message.payload().to_vec()).unwrap();
        assert!(text != "early panic", "as scripted");
        async move {
            match text.as_str() {
                "wait" => self.0.gate.acquire().await.unwrap().forget(),
                "panic" => panic!("as scripted"),
                // Others have every chance to come first.
                _ => tokio::task::yield_now().await,
            }
            self.note(client, text);
        }
    }

    async fn on_bound(&self, client: ClientId, bound: BoundTo) {
        self.note(client, format!("bound {}", name(bound.uid)));
    }

    async fn on_close(&self, client: ClientId, closed: Closed) {
        let Closed { code, uid, session, inferred } = closed;
        let session = session.map_or_else(|| "unknown".into(), |session| session.as_str().to_owned());
        let told = if inferred { "inferred" } else { "told" };
        self.note(client, format!("close {code} {} {session} {told}", name(uid)));
    }

    async fn on_dropped(&self, gateway: GatewayId, dropped: Dropped) {
        let Dropped { messages, others } = dropped;
        self.0.others.lock().push(format!("{gateway} dropped {messages} {others}"));
    }
}
