//! An executor that another loop drives, and what it counts.

use std::{
    future::{pending, poll_fn},
    io::Write,
    task::Poll,
    time::Duration,
};

use pizzaiolo::{
    Async, time,
    trace::{Event, EventKind},
};

use crate::{
    sockets::has_something_to_do,
    support::{executor, observed, unix_pair},
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

#[test]
fn the_time_that_is_not_idle_is_busy() {
    let executor = executor();
    executor.block_on(time::sleep(Duration::from_millis(1)));
    let stats = executor.stats();
    assert!(stats.idle > Duration::ZERO && stats.busy() > Duration::ZERO);
    assert_eq!(stats.busy() + stats.idle, stats.uptime);
}

#[test]
fn the_observer_is_called_with_the_tasks_that_go_with_the_executor() {
    let (recorder, executor) = observed();
    let task = executor.spawn(pending::<()>());
    executor.run_until_idle();
    drop(executor);
    let is_it = |event: &Event| event.task() == Some(task.id());
    let last = recorder.events().into_iter().filter(is_it).last().expect("an event");
    assert_eq!(*last.kind(), EventKind::Aborted);
}
