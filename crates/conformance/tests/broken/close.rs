//! The end of an executor.

use std::{
    mem,
    sync::{Arc, atomic::Ordering},
    thread,
};

use crate::{
    executor::{Executor, lock},
    fault,
    header::NO_TASK,
    task::{Future, Task},
};

impl Executor {
    pub(crate) fn is_aborting(&self) -> bool {
        self.aborting.get()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::SeqCst)
    }

    /// Drops all that is left.
    pub(crate) fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.shared.running.store(NO_TASK, Ordering::SeqCst);
        loop {
            let tasks = mem::take(&mut *self.tasks.borrow_mut());
            if tasks.is_empty() {
                break;
            }
            let count = tasks.len();
            for (id, task) in tasks {
                self.close_task(id, task, count);
            }
            self.rounds.set(self.rounds.get() + 1);
        }
        drop(mem::take(&mut *lock(&self.shared.spawned)));
        self.kept.take();
        self.ended.take();
        self.shared.gone.store(true, Ordering::SeqCst);
    }

    fn close_task(&self, id: u64, mut task: Task, count: usize) {
        let held = Arc::strong_count(&task.header) > 1;
        let queued = lock(&self.shared.ready).contains(&id);
        let first = self.rounds.get() == 0;
        let forgotten = (fault::is("panic-root-frees") && thread::panicking())
            || (fault::is("drop-pending") && count >= 50)
            || (fault::is("drop-ready") && queued && task.polled)
            || (fault::is("drop-unpolled") && !task.polled && first && count >= 10)
            || (fault::is("drop-spawns") && !first)
            || (fault::is("drop-cycles") && held && count == 10);
        if forgotten {
            mem::forget(task);
            return;
        }
        if fault::is("drop-held") && held && count == 1 {
            if let Some(Future::Send(future)) = task.future.take() {
                *lock(&task.header.stash) = Some(future);
            }
        }
        drop(task);
    }
}
