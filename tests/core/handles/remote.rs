//! `Handle::spawn` and its handle, `Handle::spawn_with`.

use std::{future::ready, panic::catch_unwind};

use pizzaiolo::{Handle, JoinError, RemoteJoinHandle};

use super::sleeper;
use crate::support::prelude::*;

/// Awaits the handle on a thread of its own, under an executor that is not ours.
fn awaited_elsewhere<T: Send + 'static>(
    handle: RemoteJoinHandle<T>,
) -> thread::JoinHandle<Result<T, JoinError>> {
    thread::spawn(|| futures_executor::block_on(handle))
}

#[test]
fn the_output_comes_back_to_any_thread_and_any_executor() {
    let executor = executor();
    let handle = executor.handle();
    let waiter = awaited_elsewhere(handle.spawn(async { String::from("baked") }));
    let local = thread::spawn(move || block_on(handle.spawn(async { 42 })).unwrap());
    while !waiter.is_finished() || !local.is_finished() {
        executor.run_until_idle();
    }
    assert_eq!(waiter.join().unwrap().unwrap(), "baked");
    assert_eq!(local.join().unwrap(), 42);
}

#[test]
fn it_is_pending_until_the_executor_runs_and_wakes_its_waiter_once() {
    let (executor, wakes) = (executor(), Counter::new());
    let mut task = executor.handle().spawn(ready("baked"));
    for _ in 0..3 {
        assert!(poll_with(&mut task, &wakes.waker()).is_pending());
    }
    assert!(!task.is_finished());
    executor.run();
    assert!(task.is_finished());
    assert_eq!(wakes.get(), 1);
    assert!(matches!(poll_once(&mut task), Poll::Ready(Ok("baked"))));
    let (message, _) = panic_of(|| poll_once(&mut task));
    assert!(message.contains("polled after it had returned"), "{message}");
}

#[test]
fn a_panic_in_the_future_and_in_the_function_that_makes_it_is_a_join_error() {
    let executor = executor();
    let handle = executor.handle();
    let in_future = handle.spawn(async { panic!("in the future") });
    let in_function = handle.spawn_with(|| -> std::future::Ready<()> { panic!("in the function") });
    quietly(|| executor.run()).unwrap();
    let payload = |error: JoinError| message_of(&*error.into_panic());
    let error: JoinError = block_on(in_future).map(|(): ()| ()).unwrap_err();
    assert_eq!(payload(error), "in the future");
    assert_eq!(payload(block_on(in_function).unwrap_err()), "in the function");
}

#[test]
fn spawn_with_makes_a_future_that_is_not_send_on_the_executors_thread() {
    let executor = executor();
    let (handle, here) = (executor.handle(), thread::current().id());
    let sender = thread::spawn(move || {
        handle.spawn_with(move || {
            let (shared, on) = (Rc::new(Cell::new(1)), thread::current().id());
            async move {
                yield_now().await;
                shared.set(shared.get() + 1);
                (shared.get(), on == here)
            }
        })
    });
    let task = sender.join().unwrap();
    executor.run();
    assert_eq!(block_on(task).unwrap(), (2, true));
}

#[test]
fn abort_ends_the_task_also_before_the_executor_has_seen_it() {
    let (executor, polls) = (executor(), Counter::new());
    let unseen = executor.handle().spawn(polls.polls(async {}));
    let drops = Counter::new();
    let waiting = executor.handle().spawn(holds(&drops));
    unseen.abort();
    executor.run_until_idle();
    assert!(unseen.is_finished() && !waiting.is_finished());
    on_another_thread(|| waiting.abort());
    executor.run();
    assert_eq!((polls.get(), drops.get()), (0, 1));
    assert!(block_on(unseen).unwrap_err().is_cancelled());
    waiting.abort();
    assert!(block_on(waiting).unwrap_err().is_cancelled());
}

#[test]
fn it_is_cancelled_when_the_executor_goes_and_when_it_is_gone() {
    let executor = executor();
    let handle = executor.handle();
    let (drops, running) = (Counter::new(), handle.spawn(pending::<()>()));
    executor.run_until_idle();
    let held = drops.on_drop();
    let unseen = handle.spawn(async move { drop(held) });
    let waiters = [awaited_elsewhere(running), awaited_elsewhere(unseen)];
    drop(executor);
    for waiter in waiters {
        assert!(waiter.join().unwrap().unwrap_err().is_cancelled());
    }
    let held = drops.on_drop();
    let refused = handle.spawn(async move { drop(held) });
    assert_eq!(drops.get(), 2);
    assert!(block_on(refused).unwrap_err().is_cancelled());
}

#[test]
fn dropping_the_handle_detaches_the_task() {
    let (executor, done) = (executor(), Counter::new());
    for is_polled in [true, false] {
        let counted = done.clone();
        let task = executor.handle().spawn(async move {
            yield_now().await;
            counted.add();
            counted.on_drop()
        });
        if is_polled {
            executor.tick();
        }
        task.detach();
    }
    executor.run();
    // Each is counted, and each output is dropped.
    assert_eq!(done.get(), 4);
}

#[test]
fn the_future_is_dropped_before_the_result_can_be_seen() {
    let (executor, drops) = (executor(), Counter::new());
    let held = drops.on_drop();
    let task = executor.handle().spawn(async move { drop(held) });
    while !task.is_finished() {
        executor.tick();
    }
    assert_eq!(drops.get(), 1);
}

/// A remote handle may abort its task yet, so there is no deadlock; without the handle there is one.
#[test]
fn a_remote_handle_counts_as_able_to_wake() {
    let (executor, sleeps) = sleeper();
    let task = executor.handle().spawn(pending::<()>());
    let aborter = sleeps.then(move || task.abort());
    executor.run();
    aborter.join().expect("no deadlock is proven");

    for is_seen in [false, true] {
        let executor = paused();
        let task = executor.handle().spawn(pending::<()>());
        if is_seen {
            executor.run_until_idle();
        }
        task.detach();
        deadlock(|| executor.run());
    }
}

#[test]
fn the_current_handle_is_that_of_the_executor_that_runs_here() {
    assert!(Handle::try_current().is_none());
    let (message, file) = panic_of(|| _ = Handle::current());
    assert!(message.contains("`Executor::handle`"), "{message}");
    assert!(file.ends_with("remote.rs"), "{file}");
    let done = block_on(async {
        let (handle, (done, is_done)) = (Handle::current(), mpsc::channel());
        let sender = thread::spawn(move || handle.spawn(async move { done.send(1).unwrap() }));
        while !sender.is_finished() {
            yield_now().await;
        }
        sender.join().unwrap().await.unwrap();
        is_done.recv().unwrap()
    });
    assert_eq!(done, 1);
}

/// `catch_unwind(|| handle.spawn(…))` compiles, and the like for what such code holds.
#[test]
fn handles_may_be_used_where_panics_are_caught() {
    let executor = executor();
    let handle = executor.handle();
    let task = catch_unwind(|| handle.spawn(async { 1 })).unwrap();
    assert!(!catch_unwind(|| task.is_finished()).unwrap());
    executor.block_on(async {
        let local = spawn(async { 2 });
        assert!(!catch_unwind(|| local.is_finished()).unwrap());
    });
}

#[test]
fn a_handle_says_whether_its_executor_is_gone() {
    let executor = executor();
    let handle = executor.handle();
    assert!(format!("{handle:?}").contains("executor_is_gone: false"));
    drop(executor);
    assert!(format!("{handle:?}").contains("executor_is_gone: true"));
}

#[test]
fn the_panic_of_a_task_is_logged_whose_handle_on_another_thread_is_gone() {
    let executor = executor();
    let lines = logged(|| {
        drop(executor.handle().spawn(async { panic!("burnt") }));
        executor.run();
    });
    assert_eq!(lines, ["ERROR a detached task panicked: burnt"]);
}

#[test]
fn a_handle_may_be_asked_from_inside_the_wake_that_it_gets() {
    let executor = executor();
    let (in_the_wake, waker) = runs_code();
    let mut handle = executor.handle().spawn(async { 1 });
    assert!(poll_with(&mut handle, &waker).is_pending());
    let (asked, answer) = mpsc::channel();
    in_the_wake(Box::new(move || asked.send(handle.is_finished()).unwrap()));
    executor.run();
    assert_eq!(answer.recv(), Ok(true));
}

thread_local! {
    /// A task whose waker nothing holds.
    static LOST: Cell<Option<JoinHandle<()>>> = const { Cell::new(None) };
}

#[test]
fn a_program_that_only_a_handle_can_go_on_with_is_no_deadlock_and_sleeps() {
    let (sender, parks) = mpsc::channel();
    // Where the clock is paused, a deadlock is proven at once.
    let observer = at_park(move |_| _ = sender.send(()));
    let executor = made(Executor::builder().observer(observer).paused_clock(true));
    let handle = executor.handle();
    let other = thread::spawn(move || {
        parks.recv().expect("it parks");
        // A wrong proof, or a loop that is busy, has the time to show.
        thread::sleep(Duration::from_millis(50));
        handle.spawn(async { LOST.take().map(|task| task.abort()) }).detach();
    });
    LOST.set(Some(executor.spawn(pending::<()>())));
    executor.run();
    assert!(executor.stats().parks <= 3, "{:?}", executor.stats());
    other.join().expect("no panic");
}

thread_local! {
    static EXECUTOR: RefCell<Option<Executor>> = const { RefCell::new(None) };
}

/// Runs the executor when it is dropped.
struct RunsOnDrop;

impl Wake for RunsOnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for RunsOnDrop {
    fn drop(&mut self) {
        EXECUTOR.with_borrow(|executor| executor.as_ref().map(Executor::run));
    }
}

#[test]
fn the_drop_of_a_waker_that_a_handle_keeps_may_run_the_executor() {
    let executor = executor();
    let remote = executor.handle();
    EXECUTOR.set(Some(executor));
    // The waker is replaced, and the task ends meanwhile.
    let mut handle = remote.spawn(async { 1 });
    assert!(poll_with(&mut handle, &Waker::from(Arc::new(RunsOnDrop))).is_pending());
    assert!(poll_with(&mut handle, Waker::noop()).is_pending());
    assert!(matches!(poll_with(&mut handle, Waker::noop()), Poll::Ready(Ok(1))));
    // The handle goes, and the task ends meanwhile.
    let mut handle = remote.spawn(async { 2 });
    assert!(poll_with(&mut handle, &Waker::from(Arc::new(RunsOnDrop))).is_pending());
    drop(handle);
    let executor = EXECUTOR.take().expect("it is there");
    assert_eq!(executor.stats().polls, 2);
}
