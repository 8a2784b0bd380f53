//! What [`Async`] has besides operations that are awaited: polls, tries that never wait, and the rarer
//! reports of the OS.

use std::{
    io,
    task::{Context, Poll},
};

use super::Async;
use crate::id::{Direction, Readiness};

impl<S> Async<S> {
    /// Polls for readiness to read, for types that own an `Async` and implement a trait in poll style.
    ///
    /// Ready means "may be ready", as for [`readable`](Async::readable). Of several tasks that poll one
    /// direction of one source in this way, the last is woken: there is no future that
    /// could own an entry among the waiters. Those that await an operation are all woken too.
    ///
    /// ```
    /// use std::{future::poll_fn, io::Read};
    /// use pizzaiolo::Async;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # #[cfg(unix)]
    /// pizzaiolo::block_on(async {
    ///     let (sender, receiver) = mio::unix::pipe::new()?;
    ///     let receiver = Async::from_fd(receiver);
    ///     drop(sender);
    ///     poll_fn(|cx| receiver.poll_readable(cx)).await?;
    ///     assert_eq!(receiver.try_read_with(|mut pipe| pipe.read(&mut [0]))?, 0);
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`readable`](Async::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread and no reactor is entered.
    ///
    /// # Cancel safety
    ///
    /// A poll that is Pending has done nothing but leave its waker.
    #[track_caller]
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_operation(Direction::Read, cx, |io| io.attempt_ready(Direction::Read))
    }

    /// Polls for readiness to write.
    ///
    /// As [`poll_readable`](Async::poll_readable), for the other direction.
    ///
    /// # Errors
    ///
    /// As for [`readable`](Async::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread and no reactor is entered.
    ///
    /// # Cancel safety
    ///
    /// A poll that is Pending has done nothing but leave its waker.
    #[track_caller]
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_operation(Direction::Write, cx, |io| io.attempt_ready(Direction::Write))
    }

    /// Calls `op` once, and never waits. Works anywhere, also under no executor, and takes nothing from
    /// the budget of the poll. If `op` returns "would block", the readiness to read is cleared.
    ///
    /// # Errors
    ///
    /// What `op` returns: [`WouldBlock`](io::ErrorKind::WouldBlock), if it would have to wait.
    pub fn try_read_with<R>(&self, op: impl FnOnce(&S) -> io::Result<R>) -> io::Result<R> {
        self.try_with(Direction::Read, op)
    }

    /// Calls `op` once, and never waits.
    ///
    /// As [`try_read_with`](Async::try_read_with), for the other direction.
    ///
    /// # Errors
    ///
    /// What `op` returns: [`WouldBlock`](io::ErrorKind::WouldBlock), if it would have to wait.
    pub fn try_write_with<R>(&self, op: impl FnOnce(&S) -> io::Result<R>) -> io::Result<R> {
        self.try_with(Direction::Write, op)
    }

    fn try_with<R>(
        &self,
        direction: Direction,
        op: impl FnOnce(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let result = self.access.pass(op(self.get_ref()));
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            self.registration.would_block(direction);
        }
        result
    }

    /// Waits until the OS reports priority data, once for each report: TCP's urgent byte, or a change
    /// of a file of sysfs or a GPIO, say. Only on Linux and Android; elsewhere it waits for ever.
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
    /// Dropping the future loses nothing. Of several tasks that wait for it, one gets the report.
    #[track_caller]
    pub fn priority(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.reported(Readiness::PRIORITY)
    }

    /// Waits until the OS reports an error of the source, once for each report: the other end of a
    /// pipe is closed, say, or there is something in the socket's error queue. Which error it is, only
    /// an operation can say.
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
    /// Dropping the future loses nothing. Of several tasks that wait for it, one gets the report.
    #[track_caller]
    pub fn error(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.reported(Readiness::ERROR)
    }

    /// Waits for a report that is not the readiness to read.
    #[track_caller]
    fn reported(&self, report: Readiness) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        self.operation(Direction::Read, move |io| {
            if io.registration.take_report(report) { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
    }
}
