//! `detach`, `abort_handle`, `abort_on_drop`.

use pizzaiolo::{block_on, task::AbortHandle};

use super::sleeper;
use crate::support::prelude::*;

#[test]
fn a_task_that_is_detached_goes_on() {
    let (executor, done) = (executor(), Counter::new());
    executor.spawn(done.polls(async {})).detach();
    executor.run();
    assert_eq!(done.get(), 1);
}

/// With no loop to poll it any more, it is still the executor's to drop.
#[test]
fn a_detached_task_whose_last_waker_is_gone_stays_until_the_executor_goes() {
    let (executor, drops) = (executor(), Counter::new());
    executor.spawn(holds(&drops)).detach();
    executor.run_until_idle();
    executor.block_on(yield_now());
    assert_eq!((executor.task_count(), drops.get()), (1, 0));
    drop(executor);
    assert_eq!(drops.get(), 1);
}

#[test]
fn an_abort_handle_ends_a_task_from_another_thread_while_the_executor_sleeps() {
    let (executor, drops) = (executor(), Counter::new());
    let task = executor.spawn(holds(&drops));
    let (abort, (polled, is_polled)) = (task.abort_handle(), mpsc::channel());
    let aborter = thread::spawn(move || {
        is_polled.recv().unwrap();
        assert!(!abort.is_finished());
        abort.abort();
        abort
    });
    let error = executor.block_on(async move {
        yield_now().await;
        polled.send(()).unwrap();
        task.await.unwrap_err()
    });
    assert!(error.is_cancelled());
    assert!(aborter.join().unwrap().is_finished());
    assert_eq!(drops.get(), 1);
}

#[test]
fn an_abort_handle_ends_a_task_that_was_never_polled_and_whose_join_handle_is_gone() {
    let (executor, polls) = (executor(), Counter::new());
    let task = executor.spawn(polls.polls(async {}));
    let abort = task.abort_handle();
    task.detach();
    on_another_thread(|| abort.abort());
    assert!(!abort.is_finished(), "its future is not dropped yet");
    executor.run();
    assert!(abort.is_finished());
    assert_eq!((polls.get(), executor.task_count()), (0, 0));
}

/// A header is used again for another task only if no abort handle of the first one is left.
#[test]
fn an_abort_handle_of_a_task_that_has_ended_touches_no_other_task() {
    let (executor, polls) = (executor(), Counter::new());
    let ended = executor.spawn(async {});
    let early = ended.abort_handle();
    executor.run();
    let late = ended.abort_handle();
    for abort in [&early, &late] {
        assert!(abort.is_finished() && abort.id() == ended.id());
    }
    let other = executor.spawn(polls.polls(turns(2)));
    executor.tick();
    early.abort();
    late.abort();
    executor.run();
    assert!(executor.block_on(other).is_ok());
    assert_eq!(polls.get(), 3);
}

#[test]
fn an_abort_handle_does_nothing_once_the_executor_is_gone() {
    let executor = executor();
    let abort = executor.spawn(pending::<()>()).abort_handle();
    executor.run_until_idle();
    drop(executor);
    assert!(abort.is_finished());
    on_another_thread(|| abort.abort());
}

#[test]
fn a_task_that_aborts_itself_by_its_abort_handle_ends_with_its_poll() {
    block_on(async {
        let task = spawn(poll_fn(|_| {
            let table = pizzaiolo::task::table();
            assert!(table.iter().any(|info| info.id == pizzaiolo::task::id()));
            SELF.with_borrow(|abort| abort.as_ref().unwrap().abort());
            Poll::<()>::Pending
        }));
        SELF.set(Some(task.abort_handle()));
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

thread_local! {
    static SELF: std::cell::RefCell<Option<AbortHandle>> = const { std::cell::RefCell::new(None) };
}

/// Another thread may abort the task yet, so there is no deadlock; without the handle there is one.
#[test]
fn an_abort_handle_counts_as_able_to_wake() {
    let (executor, sleeps) = sleeper();
    let task = executor.spawn(pending::<()>());
    let abort = task.abort_handle();
    let aborter = sleeps.then(move || abort.abort());
    assert!(executor.block_on(task).unwrap_err().is_cancelled());
    aborter.join().expect("no deadlock is proven");

    let task = executor.spawn(pending::<()>());
    drop(task.abort_handle());
    deadlock(|| executor.block_on(task));
}

#[test]
fn a_clone_of_an_abort_handle_that_is_gone_counts_as_able_to_wake_and_ends_the_task() {
    let ((executor, sleeps), drops) = (sleeper(), Counter::new());
    let task = executor.spawn(holds(&drops));
    let abort = task.abort_handle();
    let clone = abort.clone();
    drop(abort);
    assert_eq!((clone.id(), clone.is_finished()), (task.id(), false));
    let aborter = sleeps.then(move || clone.abort());
    assert!(executor.block_on(task).unwrap_err().is_cancelled());
    assert_eq!(drops.get(), 1);
    aborter.join().expect("no deadlock is proven");

    let task = executor.spawn(pending::<()>());
    drop(task.abort_handle().clone());
    deadlock(|| executor.block_on(task));
}

#[test]
fn abort_on_drop_aborts_and_yields_and_can_be_undone() {
    let (executor, drops) = (executor(), Counter::new());
    drop(executor.spawn(holds(&drops)).abort_on_drop());
    executor.run();
    assert_eq!(drops.get(), 1);

    let kept = executor.spawn(yield_now()).abort_on_drop();
    assert!(!kept.is_finished());
    executor.block_on(kept).unwrap();

    let freed = executor.spawn(async { "baked" }).abort_on_drop().into_inner();
    assert_eq!(executor.block_on(freed).unwrap(), "baked");
}
