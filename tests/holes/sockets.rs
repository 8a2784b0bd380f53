//! Sockets and the reactor.

use std::{
    cell::Cell,
    future::poll_fn,
    io::{self, Read, Write},
    net,
    os::{
        fd::{AsFd, AsRawFd},
        unix::net::UnixStream,
    },
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll as OsPoll, Token, unix::SourceFd};
use pizzaiolo::{Async, Executor, Reactor, net::TcpListener, spawn, trace::EventKind};

use crate::support::{bounded, executor, observed, poll_with, unix_pair};

/// Says whether the executor's descriptor is readable now.
pub(crate) fn has_something_to_do(executor: &Executor) -> bool {
    let mut poll = OsPoll::new().expect("the OS has descriptors");
    let mut events = Events::with_capacity(1);
    let fd = executor.reactor().as_raw_fd();
    poll.registry().register(&mut SourceFd(&fd), Token(0), Interest::READABLE).expect("epoll");
    poll.poll(&mut events, Some(Duration::ZERO)).expect("epoll");
    !events.is_empty()
}

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

#[test]
fn a_source_of_mio_is_labelled_with_its_type() {
    let (recorder, executor) = observed();
    let (socket, _peer) = mio::net::UnixStream::pair().expect("the OS has descriptors");
    executor.block_on(async { drop(Async::new(socket).expect("it can be registered")) });
    let labels = recorder.events().into_iter().filter_map(|event| match event.kind() {
        EventKind::Registered { label, .. } => Some(label.to_string()),
        _ => None,
    });
    let labels: Vec<_> = labels.collect();
    assert!(labels.len() == 1 && labels[0].contains("UnixStream"), "{labels:?}");
}

#[test]
fn an_accepted_socket_brings_no_event_after_its_drop_though_a_duplicate_is_open() {
    let executor = executor();
    let (duplicate, mut client) = executor.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("it is bound");
        let mut client = net::TcpStream::connect(addr).expect("it listens");
        let (stream, _) = listener.accept().await.expect("a client");
        client.write_all(b"!").expect("there is room");
        stream.read_exact(&mut [0]).await.expect("a byte");
        (stream.as_fd().try_clone_to_owned().expect("a descriptor"), client)
    });
    executor.run_until_idle();
    client.write_all(b"!").expect("there is room");
    let mut duplicate = net::TcpStream::from(duplicate);
    duplicate.set_nonblocking(false).expect("it is a socket");
    assert_eq!(duplicate.peek(&mut [0]).expect("a byte"), 1);
    assert!(!has_something_to_do(&executor));
    duplicate.read_exact(&mut [0]).expect("a byte");
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
fn a_registered_socket_cannot_wait_in_another_reactor_with_the_waker_that_it_keeps() {
    executor().block_on(async {
        let (ours, mut peer) = unix_pair();
        let source = Async::from_fd(ours);
        // It has waited once, so that it keeps the waker.
        let mut is_written = false;
        let mut ready = pin!(source.readable());
        poll_fn(|cx| {
            let poll = ready.as_mut().poll(cx);
            if !std::mem::replace(&mut is_written, true) {
                peer.write_all(b"!").expect("there is room");
            }
            poll.map(|result| result.expect("it is registered"))
        })
        .await;
        let mut buf = [0; 8];
        assert_eq!(source.try_read_with(|mut io| io.read(&mut buf)).expect("a byte"), 1);
        let drained = source.try_read_with(|mut io| io.read(&mut buf));
        assert_eq!(drained.expect_err("there is no more").kind(), io::ErrorKind::WouldBlock);
        let other = Reactor::new().expect("the OS has descriptors");
        let mut ready = pin!(source.readable());
        let poll = poll_fn(|cx| Poll::Ready(other.enter(|| ready.as_mut().poll(cx)))).await;
        let Poll::Ready(Err(error)) = poll else { panic!("it waits elsewhere: {poll:?}") };
        assert!(error.to_string().contains("belongs to another executor"), "{error}");
    });
}

#[test]
fn a_registered_socket_that_has_to_wait_under_no_reactor_says_what_to_do() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    let source = Async::from_fd(unix_pair().0);
    let mut ready = Box::pin(source.readable());
    assert!(reactor.enter(|| poll_with(&mut ready, Waker::noop())).is_pending());
    drop(ready);
    let mut ready = Box::pin(source.readable());
    let outside = catch_unwind(AssertUnwindSafe(|| poll_with(&mut ready, Waker::noop())));
    let message = outside.expect_err("no reactor is entered").downcast::<String>();
    assert!(message.expect("a message").contains("no reactor is entered"));
}

#[test]
fn a_task_that_has_waited_before_reads_on_after_its_budget() {
    bounded(|| {
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
    });
}

/// Makes a source when it is dropped.
struct RegistersOnDrop(Rc<Cell<Option<io::Error>>>);

impl Drop for RegistersOnDrop {
    fn drop(&mut self) {
        let (socket, _peer) = mio::net::UnixStream::pair().expect("the OS has descriptors");
        self.0.set(Async::new(socket).err());
    }
}

#[test]
fn a_source_cannot_be_registered_with_an_executor_that_goes() {
    let executor = executor();
    let error = Rc::new(Cell::new(None));
    let registers = RegistersOnDrop(Rc::clone(&error));
    executor.spawn(async move { drop(registers) }).detach();
    drop(executor);
    let error = error.take().expect("it is refused").to_string();
    assert!(error.contains("executor is gone"), "{error}");
}

#[test]
fn a_source_says_whether_it_is_registered() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    let source = Async::from_fd(unix_pair().0);
    assert!(format!("{source:?}").contains("registered: false"));
    let mut ready = Box::pin(source.readable());
    assert!(reactor.enter(|| poll_with(&mut ready, Waker::noop())).is_pending());
    assert!(format!("{source:?}").contains("registered: true"));
}

#[test]
fn a_waker_of_an_unparker_that_is_used_up_ends_the_next_park() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    Waker::from(reactor.unparker()).wake();
    let (before, bound) = (Instant::now(), Duration::from_secs(60));
    reactor.park(Some(bound)).expect("the OS gives events");
    assert!(before.elapsed() < bound);
}

#[test]
fn a_park_of_no_time_collects_what_is_there() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    let (ours, mut peer) = unix_pair();
    let source = Async::from_fd(ours);
    let mut ready = pin!(source.readable());
    assert!(reactor.enter(|| poll_with(&mut ready, Waker::noop())).is_pending());
    peer.write_all(b"!").expect("there is room");
    reactor.park(Some(Duration::ZERO)).expect("the OS gives events");
    assert!(reactor.enter(|| poll_with(&mut ready, Waker::noop())).is_ready());
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
