//! [`Async`], which every socket of this crate is made of: the original's `AsyncSocket`.
//!
//! An operation tries first. If the OS answers "would block", the task waits for the reactor to
//! report that the socket may be ready, and tries again. This file has the source and one poll of an
//! operation; [`operation`] has the futures that are made of it, and
//! `poll_and_try` has what is not awaited: polls for types with a trait in poll style, and tries that
//! never wait.

mod access;
#[cfg(feature = "futures-io")]
mod futures_io;
pub(crate) mod operation;
mod poll_and_try;
#[cfg(windows)]
mod windows;

use std::{
    cell::Cell,
    fmt, io,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    task::{Context, Poll, Waker},
};

#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

use mio::event::Source;

use self::access::{Access, AsHandle};
use crate::{
    current,
    id::Direction,
    reactor::{
        registration::{Registration, Wait},
        waiters::WaiterId,
    },
};

/// The source is always there, except in the middle of `into_inner`.
const THERE: &str = "the source is there until `into_inner` takes it";

/// Describes a source for people.
pub(crate) type Label<S> = fn(&S) -> String;

/// Any source of events that mio knows, made into one that tasks can wait for.
///
/// The sockets of [`net`](crate::net) are made of it. Take it for what they do not cover: a pipe,
/// a signal, a device, another crate's
/// [`mio::event::Source`](https://docs.rs/mio/1/mio/event/trait.Source.html).
///
/// An operation is a closure that does not block. It is tried first; when it returns
/// [`WouldBlock`](io::ErrorKind::WouldBlock), the task waits until the source may be ready, and
/// then it is tried again. The readiness of a source is stored until an operation returns
/// `WouldBlock`. So read and write only through [`read_with`](Async::read_with),
/// [`write_with`](Async::write_with) and the like: the source does not see any other read or write.
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
    access: Access<S>,
    label: Label<S>,
    /// No duplicate of the descriptor can exist, so that dropping the source closes it: the OS
    /// removes it from its list by itself, and a system call is saved. (While a duplicate is open,
    /// epoll keeps a closed descriptor in its list: it continues to wake the executor, and the
    /// duplicate cannot be registered once it has the old number.)
    is_unique: Cell<bool>,
}

fn type_name<S>() -> String {
    std::any::type_name::<S>().to_owned()
}

impl<S: Source> Async<S> {
    /// Takes a source, and registers it with the executor that runs here, or with the reactor that
    /// is entered. (mio registers a source through a mutable reference, which there is only at the
    /// start; a source that has a descriptor can be registered later, see
    /// [`from_fd`](Async::from_fd).)
    ///
    /// # Errors
    ///
    /// The error of the registration.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread and no reactor is entered.
    #[track_caller]
    pub fn new(mut io: S) -> io::Result<Async<S>> {
        let registration = Registration::new();
        registration.register_now(
            &mut |registry, token, interest| io.register(registry, token, interest),
            &type_name::<S>,
        )?;
        let (access, label) = (Access::Source(S::deregister), |_: &S| type_name::<S>());
        Ok(Async { io: Some(io), registration, access, label, is_unique: Cell::new(false) })
    }
}

#[cfg(unix)]
impl<S: AsFd> Async<S> {
    /// Takes anything that has a descriptor. It may be made anywhere; it is registered, by its
    /// descriptor, with the executor or reactor under which it first has to wait.
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
}

#[cfg(windows)]
impl<S: AsSocket> Async<S> {
    /// Takes any socket. It may be made anywhere; it is registered with the executor or reactor under
    /// which it first has to wait. The socket must be non-blocking, or an operation blocks the whole
    /// executor.
    ///
    /// ```
    /// use std::net::UdpSocket;
    /// use pizzaiolo::Async;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let socket = Async::from_socket(socket);
    /// UdpSocket::bind("127.0.0.1:0")?.send_to(b"pizza", socket.get_ref().local_addr()?)?;
    ///
    /// let mut buf = [0; 16];
    /// let len = pizzaiolo::block_on(socket.read_with(|socket| socket.recv(&mut buf)))?;
    /// assert_eq!(&buf[..len], b"pizza");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_socket(io: S) -> Async<S> {
        Async::socket(io, |io| format!("socket {}", io.as_socket().as_raw_socket()))
    }
}

impl<S: AsHandle> Async<S> {
    /// Takes a socket, with a label of its own.
    pub(crate) fn socket(io: S, label: Label<S>) -> Async<S> {
        let (access, registration) = (Access::of(&io), Registration::new());
        Async { io: Some(io), registration, access, label, is_unique: Cell::new(false) }
    }
}

impl<S> Async<S> {
    /// Notes that no duplicate of the descriptor exists, because it was made just now.
    pub(crate) fn assume_unique(self) -> Async<S> {
        self.is_unique.set(true);
        self
    }

    /// Notes that it is a stream that was accepted just now.
    pub(crate) fn assume_accepted(self) -> Async<S> {
        self.registration.set_accepted();
        self.assume_unique()
    }

    /// Returns a reference to the source.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.io.as_ref().unwrap_or_else(|| unreachable!("{THERE}"))
    }

    /// Takes the source out, unregistered.
    ///
    /// # Errors
    ///
    /// What deregistering it returns; the source is then dropped.
    pub fn into_inner(mut self) -> io::Result<S> {
        let mut io = self.io.take().unwrap_or_else(|| unreachable!("{THERE}"));
        let access = &self.access;
        self.registration.remove(&mut |registry| access.deregister(&mut io, registry))?;
        Ok(io)
    }

    /// Tries `op` once, unless the source is known not to be ready, or the poll that runs now has
    /// used up its budget: then it is Pending without a try, as it is if the try would block. The
    /// caller makes sure that the task is woken, see [`Async::poll_operation`].
    pub(crate) fn attempt<R>(
        &self,
        direction: Direction,
        mut op: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.registration.attempt(direction, || self.access.pass(op(self.get_ref())), |_| false)
    }

    /// The same for an `op` that has to change the source.
    pub(crate) fn attempt_mut<R>(
        &mut self,
        direction: Direction,
        mut op: impl FnMut(&mut S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let io = self.io.as_mut().unwrap_or_else(|| unreachable!("{THERE}"));
        self.registration.attempt(direction, || self.access.pass(op(io)), |_| false)
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
        self.registration.attempt(direction, || self.access.pass(op(self.get_ref())), is_short)
    }

    /// Says whether the source may be ready, for an operation that does no more.
    pub(crate) fn attempt_ready(&self, direction: Direction) -> Poll<io::Result<()>> {
        let is_ready = self.registration.readiness().is_ready(direction) && current::spend();
        if is_ready { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// One poll of an operation whose future keeps `id`, and the place of the call that made it: calls
    /// `attempt`, and begins to wait if that is not ready.
    #[track_caller]
    #[inline]
    pub(crate) fn poll_future<R>(
        &self,
        direction: Direction,
        (id, location): (&Cell<WaiterId>, &'static Location<'static>),
        cx: &mut Context<'_>,
        attempt: impl FnOnce(&Async<S>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match attempt(self) {
            Poll::Ready(result) => {
                // If it has waited, the event that made it ready has ended the wait.
                id.set(0);
                Poll::Ready(result)
            }
            // Optimisation: see `wait_again`.
            Poll::Pending if self.registration.wait_again(direction, id, cx.waker()) => {
                Poll::Pending
            }
            Poll::Pending => match self.wait(direction, Wait::Future(id, location), cx.waker()) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }

    /// Ends the wait of a future that is dropped.
    #[inline]
    pub(crate) fn end_wait(&self, direction: Direction, id: &Cell<WaiterId>) {
        self.registration.end_wait(direction, id.get());
    }

    /// One poll of an operation that has no future: calls `attempt`, and begins to wait if that is
    /// not ready. All such polls of a direction share one waiter.
    #[track_caller]
    pub(crate) fn poll_operation<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        attempt: impl FnOnce(&Async<S>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match attempt(self) {
            // What has made it ready has emptied the slot, or another task waits there.
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => match self.wait(direction, Wait::Polled, cx.waker()) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }

    /// Begins to wait.
    #[track_caller]
    #[cold]
    fn wait(&self, direction: Direction, wait: Wait<'_>, waker: &Waker) -> io::Result<()> {
        let mut register = |registry: &_, token, interest| {
            self.access.register(self.get_ref(), registry, token, interest)
        };
        let label = || (self.label)(self.get_ref());
        self.registration.wait(direction, wait, waker, &mut register, &label)
    }

    /// Says whether the peer is known to have closed its half.
    pub(crate) fn is_closed(&self) -> bool {
        self.registration.readiness().is_closed(Direction::Read)
    }
}

/// Nothing in it is ever pinned.
impl<S> Unpin for Async<S> {}

/// What it shares with the reactor is not borrowed while code of the user runs, so a panic of such code
/// leaves nothing half done. What it leaves of the source, only `S` can say.
impl<S: UnwindSafe> UnwindSafe for Async<S> {}
impl<S: RefUnwindSafe> RefUnwindSafe for Async<S> {}

#[cfg(unix)]
impl<S: AsFd> AsFd for Async<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // The caller can make a duplicate.
        self.is_unique.set(false);
        self.get_ref().as_fd()
    }
}

#[cfg(unix)]
impl<S: AsFd> AsRawFd for Async<S> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

#[cfg(windows)]
impl<S: AsSocket> AsSocket for Async<S> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.is_unique.set(false);
        self.get_ref().as_socket()
    }
}

#[cfg(windows)]
impl<S: AsSocket> AsRawSocket for Async<S> {
    fn as_raw_socket(&self) -> RawSocket {
        self.as_socket().as_raw_socket()
    }
}

impl<S> Drop for Async<S> {
    fn drop(&mut self) {
        let (io, access, is_unique) = (&mut self.io, &self.access, self.is_unique.get());
        let removed = self.registration.remove(&mut |registry| match io {
            Some(io) if !is_unique => access.deregister(io, registry),
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
