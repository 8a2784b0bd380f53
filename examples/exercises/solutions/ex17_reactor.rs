//! Exercise 17. The generation is in the token, so mio hands it back with each event.

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, ErrorKind},
    mem,
    rc::Rc,
    sync::Arc,
    task::{Poll, Wake, Waker},
    time::Duration,
};

use mio::{Events, Interest, Registry, Token, event};

use crate::ex14_threads::Park;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// The token of the unparker. No source has it: there are never so many.
const UNPARK: Token = Token(usize::MAX);

/// A slot for a source.
#[derive(Default)]
struct Slot {
    /// Goes up when a source leaves.
    generation: usize,
    /// The wakers of the tasks that wait, to read and to write.
    wakers: [Option<Waker>; 2],
}

#[derive(Default)]
struct Slab {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

impl Slab {
    /// The token of a slot: the slot below, the generation above.
    fn token(&self, slot: usize) -> Token {
        let generation = self.slots[slot].generation & 0x7fff_ffff;
        Token(generation << 32 | slot)
    }

    /// The slot of a token, if the source that it was made for is still there.
    fn get_mut(&mut self, token: Token) -> Option<&mut Slot> {
        let slot = token.0 & 0xffff_ffff;
        if slot >= self.slots.len() || self.token(slot) != token {
            return None;
        }
        self.slots.get_mut(slot)
    }

    /// The wakers of the tasks that an event is for.
    fn woken(&mut self, event: &event::Event) -> [Option<Waker>; 2] {
        let Some(slot) = self.get_mut(event.token()) else { return [None, None] };
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        let [reader, writer] = &mut slot.wakers;
        [reader.take_if(|_| readable), writer.take_if(|_| writable)]
    }
}

pub(crate) struct Reactor {
    poll: RefCell<mio::Poll>,
    registry: Rc<Registry>,
    sources: Rc<RefCell<Slab>>,
    unparker: Arc<Unparker>,
}

/// Ends a sleep in mio.
struct Unparker(mio::Waker);

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.0.wake().expect("mio can be woken");
    }
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Reactor> {
        let poll = mio::Poll::new()?;
        let registry = Rc::new(poll.registry().try_clone()?);
        let unparker = Arc::new(Unparker(mio::Waker::new(&registry, UNPARK)?));
        Ok(Reactor { poll: RefCell::new(poll), registry, sources: Rc::default(), unparker })
    }

    pub(crate) fn register<S: event::Source>(&self, mut io: S) -> io::Result<Source<S>> {
        let mut sources = self.sources.borrow_mut();
        let slot = sources.free.pop().unwrap_or(sources.slots.len());
        if slot == sources.slots.len() {
            sources.slots.push(Slot::default());
        }
        let token = sources.token(slot);
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.registry.register(&mut io, token, both) {
            sources.free.push(slot);
            return Err(error);
        }
        let (registry, slab) = (Rc::clone(&self.registry), Rc::clone(&self.sources));
        Ok(Source { io, token, registry, sources: slab })
    }
}

impl Park for Reactor {
    fn enter(&self, f: &mut dyn FnMut()) {
        // Nothing to do: a source stores its reactor.
        f();
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        let mut events = Events::with_capacity(64);
        match self.poll.borrow_mut().poll(&mut events, timeout) {
            // A signal is no error, and nothing has happened.
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &events {
            // A statement of its own: the borrow ends before the wakers are called.
            let woken = self.sources.borrow_mut().woken(event);
            woken.into_iter().flatten().for_each(Waker::wake);
        }
        Ok(())
    }

    fn unparker(&self) -> Waker {
        Waker::from(Arc::clone(&self.unparker))
    }
}

pub(crate) struct Source<S: event::Source> {
    io: S,
    token: Token,
    registry: Rc<Registry>,
    sources: Rc<RefCell<Slab>>,
}

impl<S: event::Source> Source<S> {
    pub(crate) async fn io<T>(
        &self,
        direction: Direction,
        mut attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> io::Result<T> {
        poll_fn(|cx| match attempt(&self.io) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let waker = cx.waker().clone();
                let mut sources = self.sources.borrow_mut();
                let slot = sources.get_mut(self.token).expect("it has not left");
                let old = slot.wakers[direction as usize].replace(waker);
                drop(sources);
                drop(old);
                Poll::Pending
            }
            result => Poll::Ready(result),
        })
        .await
    }
}

impl<S: event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        // It fails if mio does not know the socket any more, and then there is nothing to do.
        let _ = self.registry.deregister(&mut self.io);
        let mut sources = self.sources.borrow_mut();
        let slot = sources.get_mut(self.token).expect("it has not left");
        slot.generation += 1;
        let wakers = mem::take(&mut slot.wakers);
        sources.free.push(self.token.0 & 0xffff_ffff);
        drop(sources);
        drop(wakers);
    }
}

#[cfg(test)]
#[path = "../tests/ex17_reactor.rs"]
mod tests;
