//! Calls that follow a uid on a scripted gateway: the test says what they are told.

use std::pin::Pin;

use gatepipe_client::GatewayId;
use gatepipe_proto::v1;
use gatepipe_proto::v1::follow_step::Step;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Steps that a test tells at once, at most.
const STEPS: usize = 64;

pub(super) type Steps = Pin<Box<dyn Stream<Item = Result<v1::FollowStep, Status>> + Send>>;

pub(super) struct Follows {
    id: GatewayId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    refusal: Option<Status>,
    open: Vec<mpsc::Sender<Result<v1::FollowStep, Status>>>,
}

impl Follows {
    pub(super) fn new(id: GatewayId) -> Self {
        Self { id, state: Mutex::default() }
    }

    pub(super) fn open(&self, clients: u64) -> Result<Steps, Status> {
        let mut state = self.state.lock();
        if let Some(refusal) = &state.refusal {
            return Err(refusal.clone());
        }
        let (sender, steps) = mpsc::channel(STEPS);
        let following = v1::Following { gateway_id: self.id.to_string(), clients, draining: false };
        let step = Some(Step::Following(following));
        sender
            .try_send(Ok(v1::FollowStep { step, ..v1::FollowStep::default() }))
            .expect("room for the first");
        state.open.push(sender);
        Ok(Box::pin(ReceiverStream::new(steps)))
    }

    /// From now on nobody may follow.
    pub(super) fn refuse(&self, refusal: Status) {
        self.state.lock().refusal = Some(refusal);
    }

    /// Tells everybody who follows.
    pub(super) fn tell(&self, step: &v1::FollowStep) {
        for sender in &self.state.lock().open {
            sender.try_send(Ok(step.clone())).expect("room for a step");
        }
    }

    /// Ends all of them.
    pub(super) fn end(&self) {
        self.state.lock().open.clear();
    }
}
