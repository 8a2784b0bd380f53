//! An executor that another loop drives, and what it counts.

use std::{future::poll_fn, io::Write, task::Poll};

use pizzaiolo::Async;

use crate::{
    sockets::has_something_to_do,
    support::{executor, unix_pair},
};

#[test]
fn a_task_that_was_ready_before_makes_the_descriptor_readable() {
    let executor = executor();
    executor.spawn(async {}).detach();
    assert!(has_something_to_do(&executor));
    executor.run_until_idle();
    assert!(!has_something_to_do(&executor));
}

#[test]
fn a_tick_collects_what_is_there_when_no_task_is_ready() {
    let executor = executor();
    let (ours, mut peer) = unix_pair();
    let source = Async::from_fd(ours);
    let task = executor.spawn(async move { source.readable().await });
    assert!(executor.tick());
    assert!(!executor.tick());
    peer.write_all(b"!").expect("there is room");
    assert!(executor.tick() && task.is_finished());
    let stats = executor.stats();
    assert_eq!((stats.polls, stats.wakes_local), (2, 1));
}

#[test]
fn a_wake_of_a_task_that_ends_in_the_same_poll_counts_as_no_poll() {
    let executor = executor();
    let wakes_itself_and_ends = poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    });
    executor.spawn(wakes_itself_and_ends).detach();
    executor.run();
    assert_eq!(executor.stats().polls, 1);
}

#[test]
fn tasks_that_are_ready_and_were_not_polled_yet_are_no_wakes() {
    let executor = executor();
    for _ in 0..3 {
        executor.spawn(async {}).detach();
    }
    assert!(executor.tick());
    assert_eq!(executor.stats().wakes_local, 0);
    executor.run();
    assert_eq!(executor.stats().wakes_local, 0);
}
