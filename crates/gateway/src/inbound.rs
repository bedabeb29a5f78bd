//! A client's frame, and what to do with it: answer a ping, offer the rest to workers. The gateway is only a pipe.

use std::sync::Arc;

use gatepipe_proto::{ClientFrame, frame};

use crate::client::Client;
use crate::encode::{self, Frame};
use crate::events::{Events, Said};
use crate::metrics::Metrics;

/// One for all connections of a gateway; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Inbound(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max_message_bytes: usize,
    max_frames_per_second: u32,
    pong: Frame,
    events: Arc<Events>,
    metrics: Arc<Metrics>,
}

impl Inbound {
    pub(crate) fn new(
        max_message_bytes: usize,
        max_frames_per_second: u32,
        events: Arc<Events>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let pong = encode::text(frame::PONG);
        Self(Arc::new(Shared { max_message_bytes, max_frames_per_second, pong, events, metrics }))
    }

    /// The same with other limits.
    pub(crate) fn with(&self, max_message_bytes: usize, max_frames_per_second: u32) -> Self {
        let Shared { events, metrics, .. } = &*self.0;
        Self::new(max_message_bytes, max_frames_per_second, events.clone(), metrics.clone())
    }

    /// Longest message a client may send, in bytes.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.0.max_message_bytes
    }

    /// Frames a client may send in a second; 0: any number.
    pub(crate) fn max_frames_per_second(&self) -> u32 {
        self.0.max_frames_per_second
    }

    /// A text message.
    pub(crate) fn text(&self, client: &Client, text: &str) {
        client.heard(text.len());
        match ClientFrame::read(text) {
            ClientFrame::Ping => drop(client.offer(&self.0.pong)),
            ClientFrame::Other => self.tell(client, Said::Text(text)),
        }
    }

    /// A binary message.
    pub(crate) fn binary(&self, client: &Client, bytes: &[u8]) {
        client.heard(bytes.len());
        self.tell(client, Said::Binary(bytes));
    }

    fn tell(&self, client: &Client, said: Said<'_>) {
        if !self.0.events.message(client, said) {
            self.0.metrics.frames_dropped.inc();
        }
    }

    /// A Ping or Pong frame. The WebSocket reader answers a Ping by itself.
    pub(crate) fn control(&self, client: &Client, payload: &[u8]) {
        client.heard(payload.len());
    }
}
