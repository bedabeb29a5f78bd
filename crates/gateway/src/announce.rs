//! Tells every register that this gateway lives: the stream is the lease, and a broken one is opened again.

use std::time::Duration;

use gatepipe_daemon::network::Dial;
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::v1;
use gatepipe_proto::v1::register_client::RegisterClient;
use rand::Rng;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::Endpoint;

/// First pause after a failure; it doubles up to [`SLOWEST`], so that a register that returns knows us within 2 s.
const FASTEST: Duration = Duration::from_millis(50);
const SLOWEST: Duration = Duration::from_secs(1);
/// How long a register may take to be reached or to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a goodbye to the registers may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// HTTP/2 pings on the lease, so that a register whose host is silent is noticed.
const KEEPALIVE: Duration = Duration::from_secs(3);

/// What the registers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Serving,
    Draining,
    Leaving,
}

/// The gateway's announcements to all registers.
#[derive(Debug)]
pub(crate) struct Announcements {
    state: watch::Sender<State>,
    accepted: watch::Receiver<bool>,
    tasks: JoinSet<()>,
}

impl Announcements {
    /// Begins to announce `gateway_id` at `address` to every register, each in its own task.
    pub(crate) fn begin(
        registers: Vec<Endpoint>,
        dial: &Dial,
        secret: &SendSecret,
        gateway_id: &str,
        address: &str,
    ) -> Self {
        let (state, _) = watch::channel(State::Serving);
        let (accepted_sender, accepted) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for register in registers {
            let announcer = Announcer {
                register: tuned(register),
                dial: dial.clone(),
                secret: secret.clone(),
                entry: v1::GatewayEntry {
                    gateway_id: gateway_id.to_owned(),
                    address: address.to_owned(),
                    draining: false,
                },
                state: state.subscribe(),
                accepted: accepted_sender.clone(),
            };
            tasks.spawn(announcer.run());
        }
        Self { state, accepted, tasks }
    }

    /// Resolves when one register has accepted us once.
    pub(crate) fn accepted_once(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut accepted = self.accepted.clone();
        async move {
            if accepted.wait_for(|accepted| *accepted).await.is_err() {
                // Every announcer has ended without being accepted: there is nothing to wait for any more.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Still a member, but no new sockets.
    pub(crate) fn drain(&self) {
        self.state.send_replace(State::Draining);
    }

    /// Off the list now; waits until the registers heard it, or not much longer.
    pub(crate) async fn leave(mut self) {
        self.state.send_replace(State::Leaving);
        let heard = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, heard).await.is_err() {
            tracing::warn!("a register did not hear that this gateway left: it will notice by itself");
        }
    }
}

fn tuned(register: Endpoint) -> Endpoint {
    register
        .connect_timeout(PATIENCE)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .keep_alive_while_idle(true)
}

struct Announcer {
    register: Endpoint,
    dial: Dial,
    secret: SendSecret,
    entry: v1::GatewayEntry,
    state: watch::Receiver<State>,
    accepted: watch::Sender<bool>,
}

/// How one lease ended.
enum Ended {
    Left,
    Lost(Status),
}

impl Announcer {
    async fn run(mut self) {
        let mut pause = FASTEST;
        let mut complained = false;
        loop {
            let mut held = false;
            let status = match self.hold_lease(&mut held).await {
                Ended::Left => return,
                Ended::Lost(status) => status,
            };
            if held {
                (pause, complained) = (FASTEST, false);
            }
            if !complained {
                let register = self.register.uri();
                tracing::warn!(%register, reason = status.message(), "not announced: trying again");
                complained = true;
            }
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            let left = self.state.wait_for(|state| *state == State::Leaving);
            // Whoever is not listed has nothing to take back.
            if tokio::time::timeout(jittered, left).await.is_ok() {
                return;
            }
            pause = (pause * 2).min(SLOWEST);
        }
    }

    /// Announces until the stream breaks or the gateway leaves. Sets `held` once the register has accepted.
    async fn hold_lease(&mut self, held: &mut bool) -> Ended {
        let channel = match self.register.connect_with_connector(self.dial.clone()).await {
            Ok(channel) => channel,
            Err(error) => return Ended::Lost(Status::unavailable(reason(&error))),
        };
        let mut register = RegisterClient::with_interceptor(channel, self.secret.clone());
        let (sender, receiver) = mpsc::channel(1);
        // The stream's head comes with the first answer, so the announcement has to be on its way already.
        let first = *self.state.borrow_and_update();
        drop(sender.send(self.announcement(first)).await);
        let opened = tokio::time::timeout(PATIENCE, register.announce(ReceiverStream::new(receiver))).await;
        let mut answers = match opened {
            Ok(Ok(answers)) => answers.into_inner(),
            Ok(Err(status)) => return Ended::Lost(status),
            Err(_) => return Ended::Lost(Status::deadline_exceeded("the register did not answer")),
        };
        let mut said = first;
        loop {
            tokio::select! {
                answer = answers.message() => match answer {
                    Ok(Some(_)) => {
                        if !*held {
                            tracing::info!(register = %self.register.uri(), "announced");
                        }
                        *held = true;
                        self.accepted.send_replace(true);
                    }
                    // The register closes the stream of a gateway that has left.
                    Ok(None) if said == State::Leaving => return Ended::Left,
                    Ok(None) => return Ended::Lost(Status::unavailable("the register ended the stream")),
                    Err(status) if said == State::Leaving => {
                        tracing::debug!(%status, "left");
                        return Ended::Left;
                    }
                    Err(status) => return Ended::Lost(status),
                },
                changed = self.state.changed(), if said != State::Leaving => {
                    if changed.is_err() {
                        return Ended::Left;
                    }
                    said = *self.state.borrow_and_update();
                    if sender.send(self.announcement(said)).await.is_err() {
                        return Ended::Lost(Status::unavailable("the register ended the stream"));
                    }
                }
            }
        }
    }

    fn announcement(&self, state: State) -> v1::Announcement {
        let gateway = v1::GatewayEntry { draining: state != State::Serving, ..self.entry.clone() };
        v1::Announcement { gateway: Some(gateway), leaving: state == State::Leaving }
    }
}

/// The innermost cause, which is the one that a person can do something about.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
