//! The task that hears one register: its list, then every change, for ever.

use gatepipe_proto::InvalidId;
use gatepipe_proto::v1::watch_event::Event;
use gatepipe_proto::v1::{GatewayEntry, WatchEvent, WatchRequest};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tonic::Streaming;

use crate::backoff::Backoff;
use crate::connection::{Connection, Peer, Trouble};
use crate::membership::{Entry, Word};

/// What a watcher tells the directory: which register it is, and its word or why it cannot be heard.
pub(crate) struct Heard {
    pub(crate) position: usize,
    pub(crate) word: Result<Word, Trouble>,
}

/// Hears the register at `position` until dropped or nobody listens.
pub(crate) async fn hear_always(position: usize, url: String, peer: Peer, words: mpsc::Sender<Heard>) {
    let mut backoff = Backoff::default();
    let mut last_trouble = None;
    loop {
        let trouble = match open(&peer).await {
            Ok((first, listening)) => {
                tracing::info!(register = %url, "a register is heard");
                last_trouble = None;
                let opened = Instant::now();
                let trouble = listening.pass_on(first, position, &words).await;
                backoff.lasted(opened.elapsed());
                trouble
            }
            Err(trouble) => trouble,
        };
        if last_trouble.as_ref() != Some(&trouble) {
            tracing::warn!(register = %url, %trouble, "a register is not heard; trying again");
            last_trouble = Some(trouble.clone());
        }
        let word = Err(trouble);
        if words.send(Heard { position, word }).await.is_err() {
            return;
        }
        sleep(backoff.after_failure(rand::random())).await;
    }
}

/// A register that has told its list.
struct Listening {
    events: Streaming<WatchEvent>,
    version: Version,
    _connection: Connection,
}

async fn open(peer: &Peer) -> Result<(Word, Listening), Trouble> {
    let connection = Connection::open(peer).await?;
    let listing = async {
        let events = connection.watching().watch(WatchRequest {}).await?.into_inner();
        let mut listening = Listening { events, version: Version::default(), _connection: connection };
        Ok((listening.next().await?, listening))
    };
    peer.in_time("asking for gateways", listing).await
}

impl Listening {
    /// Passes its words on until the register falls silent.
    async fn pass_on(mut self, first: Word, position: usize, words: &mpsc::Sender<Heard>) -> Trouble {
        let mut word = first;
        loop {
            let heard = Heard { position, word: Ok(word) };
            if words.send(heard).await.is_err() {
                return Trouble("nobody listens any more".into());
            }
            word = match self.next().await {
                Ok(word) => word,
                Err(trouble) => return trouble,
            };
        }
    }

    async fn next(&mut self) -> Result<Word, Trouble> {
        loop {
            let event = self.events.message().await?;
            let event = event.ok_or_else(|| Trouble("it ended the watch".into()))?;
            match self.version.follow(event) {
                Step::Apply(word) => return Ok(word),
                Step::Skip => {}
                Step::Missed => return Err(Trouble("a change was missed".into())),
            }
        }
    }
}

/// How far one watch has come; `None` before the snapshot.
#[derive(Debug, Default)]
struct Version(Option<u64>);

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Apply(Word),
    /// Already in the snapshot, or not readable.
    Skip,
    /// A change before it did not arrive: only a new snapshot helps.
    Missed,
}

impl Version {
    fn follow(&mut self, event: WatchEvent) -> Step {
        let change = match (event.event, self.0) {
            (Some(Event::Snapshot(snapshot)), _) => {
                self.0 = Some(event.version);
                return Step::Apply(Word::Snapshot(
                    snapshot.gateways.into_iter().filter_map(readable).collect(),
                ));
            }
            (_, None) => return Step::Missed,
            (_, Some(version)) if event.version <= version => return Step::Skip,
            (_, Some(version)) if event.version > version.saturating_add(1) => return Step::Missed,
            (change, Some(_)) => change,
        };
        self.0 = Some(event.version);
        let word = match change {
            Some(Event::Listed(entry)) => readable(entry).map(Word::Listed),
            Some(Event::Removed(gateway)) => gateway.parse().ok().map(Word::Removed),
            // An event that a newer register knows and this client does not.
            Some(Event::Snapshot(_)) | None => None,
        };
        word.map_or(Step::Skip, Step::Apply)
    }
}

fn readable(entry: GatewayEntry) -> Option<Entry> {
    let gateway = entry.gateway_id.parse().map_err(|error: InvalidId| {
        tracing::warn!(gateway = entry.gateway_id, %error, "a register lists what is no gateway");
    });
    Some(Entry { gateway: gateway.ok()?, address: entry.address, draining: entry.draining })
}

#[cfg(test)]
mod tests {
    use gatepipe_proto::v1::Snapshot;

    use super::*;

    const A: &str = "000000000000000a";

    fn snapshot(version: u64, gateways: &[&str]) -> WatchEvent {
        let entry = |id: &&str| GatewayEntry { gateway_id: (*id).into(), ..GatewayEntry::default() };
        let gateways = gateways.iter().map(entry).collect();
        WatchEvent { version, event: Some(Event::Snapshot(Snapshot { gateways })) }
    }

    fn removed(version: u64) -> WatchEvent {
        WatchEvent { version, event: Some(Event::Removed(A.into())) }
    }

    #[test]
    fn changes_follow_their_snapshot_without_a_gap() {
        let a_is_gone = || Step::Apply(Word::Removed(A.parse().unwrap()));
        #[rustfmt::skip]
        let stories = [
            ("in order", vec![7, 8, 9], vec![a_is_gone(), a_is_gone()]),
            ("already in the snapshot", vec![7, 6, 7, 8], vec![Step::Skip, Step::Skip, a_is_gone()]),
            ("one is missing", vec![7, 9], vec![Step::Missed]),
        ];
        for (name, versions, expected) in stories {
            let mut version = Version::default();
            version.follow(snapshot(versions[0], &[A]));
            let steps: Vec<_> = versions[1..].iter().map(|number| version.follow(removed(*number))).collect();
            assert_eq!(steps, expected, "{name}");
        }
    }

    #[test]
    fn a_change_before_any_snapshot_is_no_beginning() {
        assert_eq!(Version::default().follow(removed(1)), Step::Missed);
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_counted_as_heard() {
        let mut version = Version::default();
        let Step::Apply(Word::Snapshot(entries)) = version.follow(snapshot(1, &["nonsense", A])) else {
            panic!("a snapshot is applied");
        };
        assert_eq!(entries.len(), 1);
        let unknown = WatchEvent { version: 2, event: None };
        assert_eq!(version.follow(unknown), Step::Skip);
        assert_ne!(version.follow(removed(3)), Step::Missed);
    }
}
