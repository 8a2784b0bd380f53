//! The way in for other threads: they leave a letter, and ring only if the executor sleeps.
//!
//! A letter names a task to wake, or brings a future to spawn. Leaving one never waits for the
//! executor's loop: the lock is held for a push or a swap of two vectors, never while anybody's
//! code runs.
//!
//! The wake that must not be lost is the one that comes just when the executor decides to sleep.
//! So both sides write first and look second:
//!
//! ```text
//!   executor: asleep = true ── fence ── look at mail         announce_sleep
//!   sender:   mail = true   ── fence ── look at asleep       send
//! ```
//!
//! The two fences are `SeqCst`, so they have one order that all agree on. Whoever comes second in
//! it sees what the other wrote: the executor does not sleep, or the sender rings. The model
//! checker looks at every interleaving of this file (`tests` below, under `--cfg loom`). That is
//! why there are fences: it knows them, and takes `SeqCst` accesses for less than they are.

use std::panic::Location;

use crate::{
    id::TaskId,
    sync::{AtomicBool, Mutex, MutexGuard, Ordering, fence},
    tasks::SendTask,
};

/// How a sleeping executor is woken: mio's waker, or a stand-in under the model checker.
pub(crate) trait Bell: Send + Sync {
    /// Ends the executor's sleep, or its next one.
    fn ring(&self);
}

impl Bell for mio::Waker {
    fn ring(&self) {
        if let Err(error) = self.wake() {
            log::error!("waking the executor failed: {error}");
        }
    }
}

/// What other threads may send.
pub(crate) enum Letter {
    /// This task was woken.
    Wake(TaskId),
    /// This future is to become a task. It was sent from this place.
    Spawn(SendTask, &'static Location<'static>),
}

/// Shared by the executor, its wakers and its handles; the only thing that they share.
pub(crate) struct Inbox {
    letters: Mutex<Letters>,
    /// There may be letters. Lets the executor look without the lock.
    mail: AtomicBool,
    /// The executor sleeps, or is about to. Whoever clears it rings the bell.
    asleep: AtomicBool,
    bell: Box<dyn Bell>,
}

struct Letters {
    waiting: Vec<Letter>,
    /// The executor is gone.
    closed: bool,
}

impl Inbox {
    pub(crate) fn new(bell: impl Bell + 'static) -> Inbox {
        Inbox {
            letters: Mutex::new(Letters { waiting: Vec::new(), closed: false }),
            mail: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            bell: Box::new(bell),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Letters> {
        // Nothing can panic under this lock but a push that runs out of memory.
        self.letters.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Leaves a letter, and rings if the executor sleeps. Gives the letter back if the executor
    /// is gone: what is in it is then dropped by the caller, with no lock held.
    pub(crate) fn send(&self, letter: Letter) -> Result<(), Letter> {
        let mut letters = self.lock();
        if letters.closed {
            return Err(letter);
        }
        letters.waiting.push(letter);
        self.mail.store(true, Ordering::Relaxed);
        drop(letters);
        // Against the fence in `announce_sleep`.
        fence(Ordering::SeqCst);
        if self.clear_asleep() {
            self.bell.ring();
        }
        Ok(())
    }

    /// Takes it upon the caller to ring, if somebody has to. Of several senders one does.
    fn clear_asleep(&self) -> bool {
        // The plain look first: while the executor is awake, senders do not fight for the line.
        // Relaxed, for what is sent goes under the lock. An exchange that writes nothing when it
        // comes too late, so no late sender clears what is announced after it.
        let (asleep, awake, order) = (true, false, Ordering::Relaxed);
        self.asleep.load(order)
            && self
                .asleep
                .compare_exchange(asleep, awake, order, order)
                .is_ok()
    }

    /// Whether there is a letter. Relaxed: a letter that is missed now is seen at the next look,
    /// and before every sleep there is [`announce_sleep`](Inbox::announce_sleep).
    pub(crate) fn has_mail(&self) -> bool {
        self.mail.load(Ordering::Relaxed)
    }

    /// Takes all letters, oldest first, in exchange for an empty vector.
    pub(crate) fn take(&self, empty: &mut Vec<Letter>) {
        debug_assert!(empty.is_empty());
        let mut letters = self.lock();
        std::mem::swap(&mut letters.waiting, empty);
        // Under the lock, so it cannot hide the mark of a letter that comes later.
        self.mail.store(false, Ordering::Relaxed);
    }

    /// Says that the executor is going to sleep. False if there is mail already: then it must
    /// not. A letter that comes after `true` rings.
    pub(crate) fn announce_sleep(&self) -> bool {
        self.asleep.store(true, Ordering::Relaxed);
        // Against the fence in `send`.
        fence(Ordering::SeqCst);
        if self.mail.load(Ordering::Relaxed) {
            self.announce_awake();
            return false;
        }
        true
    }

    /// Says that the executor does not sleep any more: nobody has to ring. Relaxed, for a ring
    /// too many only ends the next sleep early.
    pub(crate) fn announce_awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Refuses all letters from now on and returns those that were waiting.
    pub(crate) fn close(&self) -> Vec<Letter> {
        let mut letters = self.lock();
        letters.closed = true;
        std::mem::take(&mut letters.waiting)
    }

    /// Whether the executor is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }
}
