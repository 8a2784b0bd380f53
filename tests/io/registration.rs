//! When a source is registered and deregistered, and what is left if that fails.
#![cfg(unix)]

use std::{
    net,
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mio::{Interest, Registry, Token, event::Source, unix::pipe};
use pizzaiolo::{Async, Reactor, net::TcpListener, trace::EventKind};

use crate::driven::has_something_to_do;
use crate::support::prelude::*;

/// The receiving end of a pipe, as a source that takes notes.
struct Noted {
    pipe: pipe::Receiver,
    notes: Rc<Notes>,
}

#[derive(Default)]
struct Notes {
    /// The token of each registration.
    registered: RefCell<Vec<Token>>,
    deregistered: Cell<usize>,
    dropped: Cell<usize>,
    /// Registering fails from now on, or deregistering.
    fail: Cell<bool>,
    /// Registering panics from now on.
    panic: Cell<bool>,
}

impl Notes {
    fn fail(&self) -> io::Result<()> {
        if self.fail.get() { Err(io::Error::other("on purpose")) } else { Ok(()) }
    }
}

impl Noted {
    fn new() -> io::Result<(pipe::Sender, Noted, Rc<Notes>)> {
        let (sender, pipe) = pipe::new()?;
        let notes = Rc::new(Notes::default());
        Ok((sender, Noted { pipe, notes: Rc::clone(&notes) }, notes))
    }
}

impl Source for Noted {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.notes.registered.borrow_mut().push(token);
        assert!(!self.notes.panic.get(), "on purpose");
        self.notes.fail()?;
        self.pipe.register(registry, token, interest)
    }

    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        unreachable!("a source is registered once, for both directions")
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.notes.deregistered.set(self.notes.deregistered.get() + 1);
        self.notes.fail()?;
        self.pipe.deregister(registry)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.notes.dropped.set(self.notes.dropped.get() + 1);
    }
}

/// The low half of mio's token is the place in the reactor's slab, where `usize` has 64 bits.
#[cfg(target_pointer_width = "64")]
fn place(token: Token) -> usize {
    token.0 & 0xffff_ffff
}

#[test]
fn a_source_is_registered_once_and_deregistered_when_it_is_dropped() {
    run(async || {
        let (mut sender, receiver, notes) = Noted::new()?;
        let source = Async::new(receiver)?;
        assert_eq!(notes.registered.borrow().len(), 1);
        for _ in 0..3 {
            let mut buf = [0; 8];
            let read = begun(source.read_with(|source| (&source.pipe).read(&mut buf))).await;
            sender.write_all(b"order")?;
            assert_eq!(read.await?, 5);
        }
        assert_eq!((notes.registered.borrow().len(), notes.deregistered.get()), (1, 0));
        drop(source);
        assert_eq!((notes.deregistered.get(), notes.dropped.get()), (1, 1));
        Ok(())
    });
}

#[test]
fn what_into_inner_takes_out_can_be_registered_elsewhere() {
    bound();
    let (mut sender, receiver, notes) = Noted::new().expect("a pipe");
    let one = Executor::new().expect("descriptors");
    let source = one.block_on(async {
        let source = Async::new(receiver).expect("it can be registered");
        assert!(poll_here(source.readable()).await.is_pending());
        source.into_inner().expect("it can be deregistered")
    });
    assert_eq!((notes.deregistered.get(), notes.dropped.get()), (1, 0));

    let other = Executor::new().expect("descriptors");
    other.block_on(async {
        let source = Async::new(source).expect("it can be registered");
        let mut read = pin!(source.read_with(|source| (&source.pipe).read(&mut [0; 8])));
        assert!(poll_here(read.as_mut()).await.is_pending());
        sender.write_all(b"order").expect("there is room");
        assert_eq!(read.await.expect("five bytes"), 5);
    });
    assert_eq!(notes.registered.borrow().len(), 2);
    drop(one);
}

/// Makes sources whose registration fails in this way.
#[cfg(target_pointer_width = "64")]
fn leaves_nothing(fails: fn(&Notes) -> &Cell<bool>, make: fn(Noted)) {
    run(async || {
        for _ in 0..100 {
            let (_sender, receiver, notes) = Noted::new()?;
            fails(&notes).set(true);
            make(receiver);
            assert_eq!((notes.dropped.get(), notes.deregistered.get()), (1, 0));
            assert_eq!(place(notes.registered.borrow()[0]), 0, "the place is used again");
        }
        Ok(())
    });
}

/// Row "a registration leaks when register or deregister fails" (tokio#6329, #7773).
#[test]
#[cfg(target_pointer_width = "64")]
fn a_registration_that_fails_leaves_nothing() {
    leaves_nothing(
        |notes| &notes.fail,
        |source| {
            let error = Async::new(source).err().expect("on purpose");
            assert_eq!(error.to_string(), "on purpose");
        },
    );
}

/// A source of the user's may do anything while it is registered.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_registration_that_panics_leaves_nothing() {
    leaves_nothing(
        |notes| &notes.panic,
        |source| {
            let made = catch_unwind(AssertUnwindSafe(|| Async::new(source)));
            assert!(made.is_err(), "on purpose");
        },
    );
}

/// Row "a registration leaks when register or deregister fails" (tokio#6329, #7773).
#[test]
#[cfg(target_pointer_width = "64")]
fn a_deregistration_that_fails_leaves_nothing() {
    run(async || {
        for by_drop in [true, false].repeat(50) {
            let (_sender, receiver, notes) = Noted::new()?;
            let source = Async::new(receiver)?;
            assert_eq!(place(notes.registered.borrow()[0]), 0, "the place is used again");
            notes.fail.set(true);
            if by_drop {
                drop(source);
            } else {
                let error = source.into_inner().err().expect("on purpose");
                assert_eq!(error.to_string(), "on purpose");
            }
            assert_eq!((notes.dropped.get(), notes.deregistered.get()), (1, 1));
        }
        Ok(())
    });
}

#[test]
fn outside_an_executor_nothing_is_registered() {
    let (_sender, receiver, notes) = Noted::new().expect("a pipe");
    let panic = catch_unwind(AssertUnwindSafe(|| Async::new(receiver).map(drop)));
    let message = panic.expect_err("no executor runs here");
    let message = message.downcast_ref::<String>().expect("a message");
    assert!(message.contains("no pizzaiolo executor runs on this thread"), "{message}");
    assert_eq!((notes.registered.borrow().len(), notes.dropped.get()), (0, 1));
}

#[test]
fn a_source_of_mio_is_labelled_with_its_type() {
    let (executor, events) = watched();
    let (socket, _peer) = mio::net::UnixStream::pair().expect("the OS has descriptors");
    executor.block_on(async { drop(Async::new(socket).expect("it can be registered")) });
    let labels = events.all().into_iter().filter_map(|event| match event.kind() {
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
    let (message, _) = panic_of(|| poll_with(&mut ready, Waker::noop()));
    assert!(message.contains("no reactor is entered"), "{message}");
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
