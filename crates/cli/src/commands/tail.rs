//! `gatepipe tail`: a worker of its own name, whose hooks print.

mod base64;
mod event;
mod forward;
mod news;

use std::collections::BTreeSet;
use std::io;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use gatepipe_client::{ClientId, GatewayClient, GatewayId, GatewayStatus, RunningWorker, Uid};
use gatepipe_daemon::shutdown::Signals;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::exit::{Exit, Failure};
use crate::fleet::Fleet;
use crate::gateway_name::{GatewayName, find_all};
use crate::output::{Output, Stream, say};
use event::{Event, Kind};
use forward::{Drops, Forward, Wanted};
use news::{Member, News};

/// Events that wait to be printed, and on their way from each gateway. When stdout does not take more they wait at the gateway,
/// which drops what is too much for it, and says so.
const WAITING: u32 = 256;
/// How often it is looked whether gateways came, went, or dropped something.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long ending may take: leaving the gateways, and then printing what waits.
const ENDING: Duration = Duration::from_secs(1);

/// Print what clients do, as it happens: connected, message, bound, closed
#[derive(Debug, Args)]
#[command(
    after_help = "One line for each event; when stdout is no terminal, or with -o json, each is an object in JSON, with binary messages in base64. \
Pings are answered by the gateways and not shown. What is told about gateways stands on stderr: those that are heard, left, \
cannot be heard, or had to drop events because they were not taken fast enough.

It takes no events away from workers. Whose a message is is known from the binds before it: when binds were dropped, --uid may \
leave a message out. Ctrl-C ends it with 0.

Examples:
  gatepipe tail
  gatepipe tail --uid 1001 --kind message,closed
  gatepipe tail --existing --kind bound | jq -r 'select(.uid) | .uid'
  gatepipe tail --gateway 6f1c --count 10 -o json"
)]
pub struct Tail {
    /// Only events of clients of this user, not their connecting: nobody is bound by then; repeatable
    #[arg(long = "uid", value_name = "UID")]
    uids: Vec<Uid>,
    /// Only events of this client; repeatable
    #[arg(long = "client", value_name = "CLIENT_ID")]
    clients: Vec<ClientId>,
    /// Only events of this gateway: its id, or at least the first 4 digits; repeatable
    #[arg(long = "gateway", value_name = "GATEWAY")]
    gateways: Vec<GatewayName>,
    /// Only events of these kinds
    #[arg(long = "kind", value_name = "KIND", value_enum, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// Begin with the clients that are connected already, as events of the kind adopted
    #[arg(long)]
    existing: bool,
    /// End with 0 after this many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    fleet: Fleet,
}

impl Tail {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let stopped = Signals::listen().first();
        let client = self.fleet.join().await?;
        let wanted = self.wanted(&client)?;
        let gateways = wanted.gateways.clone();
        let messages = wanted.wants_kind(Kind::Message);

        let (tell, events) = mpsc::channel(WAITING as usize);
        let mut printing = print_elsewhere(events, output.stream(), self.count)?;
        let drops = Drops::default();
        let name = format!("tail-{:016x}", rand::random::<u64>());
        // One lane: events of a gateway are printed in the order in which it told them.
        let worker = client.worker(name).credit(WAITING).lanes(1).stop_timeout(ENDING);
        let worker = if messages { worker } else { worker.without_messages() };
        let running = worker.start(Forward::new(wanted, drops.clone(), tell))?;

        let printed = tokio::select! {
            printed = &mut printing => Some(printed),
            () = tell_news(&client, &running, &gateways, &drops) => None,
            () = stopped => None,
        };
        running.stop().await;
        drops.tell();
        let printed = match printed {
            Some(printed) => Some(printed),
            // Stdout may be full for ever.
            None => timeout(ENDING, printing).await.ok(),
        };
        if let Some(printed) = printed {
            printed.context("printing broke down")??;
        }
        Ok(Exit::Done)
    }

    fn wanted(&self, client: &GatewayClient) -> Result<Wanted, Failure> {
        Ok(Wanted {
            uids: self.uids.iter().cloned().collect(),
            clients: self.clients.iter().copied().collect(),
            gateways: find_all(&self.gateways, client)?,
            kinds: self.kinds.iter().copied().collect(),
            existing: self.existing,
        })
    }
}

type Printed = io::Result<()>;

/// Prints in a thread that nobody waits for: whoever reads our output may stop reading, and Ctrl-C works all the same.
fn print_elsewhere(
    events: mpsc::Receiver<Event>,
    stream: Stream,
    count: Option<u64>,
) -> io::Result<oneshot::Receiver<Printed>> {
    let (done, printing) = oneshot::channel();
    let printer = move || drop(done.send(print(events, stream, count)));
    thread::Builder::new().name("printer".into()).spawn(printer)?;
    Ok(printing)
}

/// Until as many are printed as were asked for, or no more can come.
fn print(mut events: mpsc::Receiver<Event>, mut stream: Stream, count: Option<u64>) -> Printed {
    let mut printed = 0;
    while count.is_none_or(|count| printed < count) {
        let event = match events.try_recv() {
            Ok(event) => Some(event),
            // Nothing waits: what was printed is to be seen now.
            Err(_) => {
                stream.flush()?;
                events.blocking_recv()
            }
        };
        let Some(event) = event else {
            break;
        };
        stream.one(&event)?;
        printed += 1;
    }
    stream.flush()
}

/// Tells on stderr about gateways, for ever.
async fn tell_news(
    client: &GatewayClient,
    running: &RunningWorker,
    wanted: &BTreeSet<GatewayId>,
    drops: &Drops,
) {
    let mut news = News::default();
    loop {
        let is_wanted = |gateway: &GatewayId| wanted.is_empty() || wanted.contains(gateway);
        let member =
            |GatewayStatus { gateway_id, address, trouble, .. }| (gateway_id, Member { address, trouble });
        let members = client.gateways().into_iter().map(member).filter(|(gateway, _)| is_wanted(gateway));
        for line in news.since_last(members.collect(), &running.stats().gateways) {
            say(&line);
        }
        drops.tell();
        sleep(LOOK_AGAIN).await;
    }
}
