//! The clients of one uid in one shard.

use std::sync::Arc;

use gatepipe_proto::ClientId;
use hashbrown::HashMap;

use super::give_back;
use crate::client::Client;

/// At least one client. Almost always there is only this one, which then costs no memory of its own; a map when there are more, so
/// that leaving a uid of a hundred thousand clients is as quick as leaving one of two.
#[derive(Debug)]
pub(super) enum SameUid {
    One(Arc<Client>),
    Many(Box<HashMap<ClientId, Arc<Client>>>),
}

impl SameUid {
    /// Takes a client in, unless it is there.
    pub(super) fn insert(&mut self, client: Arc<Client>) {
        match self {
            Self::One(one) if one.id == client.id => {}
            Self::One(one) => {
                let both = [one.clone(), client].map(|client| (client.id, client));
                *self = Self::Many(Box::new(HashMap::from_iter(both)));
            }
            Self::Many(many) => drop(many.insert(client.id, client)),
        }
    }

    /// Takes a client out. `true` when nobody else is there, and then it is the caller's to let go.
    pub(super) fn remove(&mut self, id: ClientId) -> bool {
        match self {
            Self::One(one) => one.id == id,
            Self::Many(many) => {
                many.remove(&id);
                give_back(many);
                if many.len() == 1
                    && let Some(last) = many.values().next().cloned()
                {
                    *self = Self::One(last);
                }
                false
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len(),
        }
    }

    /// Each once, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), None),
            Self::Many(many) => (None, Some(many.values())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}
