//! One event, as it is printed.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use gatepipe_client::{Adopted, BoundTo, ClientId, Closed, Handshake, Message, Uid};
use gatepipe_proto::v1::message::Body;
use serde::Serialize;
use serde_json::{Map, Value};

use super::base64;
use crate::output::Told;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// A client came
    Connected,
    /// A client sent a text or binary message
    Message,
    /// A client was bound to a user, or unbound
    Bound,
    /// A client is gone
    Closed,
}

/// What happened to one client.
#[derive(Debug, Serialize)]
pub struct Event {
    /// When it was heard here.
    at_ms: i64,
    gateway_id: String,
    client_id: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum What {
    Connected {
        path: String,
        query: String,
        remote_address: String,
        connected_at_ms: i64,
    },
    Adopted {
        uid: Option<String>,
        remote_address: String,
        connected_at_ms: i64,
    },
    Message {
        uid: Option<String>,
        bytes: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// In base64.
        #[serde(skip_serializing_if = "Option::is_none")]
        binary: Option<String>,
    },
    Bound {
        uid: Option<String>,
        previous_uid: Option<String>,
    },
    Closed {
        uid: Option<String>,
        code: u16,
        /// Null when the close is inferred.
        session: Option<Map<String, Value>>,
        inferred: bool,
    },
}

impl Event {
    pub fn connected(client: ClientId, handshake: Handshake) -> Self {
        let Handshake { path, query, remote_address, connected_at_ms, .. } = handshake;
        Self::new(client, What::Connected { path, query, remote_address, connected_at_ms })
    }

    pub fn adopted(client: ClientId, adopted: Adopted) -> Self {
        let Adopted { uid, remote_address, connected_at_ms } = adopted;
        Self::new(client, What::Adopted { uid: text(uid.as_ref()), remote_address, connected_at_ms })
    }

    pub fn message(client: ClientId, uid: Option<&Uid>, message: &Message) -> Self {
        let (text_body, binary) = match message.body() {
            Body::Text(text) => (Some(text.clone()), None),
            Body::Binary(bytes) => (None, Some(base64::encode(bytes))),
        };
        let bytes = message.payload().len();
        Self::new(client, What::Message { uid: text(uid), bytes, text: text_body, binary })
    }

    pub fn bound(client: ClientId, bound: &BoundTo) -> Self {
        let BoundTo { uid, previous } = bound;
        Self::new(client, What::Bound { uid: text(uid.as_ref()), previous_uid: text(previous.as_ref()) })
    }

    pub fn closed(client: ClientId, closed: &Closed) -> Self {
        let Closed { code, uid, session, inferred } = closed;
        let session = session.as_ref().map(gatepipe_proto::Session::to_object);
        Self::new(client, What::Closed { uid: text(uid.as_ref()), code: *code, session, inferred: *inferred })
    }

    fn new(client: ClientId, what: What) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            at_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            gateway_id: client.gateway().to_string(),
            client_id: client.to_string(),
            what,
        }
    }

    fn kind(&self) -> &'static str {
        match self.what {
            What::Connected { .. } => "connected",
            What::Adopted { .. } => "adopted",
            What::Message { .. } => "message",
            What::Bound { .. } => "bound",
            What::Closed { .. } => "closed",
        }
    }

    fn uid(&self) -> &str {
        let uid = match &self.what {
            What::Connected { .. } => &None,
            What::Adopted { uid, .. }
            | What::Message { uid, .. }
            | What::Bound { uid, .. }
            | What::Closed { uid, .. } => uid,
        };
        uid.as_deref().unwrap_or_default()
    }

    /// All that stands in no column of its own.
    fn details(&self) -> String {
        match &self.what {
            What::Connected { path, query, remote_address, .. } if query.is_empty() => {
                format!("{remote_address} {path}")
            }
            What::Connected { path, query, remote_address, .. } => {
                format!("{remote_address} {path}?{query}")
            }
            What::Adopted { remote_address, .. } => remote_address.clone(),
            What::Message { text: Some(text), .. } => text.clone(),
            What::Message { bytes, .. } => format!("binary, {bytes} bytes"),
            What::Bound { uid: Some(_), previous_uid: None } => String::new(),
            What::Bound { uid: Some(_), previous_uid: Some(previous) } => format!("was {previous}"),
            What::Bound { uid: None, previous_uid } => {
                format!("unbound, was {}", previous_uid.as_deref().unwrap_or("unbound"))
            }
            What::Closed { code, inferred: true, .. } => format!("{code} inferred: its gateway did not tell"),
            What::Closed { code, session, .. } => {
                let session = session.as_ref().filter(|session| !session.is_empty());
                session.map_or_else(
                    || code.to_string(),
                    |session| format!("{code} {}", Value::from(session.clone())),
                )
            }
        }
    }
}

impl Told for Event {
    fn cells(&self) -> Vec<String> {
        vec![
            self.at_ms.to_string(),
            self.kind().to_owned(),
            self.client_id.clone(),
            self.uid().to_owned(),
            self.details(),
        ]
    }

    fn for_people(&self) -> String {
        let uid = match self.uid() {
            "" => String::new(),
            uid => format!("uid {uid}  "),
        };
        let (time, kind) = (time_of_day(self.at_ms), self.kind());
        let line = format!("{time}  {kind:<9}  {}  {uid}{}", self.client_id, self.details());
        line.trim_end().to_owned()
    }
}

fn text(uid: Option<&Uid>) -> Option<String> {
    uid.map(ToString::to_string)
}

/// In UTC, as the logs of gateways.
fn time_of_day(at_ms: i64) -> String {
    let ms = at_ms.rem_euclid(24 * 60 * 60 * 1_000);
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{:02}:{:02}:{seconds:02}.{ms:03}Z", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client() -> ClientId {
        "00112233445566778899aabbccddeeff00112233".parse().unwrap()
    }

    #[test]
    fn an_event_as_json_has_one_shape_for_each_kind() {
        let uid: Uid = "1001".parse().unwrap();
        let session = gatepipe_proto::Session::parse(r#"{"room":7}"#).unwrap();
        let closed = |session, inferred| Closed { code: 1000, uid: Some(uid.clone()), session, inferred };
        #[rustfmt::skip]
        let cases = [
            (
                Event::connected(client(), Handshake { path: "/ws".into(), remote_address: "10.0.0.1".into(), connected_at_ms: 7, ..Handshake::default() }),
                json!({"kind": "connected", "path": "/ws", "query": "", "remote_address": "10.0.0.1", "connected_at_ms": 7}),
                "10.0.0.1 /ws",
            ),
            (
                Event::adopted(client(), Adopted { uid: Some(uid.clone()), remote_address: "::1".into(), connected_at_ms: 7 }),
                json!({"kind": "adopted", "uid": "1001", "remote_address": "::1", "connected_at_ms": 7}),
                "::1",
            ),
            (
                Event::message(client(), Some(&uid), &Message::text("{\"a\":1}").unwrap()),
                json!({"kind": "message", "uid": "1001", "bytes": 7, "text": "{\"a\":1}"}),
                "{\"a\":1}",
            ),
            (
                Event::message(client(), None, &Message::binary(&b"foo"[..]).unwrap()),
                json!({"kind": "message", "uid": null, "bytes": 3, "binary": "Zm9v"}),
                "binary, 3 bytes",
            ),
            (
                Event::bound(client(), &BoundTo { uid: Some(uid.clone()), previous: Some("7".parse().unwrap()) }),
                json!({"kind": "bound", "uid": "1001", "previous_uid": "7"}),
                "was 7",
            ),
            (
                Event::bound(client(), &BoundTo { uid: None, previous: Some(uid.clone()) }),
                json!({"kind": "bound", "uid": null, "previous_uid": "1001"}),
                "unbound, was 1001",
            ),
            (
                Event::closed(client(), &closed(Some(session), false)),
                json!({"kind": "closed", "uid": "1001", "code": 1000, "session": {"room": 7}, "inferred": false}),
                "1000 {\"room\":7}",
            ),
            (
                Event::closed(client(), &closed(None, true)),
                json!({"kind": "closed", "uid": "1001", "code": 1000, "session": null, "inferred": true}),
                "1000 inferred: its gateway did not tell",
            ),
        ];
        for (event, mut expected, details) in cases {
            expected["at_ms"] = event.at_ms.into();
            expected["client_id"] = client().to_string().into();
            expected["gateway_id"] = client().gateway().to_string().into();
            assert_eq!(serde_json::to_value(&event).unwrap(), expected);
            assert_eq!(event.details(), details);
            assert_eq!(event.cells()[1], expected["kind"]);
        }
    }

    #[test]
    fn a_time_of_day_is_in_utc() {
        assert_eq!(time_of_day(0), "00:00:00.000Z");
        assert_eq!(time_of_day(1_764_000_000_001), "16:00:00.001Z");
    }
}
