//! How often something has happened in an executor, for [`Executor::stats`](crate::Executor::stats).
//!
//! The hot path has no counter of its own. The loop already counts its polls, down to the next time that it
//! collects events, and this adds them up. The wakes follow from that: each task that leaves the queue has
//! entered it once.

use std::cell::Cell;

#[derive(Default)]
pub(crate) struct Counts {
    /// Tasks that were taken out of the queue, up to when the loop last collected events.
    taken: Cell<u64>,
    /// Of these: calls that found the queue empty.
    none: Cell<u64>,
    /// Of these: tasks that were not polled, because they had ended or were aborted.
    skipped: Cell<u64>,
    spawned: Cell<u64>,
    wakes_remote: Cell<u64>,
    /// Calls of `block_on`.
    roots: Cell<u64>,
}

fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get() + more);
}

impl Counts {
    pub(super) fn add_taken(&self, more: u32) {
        add(&self.taken, more.into());
    }

    #[cold]
    pub(super) fn add_none(&self) {
        add(&self.none, 1);
    }

    #[cold]
    pub(super) fn add_skipped(&self) {
        add(&self.skipped, 1);
    }

    pub(super) fn add_spawned(&self) {
        add(&self.spawned, 1);
    }

    pub(super) fn add_wake_remote(&self) {
        add(&self.wakes_remote, 1);
    }

    pub(super) fn add_root(&self) {
        add(&self.roots, 1);
    }

    pub(crate) fn spawned(&self) -> u64 {
        self.spawned.get()
    }

    pub(crate) fn wakes_remote(&self) -> u64 {
        self.wakes_remote.get()
    }

    /// Returns how many polls there were, given those since the loop last collected events.
    pub(super) fn polls(&self, since: u32) -> u64 {
        self.taken.get() + u64::from(since) - self.none.get() - self.skipped.get()
    }

    /// Returns how many wakes have queued a task on the executor's own thread, given how many tasks are
    /// in the queue.
    pub(super) fn wakes_local(&self, since: u32, queued: usize) -> u64 {
        let queued = u64::try_from(queued).unwrap_or(u64::MAX);
        let entered = self.polls(since) + self.skipped.get() + queued;
        entered.saturating_sub(self.spawned.get() + self.wakes_remote.get() + self.roots.get())
    }
}
