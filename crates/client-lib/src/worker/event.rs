//! Events of the wire in our words.

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::{ClientId, GatewayId, Message, Session, Uid, v1};

use super::{Adopted, BoundTo, Closed, Dropped, Handshake, Header};

/// What a gateway tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Client(ClientId, ClientEvent),
    /// Whom this worker has from before has been told.
    AdoptedAll,
    Dropped(Dropped),
}

/// What happened to one client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientEvent {
    Connected(Handshake),
    Adopted(Adopted),
    Message(Message),
    Bound(BoundTo),
    Closed(Closed),
}

/// `None` for what does not concern a client of `gateway`, or is of a kind that this library does not know. A gateway also tells the
/// headers that other workers asked for; only `headers` are kept.
pub(crate) fn read(gateway: GatewayId, headers: &[String], event: v1::Event) -> Option<Told> {
    let happened = match event.event? {
        // Read where the stream is opened.
        Event::Welcome(_) => return None,
        Event::AdoptedAll(_) => return Some(Told::AdoptedAll),
        Event::Dropped(v1::Dropped { messages, others }) => {
            return Some(Told::Dropped(Dropped { messages, others }));
        }
        Event::Connected(mut connected) => {
            connected.headers.retain(|header| headers.contains(&header.name));
            ClientEvent::Connected(connected.into())
        }
        Event::Adopted(adopted) => ClientEvent::Adopted(adopted.into()),
        Event::Message(message) => ClientEvent::Message(message.message?.try_into().ok()?),
        Event::Bound(bound) => ClientEvent::Bound(bound.into()),
        Event::Closed(closed) => ClientEvent::Closed(closed.into()),
    };
    let client: ClientId = event.client_id.parse().ok()?;
    (client.gateway() == gateway).then_some(Told::Client(client, happened))
}

/// Empty on the wire when there is none.
fn uid(name: &str) -> Option<Uid> {
    Uid::try_from(name).ok()
}

impl From<v1::Connected> for Handshake {
    fn from(connected: v1::Connected) -> Self {
        let header = |v1::Header { name, value }| Header { name, value };
        Self {
            path: connected.path,
            query: connected.query,
            headers: connected.headers.into_iter().map(header).collect(),
            remote_address: connected.remote_address,
            connected_at_ms: connected.connected_at_ms,
        }
    }
}

impl From<v1::Adopted> for Adopted {
    fn from(adopted: v1::Adopted) -> Self {
        Self {
            uid: uid(&adopted.uid),
            remote_address: adopted.remote_address,
            connected_at_ms: adopted.connected_at_ms,
        }
    }
}

impl From<v1::Bound> for BoundTo {
    fn from(bound: v1::Bound) -> Self {
        Self { uid: uid(&bound.uid), previous: uid(&bound.previous_uid) }
    }
}

impl From<v1::Closed> for Closed {
    fn from(closed: v1::Closed) -> Self {
        Self {
            code: closed.code.try_into().unwrap_or(1006),
            uid: uid(&closed.uid),
            session: Session::parse(&closed.session).ok(),
            inferred: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(client: &str, event: Event) -> v1::Event {
        v1::Event { client_id: client.to_owned(), event: Some(event) }
    }

    #[test]
    fn only_what_concerns_a_client_of_the_gateway_is_told() {
        let (here, elsewhere) = (GatewayId::random(), GatewayId::random());
        let client = ClientId::random(here);
        let read = |event| read(here, &[], event);
        let closed = || Event::Closed(v1::Closed { code: 1000, uid: String::new(), session: "{}".into() });
        let told = Closed { code: 1000, uid: None, session: Some(Session::default()), inferred: false };
        assert_eq!(
            read(event(&client.to_string(), closed())),
            Some(Told::Client(client, ClientEvent::Closed(told)))
        );
        for stranger in [ClientId::random(elsewhere).to_string(), "ana".into(), String::new()] {
            assert_eq!(read(event(&stranger, closed())), None, "{stranger}");
        }
        assert_eq!(read(v1::Event { client_id: client.to_string(), event: None }), None);
        let nothing = Event::Message(v1::ClientMessage { message: None });
        assert_eq!(read(event(&client.to_string(), nothing)), None);
        let dropped = Event::Dropped(v1::Dropped { messages: 2, others: 1 });
        assert_eq!(read(event("", dropped)), Some(Told::Dropped(Dropped { messages: 2, others: 1 })));
    }

    #[test]
    fn a_handshake_has_the_headers_that_were_asked_for_in_their_order() {
        let gateway = GatewayId::random();
        let client = ClientId::random(gateway);
        let header = |(name, value): (&str, &[u8])| v1::Header { name: name.into(), value: value.to_vec() };
        let headers =
            [("cookie", b"a=1".as_slice()), ("origin", b"x"), ("cookie", b"\xff"), ("x-real", b"1")]
                .map(header);
        let connected = v1::Connected { headers: headers.into(), ..v1::Connected::default() };
        let asked = ["x-real".to_owned(), "cookie".to_owned()];
        let told = read(gateway, &asked, event(&client.to_string(), Event::Connected(connected)));
        let Some(Told::Client(_, ClientEvent::Connected(handshake))) = told else {
            panic!("{told:?}");
        };
        let names: Vec<_> = handshake.headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(names, ["cookie", "cookie", "x-real"]);
        assert_eq!(handshake.header("cookie"), Some("a=1"));
        assert_eq!(handshake.header("origin"), None);
    }
}
