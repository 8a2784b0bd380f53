//! Exercise 12. A waker owns its header: a key, a mark and the way to the queue. No future hangs on
//! it, so it may be kept and dropped anywhere.

use std::{
    cell::RefCell,
    collections::VecDeque,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

/// Names a slot, and the task that it was given out for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    slot: usize,
    generation: u64,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    header: Arc<Header>,
}

/// What a waker leads to.
struct Header {
    key: Key,
    is_queued: AtomicBool,
    ready: Arc<Mutex<VecDeque<Key>>>,
    unpark: Waker,
}

impl Wake for Header {
    fn wake(self: Arc<Self>) {
        // What the caller wrote before this is seen by the poll that clears the mark.
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            self.ready.lock().unwrap().push_back(self.key);
            self.unpark.wake_by_ref();
        }
    }
}

/// A slot for a task. The generation goes up when the task has ended.
#[derive(Default)]
struct Slot {
    generation: u64,
    /// `None` while it is free, and while the task is polled.
    task: Option<Task>,
}

#[derive(Default)]
struct Slab {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

pub(crate) struct Executor {
    tasks: RefCell<Slab>,
    ready: Arc<Mutex<VecDeque<Key>>>,
    /// Called after each wake.
    unpark: Waker,
}

impl Executor {
    pub(crate) fn new(unpark: Waker) -> Executor {
        Executor { tasks: RefCell::default(), ready: Arc::default(), unpark }
    }

    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let future = Box::pin(future);
        let mut tasks = self.tasks.borrow_mut();
        let slot = tasks.free.pop().unwrap_or(tasks.slots.len());
        if slot == tasks.slots.len() {
            tasks.slots.push(Slot::default());
        }
        let key = Key { slot, generation: tasks.slots[slot].generation };
        let (ready, unpark) = (Arc::clone(&self.ready), self.unpark.clone());
        let header = Arc::new(Header { key, is_queued: AtomicBool::new(false), ready, unpark });
        tasks.slots[slot].task = Some(Task { future, header: Arc::clone(&header) });
        drop(tasks);
        header.wake();
    }

    pub(crate) fn run_ready(&self) {
        let ready = mem::take(&mut *self.ready.lock().unwrap());
        for key in ready {
            self.poll(key);
        }
    }

    fn poll(&self, key: Key) {
        let Some(mut task) = self.take(key) else { return };
        // Before the poll: a wake that comes during it counts.
        task.header.is_queued.swap(false, Ordering::AcqRel);
        let waker = Waker::from(Arc::clone(&task.header));
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.tasks.borrow_mut().slots[key.slot].task = Some(task);
            return;
        }
        // Its drop may spawn and wake, so nothing is borrowed.
        drop(task);
        let mut tasks = self.tasks.borrow_mut();
        tasks.slots[key.slot].generation += 1;
        tasks.free.push(key.slot);
    }

    /// Takes a task out of its slot.
    fn take(&self, key: Key) -> Option<Task> {
        let slot = &mut self.tasks.borrow_mut().slots[key.slot];
        slot.task.take_if(|_| slot.generation == key.generation)
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.lock().unwrap().is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        let tasks = self.tasks.borrow();
        tasks.free.len() == tasks.slots.len()
    }
}

#[cfg(test)]
#[path = "../tests/ex12_spawn.rs"]
mod tests;
