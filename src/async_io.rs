//! [`Async`], the heart that every socket of this crate is made of: the original's `AsyncSocket`.
//!
//! An operation tries first. If the OS answers "would block", the task waits for the reactor to
//! say that the socket may be ready, and tries again. All of that is in [`Operation`], once.

use std::{
    fmt,
    io::{self, Read, Write},
    pin::Pin,
    task::{Context, Poll},
};

use mio::{Interest, Registry, Token, event::Source};

use crate::{
    id::Direction,
    registration::{Registration, Ticket, is_spent, spend},
};

/// Registers a source through a shared reference.
type Register<S> = fn(&S, &Registry, Token, Interest) -> io::Result<()>;

/// Takes a source out of the OS's list.
type Deregister<S> = fn(&mut S, &Registry) -> io::Result<()>;

/// A source of events that tasks can wait for.
pub(crate) struct Async<S> {
    /// The source. Only [`Async::into_inner`] takes it out.
    io: Option<S>,
    registration: Registration,
    /// How it is registered when it first has to wait.
    register: Register<S>,
    /// How it is taken out of the OS's list.
    deregister: Deregister<S>,
    /// Dropping the source closes it: the OS forgets it by itself, and a system call is saved.
    closes: bool,
}

#[cfg(unix)]
impl<S: std::os::fd::AsRawFd> Async<S> {
    /// Makes a source of a non-blocking descriptor that nobody else has, and that is closed when
    /// it is dropped. It may be made anywhere.
    pub(crate) fn socket(io: S) -> Async<S> {
        Async {
            io: Some(io),
            registration: Registration::new(),
            register: |io, registry, token, interest| {
                mio::unix::SourceFd(&io.as_raw_fd()).register(registry, token, interest)
            },
            deregister: |io, registry| mio::unix::SourceFd(&io.as_raw_fd()).deregister(registry),
            closes: true,
        }
    }
}

impl<S> Async<S> {
    /// The source itself.
    pub(crate) fn get_ref(&self) -> &S {
        self.io.as_ref().expect("the source is there until `into_inner`")
    }

    /// Takes the source out, unregistered.
    pub(crate) fn into_inner(mut self) -> io::Result<S> {
        let mut io = self.io.take().expect("the source is there until `into_inner`");
        let deregister = self.deregister;
        self.registration.remove(|registry| deregister(&mut io, registry))?;
        Ok(io)
    }

    /// Tries `op` once, unless the source is known not to be ready, or the poll that runs now has
    /// used up its budget: then it is "would block" without a try.
    pub(crate) fn attempt<R>(
        &self,
        direction: Direction,
        mut op: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        if !self.registration.may_be_ready(direction) || !spend() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        loop {
            match op(self.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.would_block(direction);
                    return Err(error);
                }
                result => return result,
            }
        }
    }

    /// Says whether the source may be ready, "would block" if it is not, or was never asked.
    fn check(&self, direction: Direction) -> io::Result<()> {
        let registered = self.registration.is_registered();
        if registered && self.registration.may_be_ready(direction) && spend() {
            Ok(())
        } else {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    /// Calls `attempt` until its answer is anything but "would block", and waits for the source
    /// after each that is. The tries in it are made with [`Async::attempt`].
    pub(crate) fn operation<R, F>(&self, direction: Direction, attempt: F) -> Operation<'_, S, F>
    where
        F: FnMut(&Async<S>) -> io::Result<R>,
    {
        Operation { io: self, direction, attempt, ticket: Ticket::new() }
    }

    /// Waits until the source may be ready.
    pub(crate) fn ready(
        &self,
        direction: Direction,
    ) -> Operation<'_, S, impl FnMut(&Async<S>) -> io::Result<()> + use<S>> {
        self.operation(direction, move |io| io.check(direction))
    }

    /// One poll of an operation: calls `attempt`, and keeps the waker if that would block.
    #[track_caller]
    pub(crate) fn poll_operation<R>(
        &self,
        direction: Direction,
        ticket: &Ticket,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&Async<S>) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        match attempt(self) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return Poll::Ready(result),
        }
        if is_spent() && self.registration.may_be_ready(direction) {
            // The turn ends here: the task goes to the end of the queue.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let register = self.register;
        self.registration.ensure(|registry, token, interest| {
            register(self.get_ref(), registry, token, interest)
        })?;
        self.registration.wait(direction, ticket, cx.waker());
        Poll::Pending
    }

    /// Takes a waiter out that waits no longer.
    pub(crate) fn forget(&self, direction: Direction, ticket: &Ticket) {
        self.registration.forget(direction, ticket);
    }
}

impl<S> Async<S>
where
    for<'a> &'a S: Read,
{
    /// Tries to read from a stream.
    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let done = self.attempt(Direction::Read, |mut io| io.read(buf))?;
        self.registration.transferred(Direction::Read, done, buf.len());
        Ok(done)
    }
}

impl<S> Async<S>
where
    for<'a> &'a S: Write,
{
    /// Tries to write to a stream.
    pub(crate) fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        let done = self.attempt(Direction::Write, |mut io| io.write(buf))?;
        self.registration.transferred(Direction::Write, done, buf.len());
        Ok(done)
    }
}

impl<S> Drop for Async<S> {
    fn drop(&mut self) {
        let (io, deregister, closes) = (&mut self.io, self.deregister, self.closes);
        let removed = self.registration.remove(|registry| match io {
            Some(io) if !closes => deregister(io, registry),
            _ => Ok(()),
        });
        if let Err(error) = removed {
            log::warn!(target: "pizzaiolo", "deregistering a source failed: {error}");
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Async<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Async")
            .field("io", &self.io)
            .field("registered", &self.registration.is_registered())
            .finish_non_exhaustive()
    }
}

/// One operation on a source, as a future: try, wait, try again.
///
/// When it is dropped while it waits, its waker goes with it. Nothing was done yet, so nothing is
/// lost, but for what an `attempt` of several steps remembers.
pub(crate) struct Operation<'a, S, F> {
    io: &'a Async<S>,
    direction: Direction,
    attempt: F,
    /// Its place among those who wait.
    ticket: Ticket,
}

/// It never pins `attempt`, which is only called.
impl<S, F> Unpin for Operation<'_, S, F> {}

impl<S, R, F> Future for Operation<'_, S, F>
where
    F: FnMut(&Async<S>) -> io::Result<R>,
{
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = &mut *self;
        this.io.poll_operation(this.direction, &this.ticket, cx, &mut this.attempt)
    }
}

impl<S, F> Drop for Operation<'_, S, F> {
    fn drop(&mut self) {
        self.io.forget(self.direction, &self.ticket);
    }
}
