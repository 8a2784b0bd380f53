//! The causes that an observer is given.

use std::{future::poll_fn, task::Poll, time::Duration};

use pizzaiolo::{Async, Reactor, time, trace::Cause};

use crate::support::{observed, unix_pair};

#[test]
fn a_timer_that_goes_with_its_executor_is_woken_by_the_executor_not_by_the_last_socket() {
    let (recorder, executor) = observed();
    let (ours, _peer) = unix_pair();
    let source = Async::from_fd(ours);
    executor.spawn(async move { source.readable().await }).detach();
    let sleeper = executor.spawn(time::sleep(Duration::from_secs(3600)));
    executor.run_until_idle();
    let id = sleeper.id();
    drop(executor);
    assert_eq!(recorder.wakes(id), [Cause::Executor]);
}

#[test]
fn a_task_is_still_the_cause_after_it_has_entered_another_reactor() {
    let (recorder, executor) = observed();
    let mut is_woken = false;
    let task = executor.spawn(poll_fn(move |cx| {
        if std::mem::replace(&mut is_woken, true) {
            return Poll::Ready(());
        }
        Reactor::new().expect("the OS has descriptors").enter(|| {});
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    executor.run();
    assert_eq!(recorder.wakes(task.id()), [Cause::Task(task.id())]);
}
