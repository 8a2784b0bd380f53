//! Polls that no future stands behind: the last one of a direction counts, until its task ends.

use std::{
    cell::Cell,
    future::poll_fn,
    io::Write,
    os::unix::net::UnixStream,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use pizzaiolo::{Async, Executor, JoinHandle};

use crate::support::{executor, unix_pair};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Spawns a task that polls the source with this waker, and ends when it is told to.
fn polls_once(
    executor: &Executor,
    source: &Rc<Async<UnixStream>>,
    waker: &Waker,
) -> (JoinHandle<()>, Waker) {
    let (source, waker) = (Rc::clone(source), waker.clone());
    let own = Rc::new(Cell::new(None));
    let slot = Rc::clone(&own);
    let mut is_first = true;
    let task = executor.spawn(poll_fn(move |cx| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        assert!(source.poll_readable(&mut Context::from_waker(&waker)).is_pending());
        slot.set(Some(cx.waker().clone()));
        Poll::Pending
    }));
    executor.run_until_idle();
    (task, own.take().expect("it was polled"))
}

fn end(executor: &Executor, (task, waker): (JoinHandle<()>, Waker)) {
    waker.wake();
    executor.run_until_idle();
    assert!(task.is_finished());
}

#[test]
fn the_waker_of_the_last_poll_stays_when_the_task_before_it_ends() {
    let executor = executor();
    let count = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&count));
    let (ours, mut peer) = unix_pair();
    let source = Rc::new(Async::from_fd(ours));
    let first = polls_once(&executor, &source, &waker);
    let last = polls_once(&executor, &source, &waker);
    end(&executor, first);
    peer.write_all(b"!").expect("there is room");
    executor.run_until_idle();
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    end(&executor, last);
}

#[test]
fn the_waker_of_the_last_poll_goes_with_its_task_also_if_another_has_polled_before() {
    let executor = executor();
    let (ours, _peer) = unix_pair();
    let source = Rc::new(Async::from_fd(ours));
    let first = polls_once(&executor, &source, Waker::noop());
    let last = polls_once(&executor, &source, Waker::noop());
    assert!(executor.reactor().has_waiters());
    end(&executor, last);
    assert!(!executor.reactor().has_waiters());
    end(&executor, first);
}
