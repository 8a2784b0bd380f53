//! Join handles: waiting for the end of a task.

use std::{
    fmt,
    marker::PhantomData,
    ops::Deref,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use super::{abort::AbortHandle, join_error::JoinError, shared::Shared, tasks::Finished};
use crate::{id::TaskId, user_code};

/// Waits for a spawned task, and yields its output.
///
/// It is a future: `handle.await` is `Ok(output)`, or a [`JoinError`] if the task panicked or was
/// aborted, or if its executor is gone. The task's future is always dropped before the result can
/// be seen.
///
/// Dropping the handle [detaches](JoinHandle::detach) the task: it runs on, and its output is dropped
/// when it is ready.
///
/// ```
/// pizzaiolo::block_on(async {
///     let margherita = pizzaiolo::spawn(async { 6 * 7 });
///     assert_eq!(margherita.await.unwrap(), 42);
/// });
/// ```
///
/// # Cancel safety
///
/// If a handle is polled by reference (`(&mut handle).await`), that wait can be dropped without loss: the
/// task runs on, and the outcome is stored until the handle is polled again.
#[must_use = "dropping a join handle detaches its task; say so with `detach`"]
pub struct JoinHandle<T> {
    id: TaskId,
    /// The executor that stores the outcome. `None` after the outcome was taken.
    shared: Option<Rc<Shared>>,
    output: PhantomData<fn() -> T>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(id: TaskId, shared: Rc<Shared>) -> JoinHandle<T> {
        JoinHandle { id, shared: Some(shared), output: PhantomData }
    }

    /// Returns the id of the task.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Ends the task: the executor drops its future in the task's next turn, within one turn of the
    /// loop, and the handle yields [`JoinError::is_cancelled`].
    ///
    /// It does nothing to a task that is finished. A task that aborts itself is dropped when its
    /// poll returns Pending; if that poll returns Ready, its output counts.
    ///
    /// ```
    /// pizzaiolo::block_on(async {
    ///     let forever = pizzaiolo::spawn(std::future::pending::<()>());
    ///     forever.abort();
    ///     assert!(forever.await.unwrap_err().is_cancelled());
    /// });
    /// ```
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// Returns a way to abort the task from any thread, without its output.
    ///
    /// ```
    /// pizzaiolo::block_on(async {
    ///     let forever = pizzaiolo::spawn(std::future::pending::<()>());
    ///     let abort = forever.abort_handle();
    ///     std::thread::spawn(move || abort.abort());
    ///     assert!(forever.await.unwrap_err().is_cancelled());
    /// });
    /// ```
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        let header = self.shared.as_ref().and_then(|shared| shared.tasks.header(self.id));
        AbortHandle::new(self.id, header)
    }

    /// Drops the handle, and lets the task run on: its output is dropped when it is ready. (A panic of
    /// the task is logged.)
    ///
    /// A task that waits and whose last waker is gone can never run again. Its future stays until the
    /// executor goes: the executor warns of it in the log, and drops nothing.
    pub fn detach(self) {
        drop(self);
    }

    /// Makes a handle that aborts the task when it is dropped.
    pub fn abort_on_drop(self) -> AbortOnDrop<T> {
        AbortOnDrop { handle: Some(self) }
    }

    /// Returns the executor of a task whose output is not taken yet.
    pub(super) fn executor(&self) -> Option<&Rc<Shared>> {
        self.shared.as_ref()
    }

    /// Says whether the task has ended, in whatever way; its future is then dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.tasks.is_done(self.id))
    }
}

/// What it shares with the executor is not borrowed while code of the user runs, so a panic of such
/// code leaves nothing half done.
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it has returned Ready.
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().poll_at(cx, Location::caller())
    }
}

impl<T: 'static> JoinHandle<T> {
    /// Polls it. `location` is where that happens.
    #[track_caller]
    #[inline]
    pub(super) fn poll_at(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Result<T, JoinError>> {
        let Some(shared) = &self.shared else {
            panic!("a JoinHandle was polled after it had returned the task's output")
        };
        let poll = shared.poll_outcome(self.id, cx.waker(), location);
        let Poll::Ready(outcome) = poll else { return Poll::Pending };
        self.shared = None;
        Poll::Ready(outcome.map(|output| {
            *output.downcast().expect("a task's output has the type that its handle was made for")
        }))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            match shared.tasks.detach(self.id) {
                Finished::Joiner(joiner) => {
                    shared.report_join_end(self.id);
                    user_code::drop("the waker of a join handle", joiner);
                }
                Finished::Unclaimed(outcome) => user_code::drop("the output of a task", outcome),
                Finished::Nothing | Finished::Remote(..) => {}
            }
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id)
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

/// A [`JoinHandle`] that aborts its task when it is dropped: what [`JoinHandle::abort_on_drop`]
/// returns.
///
/// Awaited, it yields what the handle yields; and it has the handle's methods.
///
/// ```
/// pizzaiolo::block_on(async {
///     let child = pizzaiolo::spawn(std::future::pending::<()>());
///     let abort = child.abort_handle();
///     drop(child.abort_on_drop());
///     pizzaiolo::yield_now().await;
///     assert!(abort.is_finished());
/// });
/// ```
///
/// # Cancel safety
///
/// Dropping it aborts the task. Polled by reference (`(&mut handle).await`), it can be given up
/// without loss.
#[must_use = "dropping it aborts the task at once"]
#[derive(Debug)]
pub struct AbortOnDrop<T> {
    /// `None` once it was taken out.
    handle: Option<JoinHandle<T>>,
}

impl<T> AbortOnDrop<T> {
    /// Returns the handle: dropping that one detaches the task.
    pub fn into_inner(mut self) -> JoinHandle<T> {
        self.handle.take().unwrap_or_else(|| unreachable!("{THERE}"))
    }
}

const THERE: &str = "the handle is there until `into_inner` takes it";

impl<T> Deref for AbortOnDrop<T> {
    type Target = JoinHandle<T>;

    fn deref(&self) -> &JoinHandle<T> {
        self.handle.as_ref().unwrap_or_else(|| unreachable!("{THERE}"))
    }
}

impl<T: 'static> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it has returned Ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().unwrap_or_else(|| unreachable!("{THERE}"));
        Pin::new(handle).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}
