//! Sending the message oneself: to the gateways, or through the api.

use gatepipe_client::{Failure as Missed, GatewayClient, GatewayId, Message, Uid};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::{Api, ApiArgs};
use crate::exit::{Exit, Failure};
use crate::frame::Frame;

/// A message that is about to be sent.
#[derive(Debug)]
pub struct Sending {
    pub message: Message,
    uid: Uid,
    /// `None`: to the gateways.
    through: Option<(Api, Push)>,
}

/// The body of `WebSocket/pushToUser`.
#[derive(Debug, Serialize)]
struct Push {
    uid: u64,
    r#type: String,
    /// As it was typed, so that the frame that the api makes of it is the one that is looked for.
    data: Box<RawValue>,
}

/// What became of sending it.
#[derive(Debug)]
pub enum Sent {
    /// By the gateways' receipts.
    ToGateways { reached: u64, asked: Vec<GatewayId>, failed: Vec<Missed> },
    /// The api took it, and says this.
    ThroughApi(Pushed),
    /// It died at the api.
    Refused { status: Option<u16>, failure: Failure },
}

/// The api's answer.
#[derive(Debug, Deserialize)]
pub struct Pushed {
    pub reached: u64,
    pub failed: Vec<NotAsked>,
}

/// A gateway that the api could not ask.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct NotAsked {
    /// `None`: the api knows none.
    pub gateway: Option<String>,
    pub reason: String,
}

impl Sending {
    /// Through the api when there is a token.
    pub fn new(uid: &Uid, frame: &Frame, api: &ApiArgs) -> anyhow::Result<Self> {
        let through = api.open_if_token()?.map(|api| Ok::<_, Failure>((api, push(uid, frame)?)));
        Ok(Self { message: frame.message()?, uid: uid.clone(), through: through.transpose()? })
    }

    pub async fn send(&self, client: &GatewayClient) -> Sent {
        let Some((api, push)) = &self.through else {
            let receipt = client.send_to_uid(&self.uid, self.message.clone()).await;
            return Sent::ToGateways {
                reached: receipt.reached,
                asked: receipt.asked,
                failed: receipt.failed,
            };
        };
        match api.try_post("WebSocket/pushToUser", None, push).await {
            Ok(data) => match serde_json::from_value(data) {
                Ok(pushed) => Sent::ThroughApi(pushed),
                Err(_) => {
                    let failure = Failure::new(Exit::Failed, "the api's answer is not understood");
                    Sent::Refused { status: Some(200), failure }
                }
            },
            Err(trouble) => Sent::Refused { status: trouble.status, failure: trouble.failure },
        }
    }
}

fn push(uid: &Uid, frame: &Frame) -> Result<Push, Failure> {
    let wrong = |text: &str| Failure::new(Exit::Usage, format!("cannot send this through the api: {text}"));
    let uid = uid
        .to_string()
        .parse()
        .map_err(|_| wrong("its users are numbers (without a token it goes to the gateways)"))?;
    let (kind, data) = frame.typed().ok_or_else(|| wrong("it takes --type and --data only"))?;
    Ok(Push { uid, r#type: kind.to_owned(), data })
}
