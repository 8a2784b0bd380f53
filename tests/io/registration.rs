//! When a source is registered and deregistered, and what is left if that fails.
#![cfg(unix)]

use std::{
    cell::{Cell, RefCell},
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
};

use mio::{Interest, Registry, Token, event::Source, unix::pipe};
use pizzaiolo::{Async, Executor};

use crate::support::{bounded, poll_here, run};

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
            let mut read = pin!(source.read_with(|source| (&source.pipe).read(&mut buf)));
            assert!(poll_here(read.as_mut()).await.is_pending());
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
    bounded(|| {
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
    });
}

/// Row "a registration leaks when register or deregister fails" (tokio#6329, #7773).
#[test]
#[cfg(target_pointer_width = "64")]
fn a_registration_that_fails_leaves_nothing() {
    run(async || {
        for _ in 0..100 {
            let (_sender, receiver, notes) = Noted::new()?;
            notes.fail.set(true);
            let error = Async::new(receiver).err().expect("on purpose");
            assert_eq!(error.to_string(), "on purpose");
            assert_eq!((notes.dropped.get(), notes.deregistered.get()), (1, 0));
            assert_eq!(place(notes.registered.borrow()[0]), 0, "the place is used again");
        }
        Ok(())
    });
}

/// A source of the user's may do anything while it is registered.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_registration_that_panics_leaves_nothing() {
    run(async || {
        for _ in 0..100 {
            let (_sender, receiver, notes) = Noted::new()?;
            notes.panic.set(true);
            let made = catch_unwind(AssertUnwindSafe(|| Async::new(receiver)));
            assert!(made.is_err(), "on purpose");
            assert_eq!((notes.dropped.get(), notes.deregistered.get()), (1, 0));
            assert_eq!(place(notes.registered.borrow()[0]), 0, "the place is used again");
        }
        Ok(())
    });
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
