//! A long list is read page by page while clients come and go.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt};
use gatepipe_client::{ClientId, Filter, GatewayClient, Page};
use gatepipe_daemon::open_files;
use gatepipe_local_cluster::eventually::until;

use crate::programs::Program;
use crate::socket::Socket;

const CLIENTS: usize = 10_000;
/// Handshakes at once.
const AT_ONCE: usize = 64;
const PAGE: u32 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn of_10_000_clients_none_that_stayed_is_missed_or_repeated_while_a_tenth_reconnects() {
    assert!(
        open_files::raise_open_files().soft > CLIENTS as u64 + 100,
        "this test needs a descriptor for each client"
    );
    let register = Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"]);
    let flags =
        ["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", &register.url("rpc")];
    let gateways = [0, 1].map(|_| Program::start("gatepipe-gateway", &flags));
    let ws: Vec<_> = gateways.iter().map(|gateway| format!("ws://{}/ws", gateway.addr("clients"))).collect();
    let client = GatewayClient::builder().register(register.url("rpc")).build().unwrap();

    let open = |number: usize| Socket::open(&ws[number % ws.len()]);
    let mut sockets: Vec<_> = stream::iter(0..CLIENTS).map(open).buffer_unordered(AT_ONCE).collect().await;
    client.joined().await;

    let leaving = sockets.split_off(CLIENTS - CLIENTS / 10);
    let stayed: Vec<ClientId> = sockets.iter().map(|socket| socket.client_id).collect();
    let reconnecting = stream::iter(leaving.into_iter().enumerate()).map(|(number, socket)| async move {
        socket.leave().await;
        number
    });
    let (again, listed) = tokio::join!(
        reconnecting.buffer_unordered(AT_ONCE / 4).then(open).collect::<Vec<_>>(),
        page_by_page(&client)
    );

    let missed: Vec<_> = stayed.iter().filter(|client| !listed.contains_key(client)).collect();
    assert!(missed.is_empty(), "{} clients that stayed are missing", missed.len());
    let repeated: Vec<_> = listed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(repeated.is_empty(), "{} clients stand twice", repeated.len());

    // And once it is quiet, the list is exactly who is there.
    let there: HashMap<_, _> = sockets.iter().chain(&again).map(|socket| (socket.client_id, 1)).collect();
    until("the list is who is there", || async { page_by_page(&client).await == there }).await;
}

/// How often each client stands on the pages.
async fn page_by_page(client: &GatewayClient) -> HashMap<ClientId, usize> {
    let mut listed = HashMap::new();
    let mut page = Page { after: None, limit: PAGE };
    loop {
        let answer = client.clients(&Filter::default(), &page).await.unwrap();
        assert!(answer.is_whole(), "{:?}", answer.failed);
        for info in answer.value.items {
            *listed.entry(info.client_id).or_default() += 1;
        }
        page.after = answer.value.next;
        if page.after.is_none() {
            return listed;
        }
    }
}
