//! Exercise 10. The numbers of tasks are never used again, so the number of a task that has ended
//! leads to nothing; where slots are used again, they need generations. And urgent tasks that are
//! always ready keep all others from running: that is why the crate has no priorities.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

#[derive(Default)]
pub(crate) struct Executor {
    /// The tasks that are not over, by number. One that is being polled is not among them.
    tasks: RefCell<BTreeMap<u64, Task>>,
    /// How many tasks there were.
    spawned: Cell<u64>,
    ready: Arc<Mutex<Ready>>,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    handle: Arc<Handle>,
}

/// The tasks that are ready. All threads may add to it.
#[derive(Default)]
struct Ready {
    /// Priority, then the order of the wakes, then the task's number.
    queue: BinaryHeap<(u8, Reverse<u64>, u64)>,
    /// How many were ever queued.
    queued: u64,
}

/// What a waker leads to. It owns no future.
struct Handle {
    number: u64,
    priority: u8,
    is_queued: AtomicBool,
    ready: Arc<Mutex<Ready>>,
}

impl Wake for Handle {
    fn wake(self: Arc<Self>) {
        // What the caller wrote before this is seen by the poll that clears the mark.
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            let mut ready = self.ready.lock().unwrap();
            ready.queued += 1;
            let order = Reverse(ready.queued);
            ready.queue.push((self.priority, order, self.number));
        }
    }
}

impl Executor {
    pub(crate) fn spawn(&self, priority: u8, future: impl Future<Output = ()> + 'static) {
        let number = self.spawned.get();
        self.spawned.set(number + 1);
        let (ready, is_queued) = (Arc::clone(&self.ready), AtomicBool::new(false));
        let handle = Arc::new(Handle { number, priority, is_queued, ready });
        let task = Task { future: Box::pin(future), handle: Arc::clone(&handle) };
        self.tasks.borrow_mut().insert(number, task);
        handle.wake();
    }

    pub(crate) fn run_until_idle(&self) {
        while let Some(number) = self.next() {
            let task = self.tasks.borrow_mut().remove(&number);
            let Some(mut task) = task else { continue };
            task.handle.is_queued.swap(false, Ordering::AcqRel);
            let waker = Waker::from(Arc::clone(&task.handle));
            let poll = task.future.as_mut().poll(&mut Context::from_waker(&waker));
            if poll == Poll::Pending {
                self.tasks.borrow_mut().insert(number, task);
            }
        }
    }

    /// The next task. The lock is not held for longer than that.
    fn next(&self) -> Option<u64> {
        let (_, _, number) = self.ready.lock().unwrap().queue.pop()?;
        Some(number)
    }
}

#[cfg(test)]
#[path = "../tests/ex10_priorities.rs"]
mod tests;
