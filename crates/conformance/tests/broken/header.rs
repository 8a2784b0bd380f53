//! What a waker is made of, and what it shares with its executor.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Wake,
    thread::{self, Thread},
};

use conformance::BoxFuture;

use crate::{
    executor::{current, lock},
    fault::{self, nth},
};

/// What wakers and other threads share with the executor.
pub(crate) struct Shared {
    pub(crate) ready: Mutex<VecDeque<u64>>,
    /// For one fault: wakes that are seen only when the thread was unparked.
    pub(crate) deferred: Mutex<Vec<u64>>,
    pub(crate) spawned: Mutex<Vec<BoxFuture>>,
    pub(crate) waker: mio::Waker,
    pub(crate) thread: Thread,
    /// What is polled now, and the root.
    pub(crate) running: AtomicU64,
    pub(crate) root: AtomicU64,
    pub(crate) runs: AtomicBool,
    pub(crate) dropping: AtomicBool,
    pub(crate) closed: AtomicBool,
    pub(crate) gone: AtomicBool,
}

pub(crate) const NO_TASK: u64 = u64::MAX;

thread_local! {
    /// Whether this thread has woken a task from afar.
    static HAS_WOKEN: Cell<bool> = const { Cell::new(false) };
}

impl Shared {
    pub(crate) fn spawn(&self, future: BoxFuture) {
        lock(&self.spawned).push(future);
        self.thread.unpark();
        if !fault::is("thread-spawns") {
            let _ = self.waker.wake();
        }
    }
}

/// What a waker is made of.
pub(crate) struct Header {
    pub(crate) id: u64,
    pub(crate) queued: Arc<AtomicBool>,
    pub(crate) wakes: AtomicU64,
    pub(crate) yields: AtomicU64,
    pub(crate) spent: AtomicBool,
    pub(crate) shared: Arc<Shared>,
    pub(crate) stash: Mutex<Option<BoxFuture>>,
}

/// Where a wake comes from, and which task it is for.
#[derive(Clone, Copy)]
struct At {
    home: bool,
    running: bool,
    root: bool,
}

impl Wake for Header {
    fn wake(self: Arc<Self>) {
        self.wake_as(true);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_as(false);
    }
}

impl Header {
    fn wake_as(&self, by_value: bool) {
        let shared = &self.shared;
        let at = At {
            home: thread::current().id() == shared.thread.id(),
            running: shared.running.load(Ordering::SeqCst) == self.id,
            root: shared.root.load(Ordering::SeqCst) == self.id,
        };
        if self.is_lost(by_value, at) || shared.closed.load(Ordering::SeqCst) {
            return;
        }
        let At { home, running, root } = at;
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.yields.fetch_add(u64::from(running && home), Ordering::SeqCst);
        let twice = (fault::is("wakes-merge") && !root && !running)
            || (fault::is("root-wakes-merge") && root && running);
        if self.queued.swap(true, Ordering::SeqCst) && !twice {
            return;
        }
        if fault::is("wake-is-not-poll") && home && !root && !running && nth("inline") == 1 {
            self.queued.store(false, Ordering::SeqCst);
            current().poll_task(self.id);
            return;
        }
        self.push(at);
        if !home {
            let _ = shared.waker.wake();
        }
    }

    /// Whether a fault swallows this wake.
    fn is_lost(&self, by_value: bool, at: At) -> bool {
        let (shared, At { home, running, root }) = (&self.shared, at);
        assert!(
            !(fault::is("drop-wakes")
                && home
                && shared.closed.load(Ordering::SeqCst)
                && !shared.gone.load(Ordering::SeqCst)),
            "a wake while the executor is being dropped"
        );
        assert!(
            !(fault::is("waker-outlives") && shared.gone.load(Ordering::SeqCst)),
            "a wake after the executor has gone"
        );
        let afar = !home && !by_value;
        if fault::is("many-threads") && afar && !HAS_WOKEN.replace(true) {
            nth("thread");
        }
        if fault::is("wake-never-blocks") && afar {
            assert!(nth("bounded") < 18_000, "the queue is full");
        }
        (fault::is("wake-in-poll") && by_value && home && running && root)
            || (fault::is("task-wake-in-poll") && by_value && home && running && !root)
            || (fault::is("wake-forms") && by_value && home && !running)
            || (fault::is("old-waker") && home && !root && self.spent.swap(true, Ordering::SeqCst))
            || (fault::is("root-old-waker")
                && home
                && root
                && self.spent.swap(true, Ordering::SeqCst))
            || (fault::is("wake-in-drop") && home && shared.dropping.load(Ordering::SeqCst))
            || (fault::is("wake-between-runs") && home && !shared.runs.load(Ordering::SeqCst))
            || (fault::is("thread-wakes-root") && afar && root && nth("wake") == 4)
            || (fault::is("thread-wakes-task") && afar && !root && nth("wake") == 4)
            || (fault::is("thread-wakes-in-poll") && afar && running && nth("wake") == 1)
            || (fault::is("thread-race") && !home && by_value && nth("wake") % 3000 == 0)
    }

    /// Puts the task into the queue.
    fn push(&self, at: At) {
        let (shared, At { home, running, root }) = (&self.shared, at);
        if fault::is("park-token-taken") && !home {
            lock(&shared.deferred).push(self.id);
            shared.thread.unpark();
            return;
        }
        let mut ready = lock(&shared.ready);
        let yields = self.yields.load(Ordering::SeqCst);
        let first = (fault::is("fifo-wake") && home && !running && ready.len() >= 5)
            || (fault::is("yield-goes-last") && running && !root && yields <= 3)
            || (fault::is("root-spinner") && running && root && yields > 50)
            || (fault::is("spinner-and-task")
                && running
                && !root
                && yields > 50
                && !ready.contains(&shared.root.load(Ordering::SeqCst)));
        if first {
            ready.push_front(self.id);
        } else {
            ready.push_back(self.id);
        }
        if fault::is("task-not-polled-unwoken")
            && self.wakes.load(Ordering::SeqCst) == 5
            && home
            && !running
            && !root
        {
            ready.push_back(self.id - 1);
        }
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        let afar = thread::current().id() != self.shared.thread.id();
        let alive = !self.shared.gone.load(Ordering::SeqCst);
        assert!(
            !(fault::is("waker-dropped-afar") && afar && alive),
            "the last waker was dropped on another thread"
        );
    }
}
