//! One of two registers is killed: the other is enough, and the one that returns learns everybody.

use gatepipe_client::{Bind, ClientId, GatewayClient, Message, Uid};
use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::until;

use crate::programs::Program;

fn register(listen: &str) -> Program {
    Program::start("gatepipe-register", &["--listen", listen])
}

fn gateway(registers: &[String; 2]) -> Program {
    let [first, second] = registers;
    let any = "127.0.0.1:0";
    let flags = ["--listen", any, "--rpc-listen", any, "--register", first, "--register", second];
    Program::start("gatepipe-gateway", &flags)
}

async fn listed(worker: &GatewayClient, gateways: usize, registers: usize) {
    until(&format!("{gateways} gateways on {registers} lists, each with a pipe"), || async {
        let known = worker.gateways();
        let there = known.iter().all(|gateway| gateway.connected && gateway.listed == registers);
        there && known.len() == gateways
    })
    .await;
}

async fn bound_page(worker: &GatewayClient, gateway: &Program, uid: &Uid) -> Page {
    let page = Page::open(&format!("ws://{}/ws", gateway.addr("clients"))).await;
    let client: ClientId = page.client_id().parse().unwrap();
    worker.bind_uid(client, uid, Bind::default()).await.unwrap();
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_one_of_two_registers_stops_nothing_not_even_newcomers() {
    let mut registers = [register("127.0.0.1:0"), register("127.0.0.1:0")].map(Some);
    let urls = registers.each_ref().map(|register| register.as_ref().unwrap().url("rpc"));
    let old = gateway(&urls);
    let builder = GatewayClient::builder().register(urls[0].as_str()).register(urls[1].as_str());
    let worker = builder.build().unwrap();
    listed(&worker, 1, 2).await;
    let uid = Uid::from(7);
    let mut pages = vec![bound_page(&worker, &old, &uid).await];
    let (mut newcomers, mut gateways) = (Vec::new(), 1);
    for killed in [0, 1] {
        let listen = registers[killed].as_ref().unwrap().addr("rpc").to_owned();
        registers[killed].take().unwrap().kill();
        newcomers.push(gateway(&urls));
        gateways += 1;
        listed(&worker, gateways, 1).await;
        pages.push(bound_page(&worker, newcomers.last().unwrap(), &uid).await);
        for number in 0..50 {
            let message = Message::text(format!(r#"{{"data":{number}}}"#)).unwrap();
            let receipt = worker.send_to_uid(&uid, message).await;
            assert_eq!((receipt.reached, receipt.is_whole()), (gateways as u64, true), "{receipt:?}");
        }
        for page in &mut pages {
            for number in 0..50 {
                assert_eq!(page.next().await["data"], number);
            }
        }
        registers[killed] = Some(register(&listen));
        listed(&worker, gateways, 2).await;
    }
}
