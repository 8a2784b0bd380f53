//! What a spawned task leaves behind: its outcome, and the handle that waits for it.

use std::{
    any::Any,
    fmt, io,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use crate::{foreign, home::Home, id::TaskId};

/// How a task ended: its boxed output, or why there is none.
pub(crate) type Outcome = Result<Box<dyn Any>, JoinError>;

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
/// A handle that is polled by reference (`(&mut handle).await`) loses nothing when the waiting is
/// given up: the task goes on, and the outcome stays until the handle asks again.
#[must_use = "dropping a join handle detaches its task; say so with `drop` or `let _ =`"]
pub struct JoinHandle<T> {
    id: TaskId,
    /// The executor, whose tasks have the outcome. `None` once it was taken.
    home: Option<Rc<Home>>,
    output: PhantomData<fn() -> T>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(id: TaskId, home: Rc<Home>) -> JoinHandle<T> {
        JoinHandle { id, home: Some(home), output: PhantomData }
    }

    /// Returns the name of the task.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Ends the task: its future is dropped when its turn comes, within one turn of the loop,
    /// and the handle yields [`JoinError::is_cancelled`].
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
        let waker = self.home.as_ref().and_then(|home| home.tasks.abort(self.id));
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Says whether the task has ended, in whatever way; its future is then dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.home.as_ref().is_none_or(|home| home.tasks.is_finished(self.id))
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it has returned Ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(home) = &self.home else {
            panic!("a JoinHandle was polled after it had returned the task's output")
        };
        let Poll::Ready(outcome) = home.tasks.poll_outcome(self.id, cx.waker()) else {
            return Poll::Pending;
        };
        self.home = None;
        Poll::Ready(outcome.map(|output| {
            *output.downcast().expect("a task's output has the type that its handle was made for")
        }))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            let left = home.tasks.detach(self.id);
            foreign::drop("a joiner's waker", left.joiner);
            foreign::drop("the output of a task", left.unclaimed);
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

/// Why a task has no output.
///
/// ```
/// let error = pizzaiolo::block_on(pizzaiolo_task()).unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(error.to_string(), "the task panicked: no more dough");
///
/// async fn pizzaiolo_task() -> Result<(), pizzaiolo::JoinError> {
///     pizzaiolo::spawn(async { panic!("no more dough") }).await
/// }
/// ```
pub struct JoinError(Reason);

enum Reason {
    Cancelled,
    /// The payload, in a cell that makes the error `Sync`.
    /// It is boxed because most outcomes are none of this.
    Panicked(Box<Mutex<Box<dyn Any + Send>>>),
}

impl JoinError {
    pub(crate) fn cancelled() -> JoinError {
        JoinError(Reason::Cancelled)
    }

    pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> JoinError {
        JoinError(Reason::Panicked(Box::new(Mutex::new(payload))))
    }

    /// Says whether the task was aborted, or its executor went away before it was finished.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0, Reason::Cancelled)
    }

    /// Says whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.0, Reason::Panicked(_))
    }

    /// Returns the payload of the task's panic, for [`std::panic::resume_unwind`].
    ///
    /// # Panics
    ///
    /// If the task did not panic: ask [`is_panic`](JoinError::is_panic) first.
    #[must_use]
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.0 {
            Reason::Panicked(payload) => {
                payload.into_inner().unwrap_or_else(PoisonError::into_inner)
            }
            Reason::Cancelled => {
                panic!("the task was cancelled, it did not panic: ask `is_panic()` first")
            }
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Cancelled => f.write_str("the task was cancelled"),
            Reason::Panicked(payload) => {
                let payload = payload.lock().unwrap_or_else(PoisonError::into_inner);
                f.write_str("the task panicked")?;
                match foreign::panic_message(&**payload) {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl std::error::Error for JoinError {}

/// So that `?` passes it on in a function that returns [`io::Result`].
impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error)
    }
}
