//! One page of clients out of the pages of all gateways: pure.
//!
//! A client id begins with its gateway's id, so the order of clients over all gateways is: gateway by gateway in order of id, and
//! within each as that gateway lists them.

use gatepipe_proto::{Uid, v1};

use crate::words::{ClientInfo, Clients};

/// Takes the pages of gateways, in order of their ids, until one page is full.
#[derive(Default)]
pub(crate) struct Pages {
    clients: Clients,
    /// A gateway has more clients than its page: what follows belongs to a later page.
    cut: bool,
}

impl Pages {
    pub(crate) fn add(&mut self, page: v1::ClientsReply) {
        if self.cut {
            return;
        }
        self.cut = page.more && !page.clients.is_empty();
        self.clients.clients.extend(page.clients.into_iter().filter_map(readable));
    }

    /// At most `limit` clients, and where to go on.
    pub(crate) fn finish(self, limit: usize) -> Clients {
        let mut page = self.clients;
        let more = self.cut || page.clients.len() > limit;
        page.clients.truncate(limit);
        page.next = page.clients.last().filter(|_| more).map(|client| client.client_id);
        page
    }
}

fn readable(entry: v1::ClientEntry) -> Option<ClientInfo> {
    Some(ClientInfo {
        client_id: entry.client_id.parse().ok()?,
        uid: Uid::try_from(entry.uid.as_str()).ok(),
        remote_address: entry.remote_address,
        connected_at_ms: entry.connected_at_ms,
    })
}

#[cfg(test)]
mod tests {
    use gatepipe_proto::ClientId;

    use super::*;

    fn id(gateway: u8, number: u8) -> ClientId {
        format!("{gateway:016x}{number:024x}").parse().unwrap()
    }

    fn reply(gateway: u8, numbers: &[u8], more: bool) -> v1::ClientsReply {
        let entry = |number: &u8| v1::ClientEntry {
            client_id: id(gateway, *number).to_string(),
            ..v1::ClientEntry::default()
        };
        let clients = numbers.iter().map(entry).collect();
        v1::ClientsReply { clients, more }
    }

    #[test]
    fn pages_of_gateways_become_one_page_in_order() {
        type Case<'a> = (&'a str, Vec<v1::ClientsReply>, &'a [ClientId], Option<ClientId>);
        let (a1, a2, b1) = (id(1, 1), id(1, 2), id(2, 1));
        #[rustfmt::skip]
        let cases: &[Case] = &[
            ("nobody", vec![], &[], None),
            ("all fit", vec![reply(1, &[1], false), reply(2, &[1], false)], &[a1, b1], None),
            ("the second is cut", vec![reply(1, &[1], false), reply(2, &[1, 2], true)], &[a1, b1], Some(b1)),
            ("the first fills the page", vec![reply(1, &[1, 2], true), reply(2, &[1], false)], &[a1, a2], Some(a2)),
            ("exactly full and nothing more", vec![reply(1, &[1, 2], false)], &[a1, a2], None),
            ("a short page with more: the next gateway must wait", vec![reply(1, &[1], true), reply(2, &[1], false)], &[a1], Some(a1)),
            ("more of nothing is nothing", vec![reply(1, &[], true), reply(2, &[1], false)], &[b1], None),
        ];
        for (name, replies, expected, next) in cases {
            let mut pages = Pages::default();
            replies.iter().cloned().for_each(|reply| pages.add(reply));
            let page = pages.finish(2);
            let ids: Vec<_> = page.clients.iter().map(|client| client.client_id).collect();
            assert_eq!((ids.as_slice(), page.next), (*expected, *next), "{name}");
        }
    }
}
