//! The two queues of an executor, and the thread-local with those of the executor that runs here.
//!
//! They are what a wake needs: on the executor's own thread it pushes the task's id, which takes
//! neither a lock nor a system call.

use std::{cell::RefCell, mem::ManuallyDrop, rc::Rc, sync::Arc};

use super::{queue::ReadyQueue, remote::RemoteQueue};
use crate::{
    current,
    id::TaskId,
    sync::thread_local_cell,
    trace::{Cause, EventKind, Tracer},
};

pub(super) struct Queues {
    pub(super) ready: ReadyQueue,
    /// The way in for other threads.
    pub(super) remote: Arc<RemoteQueue>,
    pub(super) tracer: Rc<Tracer>,
}

impl Queues {
    /// Queues a task that is marked as queued, and reports it.
    pub(super) fn push_woken(&self, id: TaskId, by: Cause) {
        self.ready.push(id);
        self.tracer.emit(Some(id), || EventKind::Woken { by });
    }
}

/// Optimisation: it is never dropped, because each executor that enters leaves again. So the thread-local
/// needs no destructor, and an access need not check whether it has run.
type Running = RefCell<ManuallyDrop<Option<Rc<Queues>>>>;

thread_local_cell! {
    static RUNNING: Running = RefCell::new(ManuallyDrop::new(None));
}

/// Makes these the queues of the executor that runs here, and returns those of the outer one.
pub(super) fn replace_running(queues: Option<Rc<Queues>>) -> Option<Rc<Queues>> {
    let outer = RUNNING.with(|running| running.replace(ManuallyDrop::new(queues)));
    ManuallyDrop::into_inner(outer)
}

/// Pushes the id that `mark` returns, if the executor of this remote queue runs on this thread. False
/// if it does not.
#[inline]
pub(super) fn push_if_running(
    remote: &Arc<RemoteQueue>,
    mark: impl FnOnce() -> Option<TaskId>,
) -> bool {
    // Optimisation: `try_with`, because std has it inlined, which saves 17 instructions. It does not fail:
    // there is no destructor. A mutable borrow costs less than a shared one.
    let pushed = RUNNING.try_with(|running| match &**running.borrow_mut() {
        Some(queues) if Arc::ptr_eq(remote, &queues.remote) => {
            let is_slow = |id: &TaskId| queues.tracer.is_on() || !queues.ready.push_if_room(*id);
            (true, mark().filter(is_slow))
        }
        _ => (false, None),
    });
    let (is_here, slow) = pushed.unwrap_or_default();
    if let Some(id) = slow {
        push_slowly(id);
    }
    is_here
}

/// Pushes a task where the queue has to grow, or an observer wants to know: that is code of the user,
/// so nothing is borrowed. Optimisation: the last step of a wake, so that the others need not save
/// registers.
#[cold]
#[inline(never)]
fn push_slowly(id: TaskId) {
    let queues = RUNNING.with(|running| running.borrow().as_ref().cloned());
    if let Some(queues) = queues {
        queues.push_woken(id, current::cause());
    }
}
