//! One page of clients out of the pages of all gateways: pure.
//!
//! A client id begins with its gateway's id, so the order of clients over all gateways is: gateway by gateway in order of id, and
//! within each as that gateway lists them.

use gatepipe_proto::{ClientId, v1};

/// Takes the pages of gateways, in order of their ids, until one page is full.
#[derive(Default)]
pub(crate) struct Pages {
    clients: Vec<v1::ClientEntry>,
    /// A gateway has more clients than its page: what follows belongs to a later page.
    cut: bool,
}

impl Pages {
    pub(crate) fn add(&mut self, page: v1::ClientsReply) {
        if self.cut {
            return;
        }
        self.cut = page.more && !page.clients.is_empty();
        self.clients.extend(page.clients);
    }

    /// At most `limit` clients, and the one to go on after.
    pub(crate) fn finish(self, limit: usize) -> (Vec<v1::ClientEntry>, Option<ClientId>) {
        let mut clients = self.clients;
        let more = self.cut || clients.len() > limit;
        clients.truncate(limit);
        let last = clients.last().filter(|_| more);
        let next = last.and_then(|client| client.client_id.parse().ok());
        (clients, next)
    }
}

#[cfg(test)]
mod tests {
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
            let (clients, found_next) = pages.finish(2);
            let ids: Vec<ClientId> = clients.iter().map(|client| client.client_id.parse().unwrap()).collect();
            assert_eq!((ids.as_slice(), found_next), (*expected, *next), "{name}");
        }
    }
}
