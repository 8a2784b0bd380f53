//! The paused clock.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use pizzaiolo::{Async, Executor, JoinHandle, task::WaitsFor, time};

use crate::support::{poll_with, unix_pair};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_clock_that_is_resumed_runs_on_from_where_it_stood() {
    let executor = Executor::builder().paused_clock(true).build().expect("descriptors");
    executor.block_on(async {
        let start = time::now();
        time::advance(HOUR).await;
        time::resume();
        let resumed = time::now();
        assert!(resumed >= start + HOUR);
        let (before, nap) = (Instant::now(), Duration::from_millis(20));
        time::sleep(nap).await;
        assert!(before.elapsed() >= nap, "the time is the OS's again");
        assert!(time::now() >= resumed + nap);
    });
}

/// An executor with a paused clock and a task that sleeps for an hour.
fn with_a_sleeper() -> (Executor, JoinHandle<()>) {
    let executor = Executor::builder().paused_clock(true).build().expect("descriptors");
    let sleeper = executor.spawn(time::sleep(HOUR));
    assert!(executor.tick());
    (executor, sleeper)
}

#[test]
fn a_park_with_a_paused_clock_goes_to_the_next_deadline() {
    let (executor, sleeper) = with_a_sleeper();
    executor.reactor().park(None).expect("the OS gives events");
    assert!(executor.tick() && sleeper.is_finished());
}

#[test]
fn a_park_with_a_paused_clock_that_was_unparked_does_not_move_it() {
    let (executor, sleeper) = with_a_sleeper();
    executor.reactor().unparker().unpark();
    executor.reactor().park(None).expect("the OS gives events");
    assert!(!executor.tick() && !sleeper.is_finished());
}

#[test]
fn a_park_with_a_paused_clock_waits_for_the_time_of_the_os_while_a_socket_is_waited_for() {
    let (executor, sleeper) = with_a_sleeper();
    let (ours, _peer) = unix_pair();
    let source = Async::from_fd(ours);
    executor.spawn(async move { source.readable().await }).detach();
    // The OS says once that a new source is writable.
    executor.run_until_idle();
    let (before, nap) = (Instant::now(), Duration::from_millis(20));
    executor.reactor().park(Some(nap)).expect("the OS gives events");
    assert!(before.elapsed() >= nap);
    assert!(!executor.tick() && !sleeper.is_finished());
}

#[test]
fn a_timer_that_goes_on_in_another_task_is_listed_there_and_wakes_that_task() {
    let executor = Executor::builder().paused_clock(true).build().expect("descriptors");
    let sleep = Rc::new(RefCell::new(time::sleep(HOUR)));
    let polled = Rc::clone(&sleep);
    let first = executor.spawn(poll_fn(move |cx| {
        assert!(Pin::new(&mut *polled.borrow_mut()).poll(cx).is_pending());
        Poll::Ready(())
    }));
    executor.run_until_idle();
    assert!(first.is_finished());
    let second = executor.spawn(poll_fn(move |cx| Pin::new(&mut *sleep.borrow_mut()).poll(cx)));
    executor.run_until_idle();
    let tasks = executor.tasks();
    let info = tasks.iter().find(|info| info.id == second.id()).expect("it is alive");
    assert!(matches!(info.waits_for[..], [WaitsFor::Timer(Some(_))]), "{tasks}");
    executor.run();
    assert!(second.is_finished());
}

#[test]
fn a_timer_that_was_set_to_later_does_not_fire_at_its_first_deadline() {
    let executor = Executor::builder().paused_clock(true).build().expect("descriptors");
    executor.block_on(async {
        let mut sleep = time::sleep(HOUR);
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        sleep.reset(time::now() + 3 * HOUR);
        time::advance(2 * HOUR).await;
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        time::advance(HOUR).await;
        assert!(poll_with(&mut sleep, Waker::noop()).is_ready());
    });
}
