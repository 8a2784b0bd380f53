//! What every clone of a task's waker shares: the task's name, the way back to its executor, and
//! two marks that say whether the task is queued already.
//!
//! Two marks, because two kinds of threads set them. The executor's own thread has one for itself
//! and needs no atomic read-modify-write for it; the other one belongs to all other threads. A task
//! that was woken from both sides before its poll is polled once: the poll clears both.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, fence},
    },
    task::Waker,
};

use crate::{
    id::TaskId,
    inbox::Inbox,
    slots::Key,
    sync::{AtomicBool, Ordering},
};

/// What every clone of a task's waker shares. It owns no future, so it may live anywhere.
pub(crate) struct Header {
    /// The task's [`Key`], in two halves. They change only while no clone is out, see
    /// [`Header::rename`]; they are atomic because the header is shared by nature.
    index: AtomicU32,
    generation: AtomicU32,
    /// The way back to the executor from any thread.
    inbox: Arc<Inbox>,
    /// The task is in the executor's own queue. Touched by the executor's thread alone: no
    /// atomic read-modify-write on that path.
    queued_here: AtomicBool,
    /// The task is in the inbox, or was moved from there to the queue and is not polled yet. Set
    /// by other threads.
    queued_elsewhere: AtomicBool,
}

impl Header {
    pub(crate) fn new(id: TaskId, inbox: Arc<Inbox>) -> Header {
        Header {
            index: AtomicU32::new(id.0.index()),
            generation: AtomicU32::new(id.0.generation()),
            inbox,
            queued_here: AtomicBool::new(false),
            queued_elsewhere: AtomicBool::new(false),
        }
    }

    /// Makes it the header of another task, marked as queued. Only for one whose waker nobody else
    /// holds.
    pub(crate) fn rename(&self, id: TaskId) {
        self.index.store(id.0.index(), Ordering::Relaxed);
        self.generation.store(id.0.generation(), Ordering::Relaxed);
        self.clear_marks();
        self.mark_here();
    }

    pub(crate) fn id(&self) -> TaskId {
        let index = self.index.load(Ordering::Relaxed);
        TaskId(Key::from_parts(index, self.generation.load(Ordering::Relaxed)))
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Marks the task as queued in the executor's thread. True if it was not: then it is to be
    /// pushed.
    pub(crate) fn mark_here(&self) -> bool {
        // Relaxed, and two steps: no other thread touches this mark.
        let first = !self.queued_here.load(Ordering::Relaxed);
        self.queued_here.store(true, Ordering::Relaxed);
        first
    }

    /// Marks the task as queued by another thread. True if it was not: then a letter is to be
    /// sent.
    pub(crate) fn mark_elsewhere(&self) -> bool {
        // Release: the poll that follows sees what was written before this wake, also when the
        // mark was set already. Acquire: nothing of the sender's moves before the mark.
        !self.queued_elsewhere.swap(true, Ordering::AcqRel)
    }

    /// Marks the task as queued because of a letter that names `id`. True if it is to be pushed:
    /// it is this task, it is not queued already, and no poll has come between, which would have
    /// served the letter too.
    pub(crate) fn mark_for_letter(&self, id: TaskId) -> bool {
        self.id() == id && self.queued_elsewhere.load(Ordering::Relaxed) && self.mark_here()
    }

    /// Whether the task is queued, here or in the inbox.
    pub(crate) fn is_queued(&self) -> bool {
        self.queued_here.load(Ordering::Relaxed) || self.queued_elsewhere.load(Ordering::Relaxed)
    }

    /// Whether the task is in the executor's own queue.
    pub(crate) fn is_queued_here(&self) -> bool {
        self.queued_here.load(Ordering::Relaxed)
    }

    /// Clears the marks, before the poll and never after it: a wake from here on is a new one.
    pub(crate) fn clear_marks(&self) {
        self.queued_here.store(false, Ordering::Relaxed);
        // The plain look first spares a poll that no other thread asked for the read-modify-write.
        // It misses no wake: one that is not seen here yet has sent its letter, or will.
        if self.queued_elsewhere.load(Ordering::Relaxed) {
            // Acquire, and a read-modify-write: it reads the last of the wakes that set the mark,
            // and so sees what each of them wrote before.
            self.queued_elsewhere.swap(false, Ordering::AcqRel);
        }
    }
}

/// Makes a waker, marked as queued, and the header that it leads to.
pub(crate) fn new_waker(id: TaskId, inbox: &Arc<Inbox>) -> (Arc<Header>, Waker) {
    let header = Arc::new(Header::new(id, Arc::clone(inbox)));
    header.mark_here();
    let waker = Waker::from(Arc::clone(&header));
    (header, waker)
}

/// How many own a header. What former owners have done with it is visible to the caller.
pub(crate) fn owners(header: &Arc<Header>) -> usize {
    let owners = Arc::strong_count(header);
    // Acquire: what the last other owner did with the header happened before its count went
    // down, and so before what we do to it next.
    fence(Ordering::Acquire);
    owners
}

/// What [`Waker::data`] is for a waker that leads to this header.
pub(crate) fn leads_from(header: &Arc<Header>) -> *const () {
    Arc::as_ptr(header).cast()
}

/// The owners of a header that are its task's own: the slab (or the [`Root`](crate::root::Root)),
/// and the task's waker.
pub(crate) const OWNERS: usize = 2;

/// Whether a task that waits can never run again: it is not queued, and nobody else holds its
/// waker but so many `idle` ones, who will never wake it.
pub(crate) fn is_lost(header: &Arc<Header>, idle: usize) -> bool {
    // In this order: the last owner may have woken it and then gone.
    owners(header) <= OWNERS + idle && !header.is_queued()
}
