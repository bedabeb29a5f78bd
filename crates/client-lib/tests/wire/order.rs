//! Order is kept, and commands travel in batches.

use futures_util::future::join_all;
use gatepipe_client::Message;

use crate::scripted::{Gateway, Register, joined, patient, text, uid};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_caller_sends_arrives_in_its_order_among_64_callers() {
    const CALLERS: usize = 64;
    const SENDS: usize = 50;
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;

    let callers = (0..CALLERS).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            let uid = uid(&caller.to_string());
            // Half of them wait for each receipt, half send all at once.
            if caller % 2 == 0 {
                for number in 0..SENDS {
                    assert!(client.send_to_uid(&uid, text(&format!("{caller} {number}"))).await.is_whole());
                }
            } else {
                let send = |number| client.send_to_uid(&uid, text(&format!("{caller} {number}")));
                let receipts = join_all((0..SENDS).map(send)).await;
                assert!(receipts.iter().all(|receipt| receipt.is_whole()));
            }
        })
    });
    for caller in join_all(callers).await {
        caller.unwrap();
    }

    let texts = gateway.texts();
    assert_eq!(texts.len(), CALLERS * SENDS);
    for caller in 0..CALLERS {
        let start = format!("{caller} ");
        let numbers: Vec<usize> = texts
            .iter()
            .filter_map(|text| text.strip_prefix(&start))
            .map(|number| number.parse().unwrap())
            .collect();
        assert_eq!(numbers, (0..SENDS).collect::<Vec<_>>(), "caller {caller}");
    }
}

#[tokio::test]
async fn whatever_waits_travels_together_within_the_bounds_of_a_batch() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;

    let uid = uid("7");
    let receipts = join_all((0..1_000).map(|_| client.send_to_uid(&uid, text("small")))).await;
    assert!(receipts.iter().all(|receipt| receipt.reached == 1));
    let batches = gateway.batches();
    assert!(batches.iter().all(|commands| *commands <= 256), "{batches:?}");
    assert!(batches.len() < 100, "{} batches for 1,000 commands", batches.len());

    let big = Message::text("x".repeat(700 << 10)).unwrap();
    join_all((0..4).map(|_| client.send_to_uid(&uid, big.clone()))).await;
    let batches = gateway.batches().split_off(batches.len());
    assert!(batches.iter().all(|commands| *commands <= 2), "{batches:?}: over 1 MiB and one command");
}

#[tokio::test]
async fn the_longest_message_passes() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    let longest = Message::binary(vec![0; gatepipe_proto::MAX_MESSAGE_BYTES]).unwrap();
    assert_eq!(client.send_to_all(longest, &[]).await.reached, 1);
}
