//! Aborting a task from any thread.

use std::{fmt, sync::Arc};

use super::waker::Header;
use crate::id::TaskId;

/// Aborts a task from any thread: what [`JoinHandle::abort_handle`](crate::JoinHandle::abort_handle)
/// returns.
///
/// It is cheap to clone. It keeps neither the task nor its executor alive, and dropping it does
/// nothing. While a task has one, the executor does not warn that the task is lost, because the task
/// can still be aborted. For the same reason, the executor does not
/// [panic for a deadlock](crate::Executor::block_on) then.
#[derive(Clone)]
pub struct AbortHandle {
    id: TaskId,
    /// `None` if the task had ended before.
    header: Option<Arc<Header>>,
}

impl AbortHandle {
    pub(super) fn new(id: TaskId, header: Option<Arc<Header>>) -> AbortHandle {
        AbortHandle { id, header }
    }

    /// Ends the task, as [`JoinHandle::abort`](crate::JoinHandle::abort) does.
    pub fn abort(&self) {
        if let Some(header) = self.header.as_ref().filter(|header| !header.is_done()) {
            header.abort();
        }
    }

    /// Says whether the task has ended, in whatever way; its future is then dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.header.as_ref().is_none_or(|header| header.is_done())
    }

    /// Returns the id of the task.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id)
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
