//! A register that knows the truth at once, and tells it over the simulated network.

use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use gatepipe_daemon::rpc::{self, RpcOptions};
use gatepipe_proto::v1;
use gatepipe_proto::v1::register_server::{Register, RegisterServer};
use gatepipe_proto::v1::watch_event::Event;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::network::Port;

/// Gateways, as they are written by them.
pub(crate) type List = watch::Sender<Vec<v1::GatewayEntry>>;

struct Listed(watch::Receiver<Vec<v1::GatewayEntry>>);

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Register for Listed {
    type AnnounceStream = Events<v1::Announced>;
    type WatchStream = Events<v1::WatchEvent>;

    async fn announce(
        &self,
        _: Request<Streaming<v1::Announcement>>,
    ) -> Result<Response<Self::AnnounceStream>, Status> {
        Err(Status::unimplemented("simulated gateways write themselves onto the list"))
    }

    async fn watch(&self, _: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let lists = WatchStream::new(self.0.clone()).enumerate();
        let events = lists.map(|(number, gateways)| {
            let event = Some(Event::Snapshot(v1::Snapshot { gateways }));
            Ok(v1::WatchEvent { version: number as u64 + 1, event })
        });
        Ok(Response::new(Box::pin(events)))
    }
}

/// A host's whole life.
pub(crate) async fn live(list: watch::Receiver<Vec<v1::GatewayEntry>>) -> turmoil::Result {
    let services = Routes::new(RegisterServer::new(Listed(list))).prepare();
    rpc::serve(Port::take().await?, services, RpcOptions::default(), std::future::pending()).await;
    Ok(())
}
