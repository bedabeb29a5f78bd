//! What is aboard, joined into as few writes as may be.

use std::collections::HashSet;
use std::mem::take;
use std::sync::Arc;

use bytes::BytesMut;
use gatepipe_proto::ClientId;

use crate::encode::Frame;
use crate::trail::{Fate, Mark, Trail};

/// Most bytes that are joined. Larger frames gain nothing by it: the copy then costs more than the write that it saves.
const JOINED_BYTES: usize = 64 << 10;

/// One frame for everybody but the excluded.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) frame: Frame,
    pub(super) exclude: Arc<HashSet<ClientId>>,
    /// Somebody may want to know what becomes of it.
    pub(super) trail: Option<Arc<Trail>>,
}

impl Post {
    /// Whether this client gets it, if at all, by itself.
    fn is_special_to(&self, client: &ClientId) -> bool {
        self.trail.as_ref().is_some_and(|trail| !trail.is_over()) || self.exclude.contains(client)
    }
}

/// Posts in order, in pieces that leave in one write each.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<Piece>);

#[derive(Debug, Default)]
struct Piece {
    joined: Frame,
    /// The frames of `posts`.
    frames: Vec<Frame>,
    posts: Vec<Post>,
    /// Nobody is excluded from any of them, and nobody wants to know of them.
    is_for_all: bool,
    /// How many took all of them.
    took_all: usize,
    /// How many took one of them alone, in their order.
    took_one: Vec<usize>,
}

impl Batch {
    /// Joins posts; a piece has at most `most` bytes, unless it is one frame.
    pub(super) fn new<'a>(posts: impl Iterator<Item = &'a Post>, most: usize) -> Self {
        let most = most.min(JOINED_BYTES);
        let mut pieces: Vec<Vec<Post>> = Vec::new();
        let mut room = 0;
        for post in posts {
            if post.frame.len() > room || pieces.is_empty() {
                room = most;
                pieces.push(Vec::new());
            }
            room = room.saturating_sub(post.frame.len());
            if let Some(piece) = pieces.last_mut() {
                piece.push(post.clone());
            }
        }
        Self(pieces.into_iter().map(Piece::new).collect())
    }

    /// Offers one client what it is to have, in order. `offer` is given frames, joined and one by one, and tells whether they were
    /// taken: all, or none. Where there is a trail `mark` gives what tells of this client on it, and `offer` is given that, too.
    pub(super) fn offer_to(
        &mut self,
        client: &ClientId,
        mark: impl Fn(&Trail) -> Option<Mark>,
        mut offer: impl FnMut(&Frame, &[Frame], Option<&Mark>) -> bool,
    ) {
        for piece in &mut self.0 {
            if piece.is_for_all || !piece.posts.iter().any(|post| post.is_special_to(client)) {
                piece.took_all += usize::from(offer(&piece.joined, &piece.frames, None));
                continue;
            }
            for (post, took) in piece.posts.iter().zip(&mut piece.took_one) {
                let mark = post.trail.as_deref().and_then(&mark);
                if !post.exclude.contains(client) {
                    let taken = offer(&post.frame, std::slice::from_ref(&post.frame), mark.as_ref());
                    *took += usize::from(taken);
                } else if let Some(mark) = mark {
                    mark.offered(Fate::Excluded);
                }
            }
        }
    }

    /// How many took each post since the last call, in order.
    pub(super) fn take_reached(&mut self) -> impl Iterator<Item = usize> {
        self.0.iter_mut().flat_map(|piece| {
            let took_all = take(&mut piece.took_all);
            piece.took_one.iter_mut().map(move |took| took_all + take(took))
        })
    }
}

impl Piece {
    fn new(posts: Vec<Post>) -> Self {
        let frames: Vec<Frame> = posts.iter().map(|post| post.frame.clone()).collect();
        let joined = match &frames[..] {
            [one] => one.clone(),
            many => {
                let mut joined = BytesMut::with_capacity(many.iter().map(Frame::len).sum());
                many.iter().for_each(|frame| joined.extend_from_slice(frame));
                joined.freeze()
            }
        };
        Self {
            joined,
            is_for_all: posts.iter().all(|post| post.exclude.is_empty() && post.trail.is_none()),
            took_one: vec![0; posts.len()],
            took_all: 0,
            frames,
            posts,
        }
    }
}
