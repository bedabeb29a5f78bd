//! Closes that no gateway tells, because the stream had broken on one side only or events were dropped.

use gatepipe_client::ClientId;

use crate::notebook::Notebook;
use crate::scripted::eventually;
use crate::scripted::subscriptions::{adopted, bound, closed, connected};
use crate::worker::{CLOSE_INFERRED, one_gateway, seen, start};

#[tokio::test]
async fn who_was_neither_adopted_nor_gone_when_asked_about_still_closes_later() {
    let (register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let [goes, stays] = [(); 2].map(|()| gateway.has_client(None));
    told.tell([connected(goes), connected(stays)]);
    told.adopted_all();
    eventually("they are known", || seen(&worker, &gateway).clients == 2).await;
    told.breaks();

    // The gateway holds the clients for the stream that it takes for alive.
    let told = gateway.subscribed().await;
    told.adopted_all();
    eventually("they are asked about", || gateway.asked_online() == 2).await;
    gateway.lost(goes);
    eventually("the close is found out", || notebook.of(goes) == ["connect /ws", CLOSE_INFERRED]).await;
    assert_eq!(notebook.of(stays), ["connect /ws"]);
    let id = gateway.id;
    drop((told, gateway));
    register.remove(id);
    eventually("the other one goes with it", || notebook.of(stays) == ["connect /ws", CLOSE_INFERRED]).await;
    assert_eq!(worker.stop().await, 0);
    assert_eq!(notebook.len(), 4);
}

#[tokio::test]
async fn who_is_handed_over_late_is_closed_once() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let ana = gateway.has_client(None);
    told.tell([connected(ana)]);
    eventually("it is known", || seen(&worker, &gateway).clients == 1).await;
    told.breaks();

    let told = gateway.subscribed().await;
    told.adopted_all();
    eventually("it is asked about", || gateway.asked_online() == 1).await;
    gateway.lost(ana);
    told.tell([adopted(ana, ""), closed(ana, 1000, "")]);
    let expected = ["connect /ws", "adopt nobody", r#"close 1000 nobody {"cart":3} told"#];
    eventually("it is told", || notebook.of(ana) == expected).await;
    assert_eq!(worker.stop().await, 0);
    assert_eq!(notebook.len(), 3);
}

#[tokio::test]
async fn closes_that_were_dropped_are_found_out_once() {
    const CLIENTS: usize = 1_500;
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let gone: Vec<_> = (0..CLIENTS).map(|_| ClientId::random(gateway.id)).collect();
    let stays = gateway.has_client(None);
    told.tell(gone.iter().map(|client| bound(*client, "ana")));
    told.tell([connected(stays)]);
    eventually("they are known", || seen(&worker, &gateway).clients == 1 + CLIENTS as u64).await;
    told.dropped(3, 0);
    told.dropped(0, CLIENTS as u64);
    eventually("they are closed", || notebook.len() == 2 * CLIENTS + 1).await;
    assert_eq!(seen(&worker, &gateway).clients, 1);
    // Closes that were not dropped after all.
    told.tell(gone.iter().map(|client| closed(*client, 1000, "ana")));
    told.tell([closed(stays, 1000, "")]);
    eventually("the last is told", || notebook.of(stays).len() == 2).await;
    for client in gone {
        assert_eq!(notebook.of(client), ["bound ana", "close 1006 ana unknown inferred"]);
    }
    assert_eq!(gateway.asked_online(), CLIENTS + 1, "everybody was asked about once");
    assert_eq!(worker.stop().await, 0);
    assert_eq!(notebook.len(), 2 * CLIENTS + 2);
}
