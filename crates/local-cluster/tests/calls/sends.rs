//! Messages reach whom they are for, once.

use gatepipe_client::{ClientId, GatewayId, Message, Receipt};

use crate::crowd::{Crowd, group, text, uid};

/// Everybody was asked, nobody failed, and so many were reached.
fn whole(crowd: &Crowd, receipt: &Receipt, reached: u64) {
    let expected = Receipt { reached, asked: crowd.sorted_gateways(), ..Receipt::default() };
    assert_eq!(*receipt, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_all_and_to_clients() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    let hello = text("hello");

    let receipt = client.send_to_all(hello.clone(), &[]).await;
    whole(&crowd, &receipt, 9);
    assert_eq!(crowd.who_heard(&hello).await, [0, 1, 2, 3, 4, 5, 6, 7, 8]);

    let receipt = client.send_to_all(hello.clone(), &crowd.ids(&[1, 5, 8])).await;
    whole(&crowd, &receipt, 6);
    assert_eq!(crowd.who_heard(&hello).await, [0, 2, 3, 4, 6, 7]);

    // Named twice, excluded, gone, and of a gateway that nobody knows.
    let mut named = crowd.ids(&[0, 5, 0, 4]);
    named.extend([ClientId::random(crowd.gateways[0]), ClientId::random(GatewayId::random())]);
    let receipt = client.send_to_clients(&named, hello.clone(), &crowd.ids(&[5])).await;
    let mut asked = crowd.gateways[..2].to_vec();
    asked.sort();
    assert_eq!(receipt, Receipt { reached: 2, asked, ..Receipt::default() });
    assert_eq!(crowd.who_heard(&hello).await, [0, 4]);

    let binary = Message::binary(vec![0, 159, 146, 150]).unwrap();
    let receipt = client.send_to_client(crowd.id(7), binary.clone()).await;
    assert_eq!((receipt.reached, receipt.asked.as_slice()), (1, &crowd.gateways[2..]));
    assert_eq!(crowd.who_heard(&binary).await, [7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_uids_and_groups() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    let hello = text("hello");

    let receipt = client.send_to_uid(&uid("ana"), hello.clone()).await;
    whole(&crowd, &receipt, 3);
    assert_eq!(crowd.who_heard(&hello).await, [0, 3, 6]);

    let uids = [uid("ana"), uid("ben"), uid("ana"), uid("nobody")];
    let receipt = client.send_to_uids(&uids, hello.clone(), &crowd.ids(&[6])).await;
    whole(&crowd, &receipt, 4);
    assert_eq!(crowd.who_heard(&hello).await, [0, 1, 3, 7]);

    let receipt = client.send_to_group(&group("lobby"), hello.clone(), &crowd.ids(&[8])).await;
    whole(&crowd, &receipt, 2);
    assert_eq!(crowd.who_heard(&hello).await, [0, 4]);

    // Page 0 is in both, and one of them is named twice.
    let groups = [group("lobby"), group("news"), group("lobby"), group("empty")];
    let binary = Message::binary(vec![7; 70_000]).unwrap();
    let receipt = client.send_to_groups(&groups, binary.clone(), &crowd.ids(&[5])).await;
    whole(&crowd, &receipt, 4);
    assert_eq!(crowd.who_heard(&binary).await, [0, 4, 7, 8]);

    let receipt = client.send_to_group(&group("empty"), hello.clone(), &[]).await;
    whole(&crowd, &receipt, 0);
    assert_eq!(crowd.who_heard(&hello).await, [0_usize; 0]);
}
