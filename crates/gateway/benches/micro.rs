//! The hub's and the codec's parts alone: `cargo bench -p gatepipe-gateway`. What a whole gateway does is measured by `make bench`.

use divan::{Bencher, black_box};
use gatepipe_gateway::bench::{Place, encode_text, uid};

const CLIENTS: [usize; 2] = [100, 4000];

fn main() {
    divan::main();
}

#[divan::bench(args = CLIENTS)]
fn bind_in_place_of_another(bencher: Bencher<'_, '_>, clients: usize) {
    let place = Place::with_clients(clients).expect("no sockets");
    let uids: Vec<_> = (0..2 * clients).map(|number| uid(number).expect("no uid")).collect();
    let mut next = 0;
    bencher.bench_local(move || {
        next += 1;
        assert!(place.bind(next, &uids[(next * 7) % uids.len()]));
    });
}

#[divan::bench(args = CLIENTS)]
fn look_up_a_uid(bencher: Bencher<'_, '_>, clients: usize) {
    let place = Place::with_clients(clients).expect("no sockets");
    let uids: Vec<_> = (0..clients).map(|number| uid(number).expect("no uid")).collect();
    let mut next = 0;
    bencher.bench_local(move || {
        next += 1;
        assert_eq!(place.look_up(&uids[(next * 7) % uids.len()]), 1);
    });
}

#[divan::bench]
fn look_up_a_uid_that_is_not_here(bencher: Bencher<'_, '_>) {
    let place = Place::with_clients(4000).expect("no sockets");
    let nobody = uid(1_000_000).expect("no uid");
    bencher.bench_local(move || assert_eq!(place.look_up(black_box(&nobody)), 0));
}

#[divan::bench(args = CLIENTS)]
fn list_a_group_to_send_to(bencher: Bencher<'_, '_>, clients: usize) {
    let place = Place::with_clients(clients).expect("no sockets");
    bencher.bench_local(move || assert_eq!(place.fan_out(), clients));
}

#[divan::bench(args = [128, 4096])]
fn encode_a_text(bencher: Bencher<'_, '_>, bytes: usize) {
    let text = "x".repeat(bytes);
    bencher.bench_local(|| encode_text(black_box(&text)));
}

#[divan::bench]
fn read_a_message_of_an_idle_client(bencher: Bencher<'_, '_>) {
    let place = Place::with_clients(1).expect("no sockets");
    // A masked text of 100 bytes; the mask is zero.
    let message = [&[0x81, 0x80 | 100, 0, 0, 0, 0][..], &[b'x'; 100]].concat();
    bencher.bench_local(move || assert!(place.read(black_box(&message))));
}
