//! Handles on other threads.

use std::{
    cell::{Cell, RefCell},
    future::pending,
    sync::{Arc, Mutex, mpsc},
    task::{Poll, Wake, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor, JoinHandle, RemoteJoinHandle,
    trace::{Event, EventKind, Observer},
};

use crate::support::{bounded, executor, logged, poll_with};

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

thread_local! {
    static HANDLE: RefCell<Option<RemoteJoinHandle<u8>>> = const { RefCell::new(None) };
}

/// Asks the handle when it is woken.
struct AsksAtOnce(Mutex<Option<bool>>);

impl Wake for AsksAtOnce {
    fn wake(self: Arc<Self>) {
        let is_finished = HANDLE.with_borrow(|it| it.as_ref().map(RemoteJoinHandle::is_finished));
        *self.0.lock().expect("nothing panics under it") = is_finished;
    }
}

#[test]
fn a_handle_may_be_asked_from_inside_the_wake_that_it_gets() {
    let executor = executor();
    let asks = Arc::new(AsksAtOnce(Mutex::new(None)));
    let mut handle = executor.handle().spawn(async { 1 });
    assert!(poll_with(&mut handle, &Waker::from(Arc::clone(&asks))).is_pending());
    HANDLE.set(Some(handle));
    executor.run();
    assert_eq!(*asks.0.lock().expect("nothing panics under it"), Some(true));
    drop(HANDLE.take());
}

/// Says when the executor parks.
struct Parks(mpsc::Sender<()>);

impl Observer for Parks {
    fn on_event(&self, event: &Event) {
        if matches!(event.kind(), EventKind::Parked { .. }) {
            let _ = self.0.send(());
        }
    }
}

thread_local! {
    /// A task whose waker nothing holds.
    static LOST: Cell<Option<JoinHandle<()>>> = const { Cell::new(None) };
}

#[test]
fn a_program_that_only_a_handle_can_go_on_with_is_no_deadlock_and_sleeps() {
    let (sender, parks) = mpsc::channel();
    // Where the clock is paused, a deadlock is told at once.
    let executor = Executor::builder().observer(Parks(sender)).paused_clock(true).build();
    let executor = executor.expect("descriptors");
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
    bounded(|| {
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
    });
}
