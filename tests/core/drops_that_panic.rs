//! Drops that panic, of what nothing waits for any more: they are logged, and go no further.

use pizzaiolo::{
    task::JoinSet,
    trace::{Event, EventKind, Observer},
};

use crate::support::prelude::*;

/// A waker whose drop panics.
struct Fragile(PanicsOnDrop);

impl Wake for Fragile {
    fn wake(self: Arc<Self>) {
        // So that a wake is no drop that panics.
        std::mem::forget(self);
    }
}

fn fragile() -> Waker {
    Waker::from(Arc::new(Fragile(PanicsOnDrop)))
}

#[track_caller]
fn assert_logged(lines: &[String], what: &str) {
    let is_it = |line: &&String| line.starts_with("ERROR") && line.contains(what);
    assert_eq!(lines.iter().filter(is_it).count(), 1, "{lines:?}");
}

#[test]
fn a_future_that_was_sent_and_never_polled() {
    let lines = logged(|| {
        let executor = executor();
        let fragile = PanicsOnDrop;
        executor.handle().spawn(async move { drop(fragile) }).detach();
        drop(executor);
    });
    assert_logged(&lines, "a future that was sent panicked");
}

#[test]
fn the_waker_of_a_join_handle() {
    let executor = executor();
    let lines = logged(|| {
        let mut handle = executor.spawn(pending::<()>());
        assert!(poll_with(&mut handle, &fragile()).is_pending());
        drop(handle);
        let mut handle = executor.handle().spawn(pending::<()>());
        assert!(poll_with(&mut handle, &fragile()).is_pending());
        drop(handle);
    });
    let is_it = |line: &&String| line.contains("the waker of a join handle panicked");
    assert_eq!(lines.iter().filter(is_it).count(), 2, "{lines:?}");
}

#[test]
fn the_waker_of_a_join_set() {
    let executor = executor();
    let lines = logged(|| {
        executor.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(pending::<()>());
            let (first, second) = (fragile(), Waker::noop());
            assert!(set.poll_join_next(&mut Context::from_waker(&first)).is_pending());
            drop(first);
            set.spawn(pending::<()>());
            assert!(set.poll_join_next(&mut Context::from_waker(second)).is_pending());
        });
    });
    assert_logged(&lines, "the waker of a join set panicked");
}

#[test]
fn an_output_that_no_handle_on_another_thread_has_taken() {
    let executor = executor();
    let lines = logged(|| {
        let handle = executor.handle().spawn(async { PanicsOnDrop });
        executor.run();
        assert!(handle.is_finished());
        drop(handle);
    });
    assert_logged(&lines, "the output of a task panicked");
}

/// Panics when it is polled, and when it is dropped.
struct PanicsTwice(PanicsOnDrop);

impl Future for PanicsTwice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> std::task::Poll<()> {
        panic!("polled");
    }
}

#[test]
fn a_future_that_has_panicked_already() {
    let executor = executor();
    let lines = logged(|| {
        let mut task = executor.spawn(PanicsTwice(PanicsOnDrop));
        executor.run();
        let outcome = poll_with(&mut task, Waker::noop());
        assert!(matches!(outcome, std::task::Poll::Ready(Err(error)) if error.is_panic()));
    });
    assert_logged(&lines, "a future's drop panicked: dropped");
}

/// Panics when it is called.
struct PanicsWhenCalled;

impl Observer for PanicsWhenCalled {
    fn on_event(&self, event: &Event) {
        if matches!(event.kind(), EventKind::Spawned { .. }) {
            panic!("called");
        }
    }
}

impl Drop for PanicsWhenCalled {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn an_observer_that_panics() {
    let executor = Executor::builder().observer(PanicsWhenCalled).build().expect("descriptors");
    let lines = logged(|| {
        executor.spawn(async {}).detach();
        drop(executor);
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "ERROR an observer panicked: called");
    assert_eq!(lines[1], "ERROR an observer panicked: dropped");
}

#[test]
#[cfg(unix)]
fn the_waker_of_a_socket_that_goes_or_whose_task_ends() {
    use crate::support::unix_pair;
    use pizzaiolo::{Async, spawn};
    use std::rc::Rc;

    let executor = executor();
    let lines = logged(|| {
        executor.block_on(async {
            let gone = Async::from_fd(unix_pair().0);
            let first = fragile();
            assert!(gone.poll_readable(&mut Context::from_waker(&first)).is_pending());
            drop(first);
            drop(gone);
            let stays = Rc::new(Async::from_fd(unix_pair().0));
            let polled = Rc::clone(&stays);
            let ends = async move {
                let second = fragile();
                assert!(polled.poll_readable(&mut Context::from_waker(&second)).is_pending());
            };
            spawn(ends).await.expect("its end is none of its own");
            drop(stays);
        });
    });
    let is_it = |line: &&String| line.contains("a waker that waited for a socket panicked");
    assert_eq!(lines.iter().filter(is_it).count(), 2, "{lines:?}");
}
