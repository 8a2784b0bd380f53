//! Wakers: how any code, on any thread, says that a task can make progress.
//!
//! A waker is an [`Arc`] of a [`Header`], because anyone may keep it anywhere, and because the safe
//! way to make a [`Waker`] is [`Wake`]. The header owns no future: the last clone of a waker may be
//! dropped on another thread, where the future must not be dropped.
//!
//! ```text
//!   wake_by_ref ── the executor runs on this thread ──▶ mark_local  ──▶ ReadyQueue::push
//!        │
//!        └──────── anywhere else ─────────────────────▶ mark_remote ──▶ RemoteQueue::send
//! ```
//!
//! A task that is marked already is in a queue already, so it is not queued again: woken many
//! times, polled once. There are two marks, because the executor's own thread needs no atomic
//! read-modify-write for its own. The poll clears both.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, fence},
    },
    task::{Wake, Waker},
};

use super::{
    queues,
    remote::{Message, RemoteQueue},
};
use crate::{
    id::TaskId,
    slab::Key,
    sync::{AtomicBool, AtomicU8, Ordering},
};

/// What all clones of a task's waker share.
pub(super) struct Header {
    /// The task's id, in two halves. They change only while no clone is out, see [`Spares`]; they
    /// are atomic because the header is shared.
    index: AtomicU32,
    generation: AtomicU32,
    /// The way to the executor from any thread.
    remote: Arc<RemoteQueue>,
    /// The task is in the ready queue. Only the executor's thread touches it. It stays set when the
    /// task has ended, so that nothing queues it any more.
    queued: AtomicBool,
    /// Set by other threads, too: [`REMOTE`], [`ABORTED`], [`DONE`]. One word, so that a poll for which
    /// nothing is set loads it once.
    signals: AtomicU8,
}

/// The task is in the remote queue, or was moved from there to the ready queue and is not polled
/// yet.
const REMOTE: u8 = 1;

/// The task was aborted: its next turn drops it.
const ABORTED: u8 = 2;

/// The task has ended, and its future is dropped.
const DONE: u8 = 4;

impl Header {
    fn new(id: TaskId, remote: &Arc<RemoteQueue>) -> Header {
        Header {
            index: AtomicU32::new(id.0.index()),
            generation: AtomicU32::new(id.0.generation()),
            remote: Arc::clone(remote),
            queued: AtomicBool::new(true),
            signals: AtomicU8::new(0),
        }
    }

    /// Uses the header again for another task, which is queued. Only if nothing else holds the
    /// header.
    fn reset(&self, id: TaskId) {
        self.index.store(id.0.index(), Ordering::Relaxed);
        self.generation.store(id.0.generation(), Ordering::Relaxed);
        self.queued.store(true, Ordering::Relaxed);
        // All that former owners did comes before this store, for `owners` has seen them go. It has asked
        // std's count, which the model checker does not see: there, this load is the order.
        #[cfg(loom)]
        self.signals.fetch_or(0, Ordering::Acquire);
        self.signals.store(0, Ordering::Relaxed);
    }

    pub(super) fn id(&self) -> TaskId {
        let index = self.index.load(Ordering::Relaxed);
        TaskId(Key::from_parts(index, self.generation.load(Ordering::Relaxed)))
    }

    /// Marks the task as queued, on the executor's thread. True if it was not.
    #[inline]
    fn mark_local(&self) -> bool {
        // Relaxed, and two steps: no other thread touches this mark.
        let first = !self.queued.load(Ordering::Relaxed);
        self.queued.store(true, Ordering::Relaxed);
        first
    }

    /// Marks the task as queued by another thread. True if it was not.
    fn mark_remote(&self) -> bool {
        // Release: the poll that follows sees what was written before this wake, also when the
        // mark was set already. Acquire: nothing of the sender's moves before the mark.
        self.signals.fetch_or(REMOTE, Ordering::AcqRel) & REMOTE == 0
    }

    /// Marks the task as queued because of a message that names `id`. True if it was not, if it is
    /// this task, and if no poll has come between, which would have served the message too.
    pub(super) fn mark_received(&self, id: TaskId) -> bool {
        self.id() == id && self.has(REMOTE) && self.mark_local()
    }

    /// Says whether the task is in the ready queue or in the remote queue.
    pub(super) fn is_queued(&self) -> bool {
        self.queued.load(Ordering::Relaxed) || self.has(REMOTE)
    }

    #[inline]
    fn has(&self, signal: u8) -> bool {
        self.signals.load(Ordering::Relaxed) & signal != 0
    }

    /// Clears the marks, before the poll and never after it: a wake from here on is a new one. True
    /// if the task was aborted.
    #[inline]
    pub(super) fn clear_marks(&self) -> bool {
        self.queued.store(false, Ordering::Relaxed);
        // Optimisation: the plain load first spares most polls the read-modify-write. It misses no wake:
        // one that is not seen here yet has sent its message, or will.
        if self.signals.load(Ordering::Relaxed) == 0 {
            return false;
        }
        // Acquire, and a read-modify-write: it reads the last of the wakes that set the mark, and so
        // sees what each of them wrote before.
        self.signals.fetch_and(!REMOTE, Ordering::AcqRel) & ABORTED != 0
    }

    /// Marks the task as aborted, and wakes it, so that it has a last turn. If it is being polled, the
    /// end of the poll reads the mark.
    pub(super) fn abort(self: &Arc<Header>) {
        self.signals.fetch_or(ABORTED, Ordering::Relaxed);
        self.wake_by_ref();
    }

    /// Marks the task as ended: from here on no wake queues it.
    fn set_done(&self) {
        self.mark_local();
        // Release: a thread that sees the mark sees what the task has done.
        self.signals.fetch_or(REMOTE | DONE, Ordering::AcqRel);
    }

    pub(super) fn is_done(&self) -> bool {
        self.signals.load(Ordering::Acquire) & DONE != 0
    }

    #[inline]
    pub(super) fn is_aborted(&self) -> bool {
        self.has(ABORTED)
    }
}

impl Wake for Header {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        let mark = || self.mark_local().then(|| self.id());
        if !queues::push_if_running(&self.remote, mark) {
            wake_remote(self);
        }
    }
}

/// Optimisation: out of line, so that a wake on the executor's own thread stays short.
#[cold]
#[inline(never)]
fn wake_remote(header: &Header) {
    if header.mark_remote() {
        // A message that comes back means that the executor is gone, and the task with it.
        let _ = header.remote.send(Message::Wake(header.id()));
    }
}

/// How many owners of a header belong to its task: the header itself, and the task's waker.
const OWNERS: usize = 2;

/// Returns how many own a header. What former owners have done with it is visible to the caller.
fn owners(header: &Arc<Header>) -> usize {
    let owners = Arc::strong_count(header);
    // Acquire: what the last other owner did with the header happened before its count went
    // down, and so before what we do to it next.
    fence(Ordering::Acquire);
    owners
}

/// Says whether a task that waits can never run again: it is not queued, and nothing else holds its
/// waker but `idle` holders, which will never call it.
#[inline]
pub(super) fn is_lost(header: &Arc<Header>, idle: usize) -> bool {
    // In this order: the last owner may have woken it before it went.
    owners(header) <= OWNERS + idle && !header.is_queued()
}

/// A header and its waker.
pub(super) type HeaderAndWaker = (Arc<Header>, Waker);

/// Makes the header of a task, marked as queued, and its waker.
#[cold]
pub(super) fn new_waker(id: TaskId, remote: &Arc<RemoteQueue>) -> HeaderAndWaker {
    let header = Arc::new(Header::new(id, remote));
    let waker = Waker::from(Arc::clone(&header));
    (header, waker)
}

/// How many spare wakers are kept at most.
const SPARES: usize = 256;

/// Optimisation: wakers of finished tasks that nothing else holds. A task that ends in its first poll
/// takes one and gives it back. Then spawning it allocates only its future. That saves 260 of about
/// 1,100 instructions.
#[derive(Default)]
pub(super) struct Spares(Vec<HeaderAndWaker>);

impl Spares {
    /// Returns the waker of a task that is queued.
    #[inline]
    pub(super) fn take(&mut self, id: TaskId, remote: &Arc<RemoteQueue>) -> HeaderAndWaker {
        let Some((header, waker)) = self.0.pop() else { return new_waker(id, remote) };
        header.reset(id);
        (header, waker)
    }

    /// Takes the waker of a task that has ended.
    pub(super) fn put(&mut self, header: Arc<Header>, waker: Waker) {
        if owners(&header) == OWNERS {
            if self.0.len() < SPARES {
                self.0.push((header, waker));
            }
        } else {
            header.set_done();
        }
    }
}
