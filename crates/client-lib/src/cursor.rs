//! Where a page of a list starts, as a text that callers keep.

use std::fmt;
use std::str::FromStr;

use gatepipe_proto::id::MAX_NAME_BYTES;
use gatepipe_proto::{ClientId, GatewayId};

use crate::{Error, Filter};

/// Where the next page of a list starts: after the last item of the page before. Kept and given back as text
/// ([`Display`](fmt::Display) and [`FromStr`]); what stands in it is of no concern.
///
/// It holds a place in the order of the list, not a thing that must still exist: clients, uids, groups and gateways may come and go
/// between two pages, and whatever stayed is neither missed nor repeated. It belongs to one kind of list and one [`Filter`];
/// elsewhere it is refused as [`Error::OtherList`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    list: List,
    filter: u64,
    after: After,
}

/// The kinds of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Clients,
    Sessions,
    Uids,
    Groups,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum After {
    Client(ClientId),
    Name(String),
}

/// Text that is not a [`Cursor`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor: give back what came with the page before, unchanged")]
pub struct InvalidCursor;

impl Cursor {
    /// A cursor into the [`clients`](crate::GatewayClient::clients) of `filter`, for who knows a client to start after.
    #[must_use]
    pub fn after_client(client: ClientId, filter: &Filter) -> Self {
        Self::at_client(List::Clients, client, filter)
    }

    pub(crate) fn at_client(list: List, client: ClientId, filter: &Filter) -> Self {
        Self { list, filter: filter.fingerprint(), after: After::Client(client) }
    }

    pub(crate) fn at_name(list: List, name: String, filter: &Filter) -> Self {
        Self { list, filter: filter.fingerprint(), after: After::Name(name) }
    }

    /// The client that a page of `list` starts after.
    pub(crate) fn client(&self, list: List, filter: &Filter) -> Result<ClientId, Error> {
        match &self.after {
            After::Client(client) if self.belongs_to(list, filter) => Ok(*client),
            _ => Err(Error::OtherList),
        }
    }

    /// The name that a page of `list` starts after.
    pub(crate) fn name(&self, list: List, filter: &Filter) -> Result<&str, Error> {
        match &self.after {
            After::Name(name) if self.belongs_to(list, filter) => Ok(name),
            _ => Err(Error::OtherList),
        }
    }

    fn belongs_to(&self, list: List, filter: &Filter) -> bool {
        self.list == list && self.filter == filter.fingerprint()
    }
}

impl List {
    const ALL: [Self; 4] = [Self::Clients, Self::Sessions, Self::Uids, Self::Groups];

    fn word(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Sessions => "sessions",
            Self::Uids => "uids",
            Self::Groups => "groups",
        }
    }
}

/// `LIST-FINGERPRINT-PLACE`, the place in hex digits: a text that needs no quoting in a URL or a shell.
impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{:016x}-", self.list.word(), self.filter)?;
        match &self.after {
            After::Client(client) => client.fmt(out),
            After::Name(name) => name.bytes().try_for_each(|byte| write!(out, "{byte:02x}")),
        }
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().ok_or(InvalidCursor);
        let word = part()?;
        let list = List::ALL.into_iter().find(|list| list.word() == word).ok_or(InvalidCursor)?;
        // As many digits as a gateway's id has, and just as strict about them.
        let filter = part()?;
        filter.parse::<GatewayId>().map_err(|_| InvalidCursor)?;
        let filter = u64::from_str_radix(filter, 16).map_err(|_| InvalidCursor)?;
        let place = part()?;
        let after = match list {
            List::Clients | List::Sessions => After::Client(place.parse().map_err(|_| InvalidCursor)?),
            List::Uids | List::Groups => After::Name(name_of(place).ok_or(InvalidCursor)?),
        };
        Ok(Self { list, filter, after })
    }
}

fn name_of(digits: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<_>> = digits.as_bytes().chunks(2).map(byte).collect();
    let name = String::from_utf8(bytes?).ok()?;
    (1..=MAX_NAME_BYTES).contains(&name.len()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> ClientId {
        "00112233445566778899aabbccddeeff00112233".parse().unwrap()
    }

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let filter = Filter::group("lobby".parse().unwrap());
        let cursors = [
            Cursor::after_client(client(), &filter),
            Cursor::at_client(List::Sessions, client(), &Filter::default()),
            Cursor::at_name(List::Uids, "张三".into(), &filter),
            Cursor::at_name(List::Groups, "x".repeat(255), &filter),
        ];
        for cursor in cursors {
            let text = cursor.to_string();
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{text}");
            assert_eq!(text.parse(), Ok(cursor));
        }
    }

    #[test]
    fn it_is_taken_only_by_its_list_with_its_filter() {
        let filter = Filter::group("lobby".parse().unwrap());
        let at_client = Cursor::after_client(client(), &filter);
        assert_eq!(at_client.client(List::Clients, &filter), Ok(client()));
        assert_eq!(at_client.client(List::Sessions, &filter), Err(Error::OtherList));
        assert_eq!(at_client.client(List::Clients, &Filter::default()), Err(Error::OtherList));
        assert_eq!(at_client.name(List::Clients, &filter), Err(Error::OtherList));
        let at_name = Cursor::at_name(List::Uids, "ana".into(), &filter);
        assert_eq!(at_name.name(List::Uids, &filter), Ok("ana"));
        assert_eq!(at_name.name(List::Groups, &filter), Err(Error::OtherList));
        assert_eq!(at_name.client(List::Uids, &filter), Err(Error::OtherList));
    }

    #[test]
    fn other_text_is_refused() {
        let id = client().to_string();
        let wrong = [
            String::new(),
            "clients".into(),
            id.clone(),
            format!("clients--{id}"),
            format!("clients-0123456789abcdeg-{id}"),
            format!("clients-+123456789abcdef-{id}"),
            format!("clients-0123456789ABCDEF-{id}"),
            format!("clients-0123456789abcdef-{id}-"),
            format!("pages-0123456789abcdef-{id}"),
            "clients-0123456789abcdef-616e61".into(),
            "uids-0123456789abcdef-".into(),
            "uids-0123456789abcdef-6".into(),
            "uids-0123456789abcdef-6E".into(),
            "uids-0123456789abcdef-ff".into(),
            "uids-0123456789abcdef-+1".into(),
            format!("uids-0123456789abcdef-{}", "61".repeat(256)),
        ];
        for text in wrong {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
        }
        assert!(format!("uids-0123456789abcdef-{id}").parse::<Cursor>().is_err(), "not UTF-8");
    }
}
