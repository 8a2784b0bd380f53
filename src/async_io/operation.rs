//! The operations of [`Async`] that are awaited: try, wait, try again.

use std::{
    cell::Cell,
    io,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use super::Async;
use crate::{id::Direction, reactor::waiters::WaiterId};

impl<S> Async<S> {
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
    #[track_caller]
    pub fn readable(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.ready(Direction::Read)
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
    #[track_caller]
    pub fn writable(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.ready(Direction::Write)
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
    #[track_caller]
    pub fn read_with<R, F>(
        &self,
        mut op: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, S, R, F>
    where
        F: FnMut(&S) -> io::Result<R>,
    {
        self.operation(Direction::Read, move |io| io.attempt(Direction::Read, &mut op))
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
    #[track_caller]
    pub fn write_with<R, F>(
        &self,
        mut op: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, S, R, F>
    where
        F: FnMut(&S) -> io::Result<R>,
    {
        self.operation(Direction::Write, move |io| io.attempt(Direction::Write, &mut op))
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
    #[track_caller]
    pub fn read_with_mut<R, F>(
        &mut self,
        op: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, S, R, F>
    where
        F: FnMut(&mut S) -> io::Result<R>,
    {
        MutOperation { io: self, op, id: Cell::new(0), location: Location::caller() }
    }

    /// Calls `attempt` until it is ready, and waits for the source after each time that it is not.
    /// The tries in it are made with [`Async::attempt`].
    #[track_caller]
    pub(crate) fn operation<R, F>(&self, direction: Direction, attempt: F) -> Operation<'_, S, F>
    where
        F: FnMut(&Async<S>) -> Poll<io::Result<R>>,
    {
        Operation { io: self, direction, attempt, id: Cell::new(0), location: Location::caller() }
    }

    /// Waits until the source may be ready.
    #[track_caller]
    pub(crate) fn ready(
        &self,
        direction: Direction,
    ) -> Operation<'_, S, impl FnMut(&Async<S>) -> Poll<io::Result<()>> + use<S>> {
        self.operation(direction, move |io| io.attempt_ready(direction))
    }
}

/// One operation on a source, as a future: try, wait, try again.
///
/// When it is dropped while it waits, its waiter goes with it. Nothing was done yet, so nothing is
/// lost, but for what an `attempt` of several steps has done.
pub(crate) struct Operation<'a, S, F> {
    io: &'a Async<S>,
    direction: Direction,
    attempt: F,
    /// The wait that it has begun.
    id: Cell<WaiterId>,
    /// The call that made it.
    location: &'static Location<'static>,
}

/// It never pins `attempt`, which is only called.
impl<S, F> Unpin for Operation<'_, S, F> {}

impl<S, R, F> Future for Operation<'_, S, F>
where
    F: FnMut(&Async<S>) -> Poll<io::Result<R>>,
{
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = &mut *self;
        this.io.poll_future(this.direction, (&this.id, this.location), cx, &mut this.attempt)
    }
}

impl<S, F> Drop for Operation<'_, S, F> {
    fn drop(&mut self) {
        self.io.end_wait(self.direction, &self.id);
    }
}

/// The same for an operation that has to change the source.
struct MutOperation<'a, S, F> {
    io: &'a mut Async<S>,
    op: F,
    id: Cell<WaiterId>,
    location: &'static Location<'static>,
}

impl<S, F> Unpin for MutOperation<'_, S, F> {}

impl<S, R, F> Future for MutOperation<'_, S, F>
where
    F: FnMut(&mut S) -> io::Result<R>,
{
    type Output = io::Result<R>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = &mut *self;
        let (wait, op) = ((&this.id, this.location), &mut this.op);
        let attempt = this.io.attempt_mut(Direction::Read, op);
        this.io.poll_future(Direction::Read, wait, cx, |_| attempt)
    }
}

impl<S, F> Drop for MutOperation<'_, S, F> {
    fn drop(&mut self) {
        self.io.end_wait(Direction::Read, &self.id);
    }
}
