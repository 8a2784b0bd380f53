//! [`Async`], the heart that every socket of this crate is made of: the original's `AsyncSocket`.
//!
//! An operation tries first. If the OS answers "would block", the task waits for the reactor to
//! say that the socket may be ready, and tries again. All of that is in [`Operation`], once.

use std::{
    cell::Cell,
    fmt, io,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, Waker},
};

#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

#[cfg(unix)]
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event::Source};

use crate::{
    id::{Direction, Reading, Way, Writing},
    registration::{Entrant, Registration},
    waiters::Ticket,
};

/// The source is always there, except in the middle of `into_inner`.
const THERE: &str = "the source is there until `into_inner` takes it";

/// Registers a source through a shared reference.
type Register<S> = fn(&S, &Registry, Token, Interest) -> io::Result<()>;

/// Says what a source is.
type Label<S> = fn(&S) -> String;

/// Takes a source out of the OS's list.
type Deregister<S> = fn(&mut S, &Registry) -> io::Result<()>;

/// Any source of events that mio knows, made into one that tasks can wait for.
///
/// The sockets of [`net`](crate::net) are made of it. Take it for what they do not cover: a pipe,
/// a signal, a device, another crate's
/// [`mio::event::Source`](https://docs.rs/mio/1/mio/event/trait.Source.html).
///
/// An operation is a closure that does not block. It is tried first; when it returns
/// [`WouldBlock`](io::ErrorKind::WouldBlock), the task waits until the source may be ready, and
/// then it is tried again. The readiness of a source is remembered until an operation returns
/// `WouldBlock`: so do all that reads or writes through [`read_with`](Async::read_with),
/// [`write_with`](Async::write_with) and their kin, and not behind their back.
///
/// ```
/// use std::io::{Read, Write};
/// use pizzaiolo::Async;
///
/// # fn main() -> std::io::Result<()> {
/// # #[cfg(unix)]
/// pizzaiolo::block_on(async {
///     let (sender, receiver) = mio::unix::pipe::new()?;
///     let (sender, receiver) = (Async::new(sender)?, Async::new(receiver)?);
///
///     let reader = pizzaiolo::spawn(async move {
///         let mut buf = [0; 16];
///         let len = receiver.read_with(|mut pipe| pipe.read(&mut buf)).await?;
///         Ok::<_, std::io::Error>(buf[..len].to_vec())
///     });
///     sender.write_with(|mut pipe| pipe.write(b"pizza")).await?;
///     assert_eq!(reader.await??, b"pizza");
///     Ok::<(), std::io::Error>(())
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct Async<S> {
    /// The source. Only [`Async::into_inner`] takes it out.
    io: Option<S>,
    registration: Registration,
    /// How it is registered when it first has to wait.
    register: Register<S>,
    /// How it is taken out of the OS's list.
    deregister: Deregister<S>,
    /// Says what it is, for people who watch.
    label: Label<S>,
    /// Nobody else can have a duplicate of the descriptor, so that dropping the source closes it:
    /// the OS forgets it by itself, and a system call is saved. (While a duplicate is open, epoll
    /// keeps what is closed in its list: it goes on to wake the executor, and the duplicate, once
    /// it has the old number, cannot be registered.)
    sole: Cell<bool>,
}

fn type_name<S>() -> String {
    std::any::type_name::<S>().to_owned()
}

impl<S: Source> Async<S> {
    /// Takes a source in, and registers it with the executor that runs here. (mio asks for the
    /// source itself to register it, which can't be had any more once it is shared; what has a
    /// descriptor can be registered later, see [`from_fd`](Async::from_fd).)
    ///
    /// # Errors
    ///
    /// What the registration returns.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    pub fn new(mut io: S) -> io::Result<Async<S>> {
        let registration = Registration::new();
        registration.register_now(
            &mut |registry, token, interest| io.register(registry, token, interest),
            &type_name::<S>,
        )?;
        Ok(Async {
            io: Some(io),
            registration,
            register: |_, _, _, _| unreachable!("it is registered from the start"),
            deregister: S::deregister,
            label: |_| type_name::<S>(),
            sole: Cell::new(false),
        })
    }
}

#[cfg(unix)]
impl<S: AsFd> Async<S> {
    /// Takes anything in that has a descriptor. It may be made anywhere; it is registered, by its
    /// descriptor, with the executor under which it first has to wait.
    ///
    /// The descriptor must be non-blocking, or an operation blocks the whole executor. And it
    /// must be of a kind that can be waited for: to wait for a plain file is an error on Linux.
    ///
    /// ```
    /// use std::{io::{Read, Write}, os::unix::net::UnixStream};
    /// use pizzaiolo::Async;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (mut kitchen, table) = UnixStream::pair()?;
    /// table.set_nonblocking(true)?;
    /// let table = Async::from_fd(table);
    /// kitchen.write_all(b"pizza")?;
    ///
    /// let mut buf = [0; 16];
    /// let len = pizzaiolo::block_on(table.read_with(|mut table| table.read(&mut buf)))?;
    /// assert_eq!(&buf[..len], b"pizza");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_fd(io: S) -> Async<S> {
        Async::socket(io, |io| format!("descriptor {}", io.as_fd().as_raw_fd()))
    }

    /// The same, under a label of its own.
    pub(crate) fn socket(io: S, label: Label<S>) -> Async<S> {
        Async {
            io: Some(io),
            registration: Registration::new(),
            register: |io, registry, token, interest| {
                SourceFd(&io.as_fd().as_raw_fd()).register(registry, token, interest)
            },
            deregister: |io, registry| SourceFd(&io.as_fd().as_raw_fd()).deregister(registry),
            label,
            sole: Cell::new(false),
        }
    }
}

/// Where sockets have no descriptors, mio has to be given the socket itself to register it. So a
/// socket is registered when it is made, and has to be made inside an executor.
#[cfg(not(unix))]
impl<S: Source> Async<S> {
    pub(crate) fn socket(mut io: S, label: Label<S>) -> Async<S> {
        let registration = Registration::new();
        if crate::context::current().is_some() {
            // If it fails, the first wait says that the socket is not registered.
            let _ = registration.register_now(
                &mut |registry, token, interest| io.register(registry, token, interest),
                &type_name::<S>,
            );
        }
        Async {
            io: Some(io),
            registration,
            register: |_, _, _, _| {
                Err(io::Error::other("on this platform, make sockets inside the executor"))
            },
            deregister: S::deregister,
            label,
            sole: Cell::new(false),
        }
    }
}

impl<S> Async<S> {
    /// Says that nobody else has a duplicate of the descriptor, because it was made just now.
    pub(crate) fn assume_sole(self) -> Async<S> {
        self.sole.set(true);
        self
    }

    /// Says that it is a stream that was accepted just now: nobody has read from it, nor has a
    /// duplicate of its descriptor.
    pub(crate) fn assume_accepted(self) -> Async<S> {
        self.registration.set_unread();
        self.assume_sole()
    }

    /// Returns a reference to the source.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.io.as_ref().unwrap_or_else(|| unreachable!("{THERE}"))
    }

    /// Returns a mutable reference to the source.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        self.io.as_mut().unwrap_or_else(|| unreachable!("{THERE}"))
    }

    /// Takes the source out, unregistered.
    ///
    /// # Errors
    ///
    /// What deregistering it returns; the source is then dropped.
    pub fn into_inner(mut self) -> io::Result<S> {
        let mut io = self.io.take().unwrap_or_else(|| unreachable!("{THERE}"));
        let deregister = self.deregister;
        self.registration.remove(&mut |registry| deregister(&mut io, registry))?;
        Ok(io)
    }

    /// Waits until the source may be ready to read.
    ///
    /// "May be": the next operation can still return "would block". And it is taken to be ready
    /// until one does, so call this before [`read_with`](Async::read_with), not in its place.
    ///
    /// # Errors
    ///
    /// If the source cannot be registered, or belongs to another executor than this one, or to
    /// one that is gone.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn readable(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.ready(Reading)
    }

    /// Waits until the source may be ready to write.
    ///
    /// As [`readable`](Async::readable), for the other direction.
    ///
    /// # Errors
    ///
    /// As for [`readable`](Async::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub fn writable(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.ready(Writing)
    }

    /// Calls `op` until it returns anything but [`WouldBlock`](io::ErrorKind::WouldBlock), and
    /// waits until the source may be ready to read after each time that it does. After
    /// [`Interrupted`](io::ErrorKind::Interrupted) it is called again at once.
    ///
    /// # Errors
    ///
    /// What `op` returns; and as for [`readable`](Async::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the last call of `op` had returned
    /// `WouldBlock`, or there was none.
    pub fn read_with<R, F>(
        &self,
        mut op: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, S, R, F>
    where
        F: FnMut(&S) -> io::Result<R>,
    {
        self.operation(Reading, move |io| io.attempt(Direction::Read, &mut op))
    }

    /// Calls `op` until it returns anything but "would block", and waits until the source may be
    /// ready to write after each time that it does.
    ///
    /// As [`read_with`](Async::read_with), for the other direction.
    ///
    /// # Errors
    ///
    /// What `op` returns; and as for [`readable`](Async::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// As for [`read_with`](Async::read_with).
    pub fn write_with<R, F>(
        &self,
        mut op: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, S, R, F>
    where
        F: FnMut(&S) -> io::Result<R>,
    {
        self.operation(Writing, move |io| io.attempt(Direction::Write, &mut op))
    }

    /// Like [`read_with`](Async::read_with), for an `op` that has to change the source.
    ///
    /// # Errors
    ///
    /// What `op` returns; and as for [`readable`](Async::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// As for [`read_with`](Async::read_with).
    pub async fn read_with_mut<R>(
        &mut self,
        mut op: impl FnMut(&mut S) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let io = self.io.as_mut().unwrap_or_else(|| unreachable!("{THERE}"));
            match self.registration.attempt(Direction::Read, || op(io), |_| false) {
                Poll::Ready(result) => return result,
                Poll::Pending => self.readable().await?,
            }
        }
    }

    /// Tries `op` once, unless the source is known not to be ready, or the poll that runs now has
    /// used up its budget: then it is Pending without a try, as it is if the try would block. The
    /// caller sees to it that the task is woken, see [`Async::poll_operation`].
    pub(crate) fn attempt<R>(
        &self,
        direction: Direction,
        mut op: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.registration.attempt(direction, || op(self.get_ref()), |_| false)
    }

    /// The same for an `op` that moves some of the `asked` bytes of a stream, at least one, where
    /// less than all means that there was no more.
    pub(crate) fn transfer(
        &self,
        direction: Direction,
        asked: usize,
        mut op: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        // `0 < done && done < asked`, in one comparison: `done` of nothing wraps round to the largest
        // number. (So does `asked`, of a write of nothing; but that does nothing.)
        let is_short = |done: &usize| done.wrapping_sub(1) < asked.wrapping_sub(1);
        self.registration.attempt(direction, || op(self.get_ref()), is_short)
    }

    /// Calls `attempt` until it is ready, and waits for the source after each time that it is not.
    /// The tries in it are made with [`Async::attempt`].
    pub(crate) fn operation<W, R, F>(&self, _: W, attempt: F) -> Operation<'_, S, W, F>
    where
        W: Way,
        F: FnMut(&Async<S>) -> Poll<io::Result<R>>,
    {
        Operation { io: self, way: PhantomData, attempt, ticket: Ticket::new() }
    }

    /// Waits until the source may be ready.
    pub(crate) fn ready<W: Way>(
        &self,
        way: W,
    ) -> Operation<'_, S, W, impl FnMut(&Async<S>) -> Poll<io::Result<()>> + use<S, W>> {
        self.operation(way, |io| {
            if io.registration.is_known_ready(W::DIRECTION) {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        })
    }

    /// One poll of an operation: calls `attempt`, and begins to wait if that is not ready.
    #[track_caller]
    pub(crate) fn poll_operation<R>(
        &self,
        direction: Direction,
        ticket: &Ticket,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&Async<S>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match attempt(self) {
            Poll::Ready(result) => {
                // Who has waited was woken by the event that made this one ready.
                ticket.clear();
                Poll::Ready(result)
            }
            Poll::Pending => match self.wait(direction, ticket, cx.waker()) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }

    /// Begins to wait. Not inlined: the code of an operation is the better for it.
    #[track_caller]
    #[inline(never)]
    fn wait(&self, direction: Direction, ticket: &Ticket, waker: &Waker) -> io::Result<()> {
        self.registration.wait(direction, ticket, waker, self)
    }

    /// Whether the peer is known to have ended its half.
    pub(crate) fn is_closed(&self, direction: Direction) -> bool {
        self.registration.is_closed(direction)
    }

    /// Takes a waiter out that waits no longer.
    #[inline]
    pub(crate) fn forget(&self, direction: Direction, ticket: &Ticket) {
        self.registration.forget(direction, ticket);
    }
}

impl<S> Entrant for Async<S> {
    fn register(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        (self.register)(self.get_ref(), registry, token, interest)
    }

    fn label(&self) -> String {
        (self.label)(self.get_ref())
    }
}

#[cfg(unix)]
impl<S: AsFd> AsFd for Async<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // Whoever has it can make a duplicate.
        self.sole.set(false);
        self.get_ref().as_fd()
    }
}

#[cfg(unix)]
impl<S: AsFd> AsRawFd for Async<S> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<S> Drop for Async<S> {
    fn drop(&mut self) {
        let (io, deregister, sole) = (&mut self.io, self.deregister, self.sole.get());
        let removed = self.registration.remove(&mut |registry| match io {
            Some(io) if !sole => deregister(io, registry),
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
/// When it is dropped while it waits, its waiter goes with it. Nothing was done yet, so nothing is
/// lost, but for what an `attempt` of several steps remembers.
pub(crate) struct Operation<'a, S, W: Way, F> {
    io: &'a Async<S>,
    /// Whether it reads or writes.
    way: PhantomData<W>,
    attempt: F,
    /// Its place among those who wait.
    ticket: Ticket,
}

/// It never pins `attempt`, which is only called.
impl<S, W: Way, F> Unpin for Operation<'_, S, W, F> {}

impl<S, W: Way, R, F> Future for Operation<'_, S, W, F>
where
    F: FnMut(&Async<S>) -> Poll<io::Result<R>>,
{
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = &mut *self;
        this.io.poll_operation(W::DIRECTION, &this.ticket, cx, &mut this.attempt)
    }
}

impl<S, W: Way, F> Drop for Operation<'_, S, W, F> {
    fn drop(&mut self) {
        self.io.forget(W::DIRECTION, &self.ticket);
    }
}
