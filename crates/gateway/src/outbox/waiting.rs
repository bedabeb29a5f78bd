//! The frames that wait for one socket, and the marks of those whose fate somebody wants to know.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Buf;

use super::Budget;
use crate::encode::Frame;
use crate::trail::{Fate, Lost, Mark};
use crate::wire::Wire;

/// Most frames that leave in one write.
const SLICES: usize = 64;

/// At least one frame that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// With the time of its offer, in the gateway's milliseconds.
    frames: VecDeque<(Frame, u64)>,
    bytes: usize,
    /// The first frame is partly on the wire and must be finished before anything else.
    head_is_cut: bool,
    /// Where its bytes stand. Those of a client that was closed because it is too slow stand nowhere: what is left of them goes
    /// within the goodbye, and must not make others leave.
    budget: Option<Arc<Budget>>,
    /// Bytes that have left since something waits.
    gone: usize,
    /// In order, each with the value of `gone` by which its frame has left. Nearly always empty, and then nothing is allocated for it.
    marks: VecDeque<(usize, Mark)>,
}

impl Waiting {
    pub(super) fn new(budget: Option<Arc<Budget>>) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            head_is_cut: false,
            budget,
            gone: 0,
            marks: VecDeque::new(),
        }
    }

    /// What is left of a client that is too slow: the frame that is partly on the wire, if one is. All others are lost.
    pub(super) fn cut(mut self) -> Self {
        let mut left = Self::new(None);
        if self.head_is_cut
            && let Some((head, at)) = self.frames.pop_front()
        {
            self.uncount(head.len());
            let ends_at = self.gone + head.len();
            while self.marks.front().is_some_and(|(at, _)| *at <= ends_at) {
                left.marks.extend(self.marks.pop_front().map(|(_, mark)| (head.len(), mark)));
            }
            left.push(head, at);
            left.head_is_cut = true;
        }
        self.lose(Lost::TooSlow);
        left
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// When the oldest was offered.
    pub(super) fn oldest_at(&self) -> Option<u64> {
        self.frames.front().map(|(_, at)| *at)
    }

    pub(super) fn push(&mut self, frame: Frame, at: u64) {
        self.bytes += frame.len();
        if let Some(budget) = &self.budget {
            budget.add(frame.len());
        }
        self.frames.push_back((frame, at));
    }

    /// Queues what is left of a frame that is partly on the wire. Nothing waited before it.
    pub(super) fn push_cut(&mut self, frame: Frame, at: u64) {
        self.head_is_cut = true;
        self.push(frame, at);
    }

    /// Tells `mark` what becomes of the last frame.
    pub(super) fn mark_last(&mut self, mark: Mark) {
        self.marks.push_back((self.gone + self.bytes, mark));
    }

    /// Tells everybody who wants to know that nothing of this will be written any more.
    pub(super) fn lose(&mut self, why: Lost) {
        for (_, mark) in self.marks.drain(..) {
            mark.settled(Fate::Lost(why));
        }
    }

    fn uncount(&mut self, bytes: usize) {
        self.bytes -= bytes;
        if let Some(budget) = &self.budget {
            budget.sub(bytes);
        }
    }

    pub(super) fn write_to(&self, wire: &Wire) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, (frame, _)) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(frame);
            count += 1;
        }
        wire.try_write(&slices[..count])
    }

    /// Takes away what has been written.
    pub(super) fn take(&mut self, mut written: usize) {
        self.uncount(written);
        self.gone += written;
        while written > 0 {
            let Some((head, _)) = self.frames.front_mut() else {
                break;
            };
            if written < head.len() {
                head.advance(written);
                self.head_is_cut = true;
                break;
            }
            written -= head.len();
            self.frames.pop_front();
            self.head_is_cut = false;
        }
        while let Some((_, mark)) = self.marks.pop_front_if(|(at, _)| *at <= self.gone) {
            mark.settled(Fate::Written);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.uncount(self.bytes);
        self.lose(Lost::Broken);
    }
}
