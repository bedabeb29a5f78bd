//! Whole lists as streams: page by page as they are read, in bounded memory (a page of each gateway), a deadline for each page.

use std::collections::VecDeque;

use futures_util::future::join_all;
use futures_util::{Stream, stream};
use gatepipe_proto::{ClientId, GatewayId, Session, v1};

use super::GatewayClient;
use super::lists::{clients_question, read_session};
use crate::cursor::List;
use crate::merge::{Merge, Named, NamesPage};
use crate::query::Question;
use crate::{ClientInfo, Error, Failure, Filter, GroupInfo, UidInfo};

/// Items that a stream asks a gateway for at once.
const PAGE: u32 = 1_000;

impl GatewayClient {
    /// Every client of `filter`, gateway by gateway, in order of client id.
    ///
    /// The gateways are asked page by page as the stream is read, each page with a deadline of its own; those that join meanwhile
    /// are not asked. A gateway that does not answer gives one `Err` in place of the rest of its clients, and the stream goes on
    /// with the next one. Dropping the stream ends it.
    ///
    /// GatewayWorker: `getAllClientIdList`, `getClientIdListByGroup`, `getAllGroupClientIdList`, `getAllGroupUidList` as a whole.
    ///
    /// # Errors
    /// [`Error::NeverHeard`] when no register was ever heard, so that nobody can be asked.
    pub fn all_clients(
        &self,
        filter: Filter,
    ) -> Result<impl Stream<Item = Result<ClientInfo, Failure>> + Send + Unpin + use<>, Error> {
        self.stream_clients(List::Clients, filter, ClientInfo::read)
    }

    /// The session of every client of `filter`, as [`all_clients`](Self::all_clients) streams them; `{}` where none was set.
    ///
    /// GatewayWorker: `getAllClientSessions`, `getClientSessionsByGroup` as a whole.
    ///
    /// # Errors
    /// [`Error::NeverHeard`]
    pub fn all_sessions(
        &self,
        filter: Filter,
    ) -> Result<impl Stream<Item = Result<(ClientId, Session), Failure>> + Send + Unpin + use<>, Error> {
        self.stream_clients(List::Sessions, filter, read_session)
    }

    /// Every uid that clients of `filter` are bound to, in byte order, each once.
    ///
    /// All gateways are asked page by page at the same time as the stream is read. A gateway that does not answer gives one
    /// `Err`; from there on its clients are missing from the uids.
    ///
    /// GatewayWorker: `getAllUidList`, `getUidListByGroup` as a whole.
    ///
    /// # Errors
    /// [`Error::NeverHeard`]
    pub fn all_uids(
        &self,
        filter: Filter,
    ) -> Result<impl Stream<Item = Result<UidInfo, Failure>> + Send + Unpin + use<>, Error> {
        let gateways = self.heard_gateways(&filter.gateways)?;
        let filter = filter.on_the_wire();
        let question =
            move |after_uid| v1::UidsRequest { after_uid, limit: PAGE, filter: Some(filter.clone()) };
        Ok(Box::pin(self.stream_names(gateways, question)))
    }

    /// Every group that has a member, in byte order, each once; otherwise as [`all_uids`](Self::all_uids).
    ///
    /// GatewayWorker: `getAllGroupIdList` as a whole.
    ///
    /// # Errors
    /// [`Error::NeverHeard`]
    pub fn all_groups(
        &self,
    ) -> Result<impl Stream<Item = Result<GroupInfo, Failure>> + Send + Unpin + use<>, Error> {
        let question =
            |after_group| v1::GroupsRequest { after_group, limit: PAGE, groups: Vec::new(), uids: true };
        Ok(Box::pin(self.stream_names(self.heard_gateways(&[])?, question)))
    }

    /// The gateways that a stream leads through. Nobody to ask would look like nobody there, so that is an error.
    fn heard_gateways(&self, wanted: &[GatewayId]) -> Result<Vec<GatewayId>, Error> {
        let view = self.view();
        if !view.heard {
            return Err(Error::NeverHeard);
        }
        Ok(view.asked(wanted))
    }

    fn stream_clients<T: Send + 'static>(
        &self,
        list: List,
        filter: Filter,
        read: fn(v1::ClientEntry) -> Option<T>,
    ) -> Result<impl Stream<Item = Result<T, Failure>> + Send + Unpin + use<T>, Error> {
        let reading = ReadingClients {
            gateways: self.heard_gateways(&filter.gateways)?.into(),
            client: self.clone(),
            list,
            filter,
            after: None,
            told: VecDeque::new(),
        };
        Ok(Box::pin(stream::unfold(reading, move |mut reading| async move {
            loop {
                let item = match reading.next().await? {
                    Ok(entry) => read(entry).map(Ok),
                    Err(failure) => Some(Err(failure)),
                };
                if let Some(item) = item {
                    return Some((item, reading));
                }
            }
        })))
    }

    fn stream_names<Q, W, F>(
        &self,
        gateways: Vec<GatewayId>,
        question: F,
    ) -> impl Stream<Item = Result<W, Failure>> + Send + use<Q, W, F>
    where
        Q: Question<Reply: NamesPage<Entry: Named<Whole = W> + Send>> + 'static,
        W: Send + 'static,
        F: Fn(String) -> Q + Send + Sync + 'static,
    {
        let reading = ReadingNames {
            merge: Merge::new(gateways, ""),
            client: self.clone(),
            question,
            failures: VecDeque::new(),
        };
        stream::unfold(reading, |mut reading| async move {
            let item = reading.next().await?;
            Some((item, reading))
        })
    }

    /// One gateway's page, by a deadline of its own. `None` when it is no member any more, and its clients are gone with it.
    async fn page_of<Q: Question>(
        &self,
        gateway: GatewayId,
        question: Q,
    ) -> Option<Result<Q::Reply, Failure>> {
        let view = self.view();
        if view.asked(&[gateway]).is_empty() {
            return None;
        }
        let page = view.ask(gateway, self.deadline(), question).await;
        Some(page.map_err(|reason| Failure { gateway, reason }))
    }
}

/// How far a stream of clients has come.
struct ReadingClients {
    client: GatewayClient,
    list: List,
    filter: Filter,
    /// Those that were not read to their end; the first one is being read.
    gateways: VecDeque<GatewayId>,
    /// The last client of its last page.
    after: Option<ClientId>,
    /// What is left of that page.
    told: VecDeque<v1::ClientEntry>,
}

impl ReadingClients {
    async fn next(&mut self) -> Option<Result<v1::ClientEntry, Failure>> {
        loop {
            if let Some(entry) = self.told.pop_front() {
                return Some(Ok(entry));
            }
            let gateway = *self.gateways.front()?;
            let question = clients_question(self.list, &self.filter, PAGE, self.after);
            match self.client.page_of(gateway, question).await {
                Some(Ok(page)) => self.take(page),
                Some(Err(failure)) => {
                    self.leave();
                    return Some(Err(failure));
                }
                None => self.leave(),
            }
        }
    }

    fn take(&mut self, page: v1::ClientsReply) {
        let last = page.clients.last().and_then(|entry| entry.client_id.parse().ok());
        self.told = page.clients.into();
        // A page that does not lead on would be asked for for ever.
        match last {
            Some(last) if page.more && self.after.is_none_or(|after| last > after) => self.after = Some(last),
            _ => self.leave(),
        }
    }

    /// Goes on with the next gateway.
    fn leave(&mut self) {
        self.gateways.pop_front();
        self.after = None;
    }
}

/// How far a stream of names has come.
struct ReadingNames<P: NamesPage, F> {
    client: GatewayClient,
    question: F,
    merge: Merge<P>,
    failures: VecDeque<Failure>,
}

impl<P: NamesPage, F> ReadingNames<P, F> {
    async fn next<Q>(&mut self) -> Option<Result<<P::Entry as Named>::Whole, Failure>>
    where
        Q: Question<Reply = P>,
        F: Fn(String) -> Q,
    {
        loop {
            if let Some(failure) = self.failures.pop_front() {
                return Some(Err(failure));
            }
            if let Some(whole) = self.merge.next() {
                return Some(Ok(whole));
            }
            if self.merge.is_over() {
                return None;
            }
            let (client, question) = (&self.client, &self.question);
            let asking = self.merge.wants().into_iter().map(|(gateway, after)| {
                let question = question(after);
                async move { (gateway, client.page_of(gateway, question).await) }
            });
            for (gateway, page) in join_all(asking).await {
                match page {
                    Some(Ok(page)) => self.merge.add(gateway, page),
                    Some(Err(failure)) => {
                        self.merge.leave_out(gateway);
                        self.failures.push_back(failure);
                    }
                    None => self.merge.leave_out(gateway),
                }
            }
        }
    }
}
