//! What an event says, and what it does not.

use std::{
    io::{self, Write},
    net::Shutdown,
    pin::pin,
    task::Waker,
    time::Duration,
};

use pizzaiolo::{Async, time};

use crate::support::{executor, poll_with, unix_pair};

#[test]
fn the_end_of_what_the_peer_sends_says_nothing_else() {
    executor().block_on(async {
        let (ours, peer) = unix_pair();
        while match (&ours).write(&[0; 4096]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            result => result.is_ok(),
        } {}
        let source = Async::from_fd(ours);
        let waker = Waker::noop();
        assert!(poll_with(&mut pin!(source.readable()), waker).is_pending());
        peer.shutdown(Shutdown::Write).expect("it is connected");
        source.readable().await.expect("it is registered");
        assert!(poll_with(&mut pin!(source.writable()), waker).is_pending(), "it is full");
        assert!(poll_with(&mut pin!(source.priority()), waker).is_pending());
        assert!(poll_with(&mut pin!(source.error()), waker).is_pending());
        drop(peer);
    });
}

#[test]
fn timers_that_have_fired_are_counted() {
    let executor = executor();
    assert_eq!(executor.stats().timers_fired, 0);
    executor.block_on(async {
        time::sleep(Duration::from_millis(1)).await;
        time::sleep(Duration::from_millis(1)).await;
    });
    assert_eq!(executor.stats().timers_fired, 2);
}
