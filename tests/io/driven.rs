//! An executor that another loop drives: its descriptor, its parks.
#![cfg(unix)]

use std::os::fd::AsRawFd;

use mio::{Events, Interest, Poll as OsPoll, Token, unix::SourceFd};
use pizzaiolo::{Async, Reactor};

use crate::support::prelude::*;

/// Says whether the executor's descriptor is readable now.
pub(crate) fn has_something_to_do(executor: &Executor) -> bool {
    let mut poll = OsPoll::new().expect("the OS has descriptors");
    let mut events = Events::with_capacity(1);
    let fd = executor.reactor().as_raw_fd();
    poll.registry().register(&mut SourceFd(&fd), Token(0), Interest::READABLE).expect("epoll");
    poll.poll(&mut events, Some(Duration::ZERO)).expect("epoll");
    !events.is_empty()
}

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
fn a_waker_of_an_unparker_that_is_used_up_ends_the_next_park() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    Waker::from(reactor.unparker()).wake();
    let (before, bound) = (Instant::now(), Duration::from_secs(60));
    reactor.park(Some(bound)).expect("the OS gives events");
    assert!(before.elapsed() < bound);
}

#[test]
fn a_park_of_no_time_collects_what_is_there() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    let (ours, mut peer) = unix_pair();
    let source = Async::from_fd(ours);
    let mut ready = pin!(source.readable());
    assert!(reactor.enter(|| poll_with(&mut ready, Waker::noop())).is_pending());
    peer.write_all(b"!").expect("there is room");
    reactor.park(Some(Duration::ZERO)).expect("the OS gives events");
    assert!(reactor.enter(|| poll_with(&mut ready, Waker::noop())).is_ready());
}
