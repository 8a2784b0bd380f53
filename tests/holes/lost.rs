//! Tasks that nothing can wake any more, and those that have ended.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    io::{Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{Async, Executor, TaskId, task::TaskState, yield_now};

use crate::support::{bounded, executor, give_waker, logged, poll_with, unix_pair};

#[test]
fn a_task_whose_last_waker_is_kept_by_a_socket_is_warned_of() {
    let lines = logged(|| {
        let executor = executor();
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        let forgets = async move {
            source.readable().await.expect("it is registered");
            pending::<()>().await;
        };
        executor.spawn(forgets).detach();
        executor.run_until_idle();
        peer.write_all(b"!").expect("there is room");
        executor.run_until_idle();
    });
    assert!(lines.len() == 1 && lines[0].contains("it can never run again"), "{lines:?}");
}

#[test]
fn a_task_whose_last_waker_is_kept_by_a_socket_a_second_time_is_warned_of() {
    let waker = Rc::new(Cell::new(None));
    let slot = Rc::clone(&waker);
    let lines = logged(|| {
        let executor = executor();
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        let forgets = async move {
            source.read_with(|mut io| io.read(&mut [0])).await.expect("a byte");
            give_waker(|waker| slot.set(Some(waker))).await;
            source.read_with(|mut io| io.read(&mut [0])).await.expect("a byte");
            pending::<()>().await;
        };
        executor.spawn(forgets).detach();
        executor.run_until_idle();
        peer.write_all(b"!").expect("there is room");
        executor.run_until_idle();
        waker.take().expect("it waits elsewhere").wake();
        executor.run_until_idle();
        peer.write_all(b"!").expect("there is room");
        executor.run_until_idle();
    });
    assert!(lines.len() == 1 && lines[0].contains("it can never run again"), "{lines:?}");
}

#[test]
fn a_task_that_waits_elsewhere_after_a_socket_is_not_warned_of() {
    let waker = Rc::new(Cell::new(None));
    let slot = Rc::clone(&waker);
    let lines = logged(|| {
        let executor = executor();
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        let waits = async move {
            source.readable().await.expect("it is registered");
            give_waker(|waker| slot.set(Some(waker))).await;
        };
        executor.spawn(waits).detach();
        executor.run_until_idle();
        peer.write_all(b"!").expect("there is room");
        executor.run_until_idle();
    });
    assert!(waker.take().is_some());
    assert_eq!(lines, Vec::<String>::new());
}

#[test]
fn after_a_deadlock_block_on_has_no_future_any_more() {
    let executor = executor();
    let result = catch_unwind(AssertUnwindSafe(|| executor.block_on(pending::<()>())));
    assert!(result.is_err());
    assert_eq!(executor.tasks().iter().count(), 0);
}

#[test]
fn a_waker_of_an_earlier_block_on_queues_nothing_also_after_a_panic_of_the_loop() {
    let chooser = |_: &[TaskId]| panic!("it cannot choose");
    let executor = Executor::builder().chooser(chooser).build().expect("descriptors");
    let waker = RefCell::new(None);
    let broken = catch_unwind(AssertUnwindSafe(|| {
        executor.block_on(async {
            executor.spawn(async {}).detach();
            executor.spawn(async {}).detach();
            give_waker(|own| drop(waker.replace(Some(own)))).await;
        });
    }));
    assert!(broken.is_err());
    executor.block_on(async {
        waker.take().expect("it was polled").wake();
        let ready = executor.ready_queue();
        assert!(ready.iter().all(|id| !id.is_root()), "{ready:?}");
    });
}

#[test]
fn a_task_that_takes_the_waker_of_one_before_it_is_in_the_queue_once() {
    let executor = executor();
    // Each has a waker of its own, which is kept: enough for all tasks that follow.
    for _ in 0..8 {
        executor.spawn(yield_now()).detach();
    }
    executor.run();
    let task = executor.spawn(pending::<()>());
    let state = executor.tasks().iter().map(|info| info.state).collect::<Vec<_>>();
    assert_eq!(state, [TaskState::Ready]);
    let wakes = executor.stats().wakes_local;
    executor.block_on(async {
        // An abort is a wake, of a task that is in the queue already.
        let task = executor.spawn(async {});
        task.abort();
        assert_eq!(executor.ready_queue(), [task.id()]);
        assert_eq!(executor.stats().wakes_local, wakes);
    });
    task.abort();
}

#[test]
fn a_join_with_a_waker_of_others_says_nothing_of_who_holds_the_tasks_own() {
    // Where the clock is paused, a deadlock is told at once.
    let executor = Executor::builder().paused_clock(true).build().expect("descriptors");
    let mut lost = executor.spawn(pending::<()>());
    let mut is_first = true;
    executor.block_on(poll_fn(|cx| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        assert!(poll_with(&mut lost, Waker::noop()).is_pending());
        let waker = cx.waker().clone();
        thread::spawn(move || {
            // A wrong proof has the time to show.
            thread::sleep(Duration::from_millis(50));
            waker.wake();
        });
        Poll::Pending
    }));
}

#[test]
fn a_waker_that_a_socket_keeps_hides_no_deadlock() {
    bounded(|| {
        let executor = executor();
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        peer.write_all(b"!").expect("there is room");
        let forgets = async {
            source.readable().await.expect("it is registered");
            pending::<()>().await;
        };
        let result = catch_unwind(AssertUnwindSafe(|| executor.block_on(forgets)));
        let message = result.expect_err("nothing wakes it").downcast::<String>();
        assert!(message.expect("a message").starts_with("deadlock: "));
    });
}
