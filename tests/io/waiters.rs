//! What a source keeps of the tasks that wait for it, and which of them an event wakes.
#![cfg(unix)]

use std::{net::Shutdown, os::unix::net::UnixStream};

use pizzaiolo::{Async, Reactor};

use crate::support::prelude::*;

#[test]
fn a_dropped_read_that_changes_its_source_waits_no_more() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    let mut source = Async::from_fd(unix_pair().0);
    reactor.enter(|| {
        let mut read = Box::pin(
            source.read_with_mut(|_| Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock))),
        );
        assert!(poll_with(&mut read, Waker::noop()).is_pending());
        assert!(reactor.has_waiters());
        drop(read);
        assert!(!reactor.has_waiters());
    });
}

thread_local! {
    /// What the waker below drops.
    static SOCKET: Cell<Option<Async<UnixStream>>> = const { Cell::new(None) };
}

/// Drops a registered socket when it is woken.
struct DropsASocket(Waker);

impl Wake for DropsASocket {
    fn wake(self: Arc<Self>) {
        drop(SOCKET.take());
        self.0.wake_by_ref();
    }
}

#[test]
fn a_waker_of_others_may_drop_a_socket_when_it_is_woken() {
    executor().block_on(async {
        let (other, _other_peer) = unix_pair();
        let registered = Async::from_fd(other);
        assert!(poll_with(&mut pin!(registered.readable()), Waker::noop()).is_pending());
        SOCKET.set(Some(registered));
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        let mut ready = pin!(source.readable());
        poll_fn(|cx| {
            let waker = Waker::from(Arc::new(DropsASocket(cx.waker().clone())));
            let poll = ready.as_mut().poll(&mut Context::from_waker(&waker));
            if poll.is_pending() {
                peer.write_all(b"!").expect("there is room");
            }
            poll.map(|result| result.expect("it is registered"))
        })
        .await;
    });
    assert!(SOCKET.take().is_none());
}

#[test]
fn a_task_that_goes_on_after_another_reactor_was_entered_is_listed_where_it_waits() {
    let executor = executor();
    let (ours, _peer) = unix_pair();
    let task = executor.spawn(async move {
        let source = Async::from_fd(ours);
        Reactor::new().expect("the OS has descriptors").enter(|| {});
        let _ = source.readable().await;
    });
    executor.run_until_idle();
    let tasks = executor.tasks();
    let info = tasks.iter().find(|info| info.id == task.id()).expect("it is alive");
    assert_eq!(info.waits_for.len(), 1, "{tasks}");
}

#[test]
fn a_read_that_is_polled_with_another_waker_first_and_then_with_the_kept_one_waits_once() {
    let executor = executor();
    executor.block_on(async {
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        let writes = spawn(async move {
            peer.write_all(b"!").expect("there is room");
            peer
        });
        // It waits, so that the socket keeps the task's waker.
        source.read_with(|mut io| io.read(&mut [0])).await.expect("a byte");
        let mut read = Box::pin(source.read_with(|mut io| io.read(&mut [0])));
        assert!(poll_with(&mut read, Waker::noop()).is_pending());
        assert!(poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx).is_pending())).await);
        assert!(executor.reactor().has_waiters());
        drop(read);
        assert!(!executor.reactor().has_waiters());
        drop(writes.await);
    });
}

#[test]
fn the_end_of_what_the_peer_sends_says_nothing_else() {
    executor().block_on(async {
        let (ours, peer) = unix_pair();
        while match (&ours).write(&[0; 4096]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            result => result.is_ok(),
        } {}
        let source = Async::from_fd(ours);
        let waker = Waker::noop();
        assert!(poll_with(&mut pin!(source.readable()), waker).is_pending());
        peer.shutdown(Shutdown::Write).expect("it is connected");
        source.readable().await.expect("it is registered");
        assert!(poll_with(&mut pin!(source.writable()), waker).is_pending(), "it is full");
        assert!(poll_with(&mut pin!(source.priority()), waker).is_pending());
        assert!(poll_with(&mut pin!(source.error()), waker).is_pending());
        drop(peer);
    });
}

#[test]
fn a_task_that_has_waited_before_reads_on_after_its_budget() {
    executor().block_on(async {
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        let mut buf = [0];
        let read = |source: &UnixStream, buf: &mut [u8]| {
            let mut source = source;
            source.read(buf)
        };
        // From here on the socket keeps the task's waker.
        let waits = spawn(async move {
            peer.write_all(&[0; 1000]).expect("there is room");
            peer
        });
        for _ in 0..1000 {
            source.read_with(|io| read(io, &mut buf)).await.expect("a byte");
        }
        drop(waits.await);
    });
}

// Polls that no future stands behind: the last one of a direction counts, until its task ends.

/// Spawns a task that polls the source with this waker, and ends when [`end`] wakes it.
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

/// Lets the task end.
fn end(executor: &Executor, (task, waker): (JoinHandle<()>, Waker)) {
    waker.wake();
    executor.run_until_idle();
    assert!(task.is_finished());
}

#[test]
fn the_waker_of_the_last_poll_stays_when_the_task_before_it_ends() {
    let executor = executor();
    let (count, waker) = Counter::with_waker();
    let (ours, mut peer) = unix_pair();
    let source = Rc::new(Async::from_fd(ours));
    let first = polls_once(&executor, &source, &waker);
    let last = polls_once(&executor, &source, &waker);
    end(&executor, first);
    peer.write_all(b"!").expect("there is room");
    executor.run_until_idle();
    assert_eq!(count.get(), 1);
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
