//! The counters of an executor say what it has done.

use pizzaiolo::net::UdpSocket;

use crate::support::prelude::*;

#[test]
fn polls_spawns_and_wakes_are_counted_exactly() {
    bound();
    let executor = Executor::new().expect("descriptors");
    let yields = |count| async move {
        turns(count).await;
    };
    // More polls than between two times at which events are collected.
    executor.spawn(yields(200)).detach();
    let aborted = executor.spawn(yields(1));
    aborted.abort();
    executor.run_until_idle();
    let stats = executor.stats();
    assert_eq!((stats.spawned, stats.polls, stats.wakes_local), (2, 201, 200));
    assert_eq!(stats.wakes_remote, 0, "the abort found the task queued");

    for _ in 0..3 {
        assert!(!executor.tick());
    }
    executor.spawn(yields(2)).detach();
    assert!(executor.tick());
    let stats = executor.stats();
    assert_eq!((stats.spawned, stats.polls, stats.wakes_local), (3, 202, 201));
    executor.run();
    executor.block_on(yields(5));
    let stats = executor.stats();
    assert_eq!((stats.spawned, stats.polls, stats.wakes_local), (3, 210, 207));
}

#[test]
fn wakes_from_other_threads_and_while_it_rests_are_remote() {
    bound();
    let executor = Executor::new().expect("descriptors");
    let (_task, _, waker) = waiting_task(&executor);
    waker.wake_by_ref();
    executor.run_until_idle();
    thread::spawn(move || waker.wake()).join().expect("no panic");
    executor.run_until_idle();
    let stats = executor.stats();
    assert_eq!((stats.polls, stats.wakes_remote, stats.wakes_local), (3, 2, 0));
}

#[test]
fn sleeps_sources_and_timers_are_counted() {
    bound();
    let executor = Executor::new().expect("descriptors");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    executor.block_on(async {
        let mut buf = [0; 8];
        let wait = socket.recv(&mut buf);
        assert!(time::timeout(Duration::from_millis(5), wait).await.is_err());
    });
    let stats = executor.stats();
    assert_eq!((stats.sources, stats.timers_fired), (1, 1));
    assert!(stats.parks >= 1 && stats.idle > Duration::ZERO);
    assert!(stats.idle <= stats.uptime && stats.busy() <= stats.uptime);
    drop(socket);
    assert_eq!(executor.stats().sources, 0);
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
    let start = Instant::now();
    // On a busy machine a deadline may have passed before the executor can sleep.
    while executor.stats().idle == Duration::ZERO && start.elapsed() < Duration::from_secs(60) {
        executor.block_on(time::sleep(Duration::from_millis(1)));
    }
    let stats = executor.stats();
    assert!(stats.idle > Duration::ZERO && stats.busy() > Duration::ZERO);
    assert_eq!(stats.busy() + stats.idle, stats.uptime);
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
