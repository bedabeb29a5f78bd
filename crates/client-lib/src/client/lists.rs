//! Lists, a page at a time. What a gateway that failed holds is missing from a page, and the gateway is named.

use gatepipe_proto::{ClientId, Session, v1};

use super::GatewayClient;
use crate::cursor::List;
use crate::merge::{Merge, Named, NamesPage};
use crate::page::Pages;
use crate::query::Question;
use crate::{Answer, ClientInfo, Cursor, Error, Filter, GroupInfo, Listing, Page, UidInfo};

impl GatewayClient {
    /// A page of the clients of `filter`, in order of client id. The gateways of the filter are asked.
    ///
    /// Whoever is connected from the first page to the last is listed exactly once, whoever else comes and goes.
    ///
    /// GatewayWorker: `getAllClientIdList`, `getClientIdListByGroup`, `select`, and with the groups in each [`ClientInfo`] also
    /// `getAllGroupClientIdList`.
    ///
    /// # Errors
    /// [`Error::OtherList`] only: a gateway that fails is named in the answer.
    pub async fn clients(&self, filter: &Filter, page: &Page) -> Result<Answer<Listing<ClientInfo>>, Error> {
        self.list_clients(List::Clients, filter, page, ClientInfo::read).await
    }

    /// A page of the sessions of the clients of `filter`, in order of client id, as in [`clients`](Self::clients); `{}` when none
    /// was set. A page also ends when a gateway has told about 2 MiB of them.
    ///
    /// GatewayWorker: `getAllClientSessions`, `getClientSessionsByGroup`, and their older names `getAllClientInfo` and
    /// `getClientInfoByGroup`.
    ///
    /// # Errors
    /// [`Error::OtherList`] only.
    pub async fn sessions(
        &self,
        filter: &Filter,
        page: &Page,
    ) -> Result<Answer<Listing<(ClientId, Session)>>, Error> {
        self.list_clients(List::Sessions, filter, page, read_session).await
    }

    /// A page of the uids that clients of `filter` are bound to, in byte order, each once and with the number of those clients. The
    /// gateways of the filter are asked.
    ///
    /// GatewayWorker: `getAllUidList`, `getUidListByGroup`.
    ///
    /// # Errors
    /// [`Error::OtherList`] only.
    pub async fn uids(&self, filter: &Filter, page: &Page) -> Result<Answer<Listing<UidInfo>>, Error> {
        let on_the_wire = filter.on_the_wire();
        let question =
            |after_uid| v1::UidsRequest { after_uid, limit: page.most(), filter: Some(on_the_wire.clone()) };
        self.list_names(List::Uids, filter, page, question, |info: &UidInfo| info.uid.as_str()).await
    }

    /// A page of the groups that have a member, in byte order, each once and with the number of its members and of their uids. All
    /// gateways are asked. The members of one are the [`clients`](Self::clients) and [`uids`](Self::uids) of [`Filter::group`].
    ///
    /// GatewayWorker: `getAllGroupIdList`; with the uids of each group `getAllGroupUidList`, `getAllGroupUidCount` and
    /// `getAllGroupClientIdCount`, whose answers depend on the order of connections.
    ///
    /// # Errors
    /// [`Error::OtherList`] only.
    pub async fn groups(&self, page: &Page) -> Result<Answer<Listing<GroupInfo>>, Error> {
        let question = |after_group| v1::GroupsRequest {
            after_group,
            limit: page.most(),
            groups: Vec::new(),
            uids: true,
        };
        let everybody = Filter::default();
        self.list_names(List::Groups, &everybody, page, question, |info: &GroupInfo| info.group.as_str())
            .await
    }

    async fn list_clients<T>(
        &self,
        list: List,
        filter: &Filter,
        page: &Page,
        read: impl Fn(v1::ClientEntry) -> Option<T>,
    ) -> Result<Answer<Listing<T>>, Error> {
        let after = page.after.as_ref().map(|cursor| cursor.client(list, filter)).transpose()?;
        let question = |after| clients_question(list, filter, page.most(), after);
        let asked = self.ask_each(&filter.gateways, |gateway| match after {
            Some(after) if gateway < after.gateway() => Vec::new(),
            Some(after) if gateway == after.gateway() => vec![question(Some(after))],
            _ => vec![question(None)],
        });
        let answer = asked.await.sum(|pages: &mut Pages, _, reply| pages.add(reply));
        Ok(answer.map(|pages| {
            let (clients, next) = pages.finish(page.most() as usize);
            Listing {
                items: clients.into_iter().filter_map(read).collect(),
                next: next.map(|client| Cursor::at_client(list, client, filter)),
            }
        }))
    }

    async fn list_names<Q, W>(
        &self,
        list: List,
        filter: &Filter,
        page: &Page,
        question: impl Fn(String) -> Q,
        name: impl Fn(&W) -> &str,
    ) -> Result<Answer<Listing<W>>, Error>
    where
        Q: Question<Reply: NamesPage<Entry: Named<Whole = W>>>,
    {
        let after = page.after.as_ref().map(|cursor| cursor.name(list, filter)).transpose()?;
        let after = after.unwrap_or_default();
        let asked = self.ask_each(&filter.gateways, |_| vec![question(after.to_owned())]).await;
        let answer = asked.sum(|pages: &mut Vec<_>, gateway, reply| pages.push((gateway, reply)));
        Ok(answer.map(|pages| {
            let mut merge = Merge::new(pages.iter().map(|(gateway, _)| *gateway), after);
            pages.into_iter().for_each(|(gateway, page)| merge.add(gateway, page));
            let items: Vec<W> = std::iter::from_fn(|| merge.next()).take(page.most() as usize).collect();
            let last = items.last().filter(|_| !merge.is_over());
            let next = last.map(|last| Cursor::at_name(list, name(last).to_owned(), filter));
            Listing { items, next }
        }))
    }
}

/// Asks one gateway for a page of clients or sessions.
pub(super) fn clients_question(
    list: List,
    filter: &Filter,
    limit: u32,
    after: Option<ClientId>,
) -> v1::ClientsRequest {
    v1::ClientsRequest {
        after_client_id: after.map(|after| after.to_string()).unwrap_or_default(),
        limit,
        filter: Some(filter.on_the_wire()),
        sessions: list == List::Sessions,
    }
}

pub(super) fn read_session(entry: v1::ClientEntry) -> Option<(ClientId, Session)> {
    Some((entry.client_id.parse().ok()?, Session::parse(&entry.session).ok()?))
}
