//! Join handles: waiting for the end of a task.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Wake},
};

use super::{join_error::JoinError, shared::Shared, tasks::Finished};
use crate::{current, id::TaskId, user_code};

/// Waits for a spawned task, and yields its output.
///
/// It is a future: `handle.await` is `Ok(output)`, or a [`JoinError`] if the task panicked or was
/// aborted, or if its executor is gone. The task's future is always dropped before the result can
/// be seen.
///
/// Dropping the handle detaches the task: it goes on, and its output is dropped when it is ready.
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
/// A handle that is polled by reference (`(&mut handle).await`) can be given up without loss: the
/// task goes on, and the outcome stays until the handle is polled again.
#[must_use = "dropping a join handle detaches its task; say so with `drop` or `let _ =`"]
pub struct JoinHandle<T> {
    id: TaskId,
    /// The executor, whose tasks have the outcome. `None` once it was taken.
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
        let header = self.shared.as_ref().and_then(|shared| shared.tasks.abort(self.id));
        if let Some(header) = header {
            header.wake();
        }
    }

    /// Says whether the task has ended, in whatever way; its future is then dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.tasks.is_done(self.id))
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it has returned Ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(shared) = &self.shared else {
            panic!("a JoinHandle was polled after it had returned the task's output")
        };
        let poll = shared.tasks.poll_outcome(self.id, cx.waker(), current::task());
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
            let Finished { joiner, unclaimed } = shared.tasks.detach(self.id);
            user_code::drop("the waker of a join handle", joiner);
            user_code::drop("the output of a task", unclaimed);
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
