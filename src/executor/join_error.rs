//! Why a task has no output.

use std::{
    any::Any,
    fmt, io,
    sync::{Mutex, PoisonError},
};

use crate::user_code;

/// How a task ended: its boxed output, or why there is none.
pub(super) type Outcome = Result<Box<dyn Any>, JoinError>;

/// Why a task has no output.
///
/// A panic is caught where the task is polled, and the task's future is dropped after that: while it is
/// dropped, [`std::thread::panicking`] is false. (The variables of an `async` block are dropped by the
/// panic itself, as those of a function are.)
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
    /// It is boxed because most outcomes are no panic.
    Panicked(Box<Mutex<Box<dyn Any + Send>>>),
}

impl JoinError {
    pub(super) fn cancelled() -> JoinError {
        JoinError(Reason::Cancelled)
    }

    pub(super) fn panicked(payload: Box<dyn Any + Send>) -> JoinError {
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
                match user_code::panic_message(&**payload) {
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
