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
//! checker looks at every interleaving of this file (`inbox/model.rs`, under `--cfg loom`). That is
//! why there are fences: it knows them, and takes `SeqCst` accesses for less than they are.

use std::{panic::Location, sync::Arc};

use crate::{
    id::TaskId,
    sync::{AtomicBool, Mutex, MutexGuard, Ordering, Waker, fence},
    tasks::SendTask,
};

/// How a sleeping executor is woken: mio's waker, or a stand-in under the model checker.
pub(crate) trait Bell: Send + Sync {
    /// Ends the executor's sleep, or its next one.
    fn ring(&self);
}

impl Bell for Waker {
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
}

struct Letters {
    waiting: Vec<Letter>,
    /// Gone with the executor, though wakers live on: it has a descriptor of the OS's.
    bell: Option<Arc<dyn Bell>>,
}

impl Inbox {
    pub(crate) fn new(bell: impl Bell + 'static) -> Inbox {
        Inbox {
            letters: Mutex::new(Letters { waiting: Vec::new(), bell: Some(Arc::new(bell)) }),
            mail: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
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
        if letters.bell.is_none() {
            return Err(letter);
        }
        letters.waiting.push(letter);
        self.mail.store(true, Ordering::Relaxed);
        drop(letters);
        // Against the fence in `announce_sleep`.
        fence(Ordering::SeqCst);
        if self.clear_asleep() {
            // Rung with the lock released, so that the system call keeps no other sender waiting.
            let bell = self.lock().bell.clone();
            if let Some(bell) = bell {
                bell.ring();
            }
        }
        Ok(())
    }

    /// Takes it upon the caller to ring, if somebody has to. Of several senders one does.
    fn clear_asleep(&self) -> bool {
        // The plain look first: while the executor is awake, senders do not fight for the line.
        // Relaxed, for what is sent goes under the lock. An exchange that writes nothing when it
        // comes too late, so no late sender clears what is announced after it.
        let (asleep, awake, order) = (true, false, Ordering::Relaxed);
        self.asleep.load(order) && self.asleep.compare_exchange(asleep, awake, order, order).is_ok()
    }

    /// Whether there is a letter. Relaxed: a letter that is missed now is seen at the next look,
    /// and before every sleep there is [`announce_sleep`](Inbox::announce_sleep).
    pub(crate) fn has_mail(&self) -> bool {
        self.mail.load(Ordering::Relaxed)
    }

    /// Whether there is a letter, for sure: under the lock, so that it is seen by whoever knows
    /// that its sender is done.
    pub(crate) fn has_letters(&self) -> bool {
        !self.lock().waiting.is_empty()
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
        letters.bell = None;
        std::mem::take(&mut letters.waiting)
    }

    /// Whether the executor is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().bell.is_none()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Waker,
        thread,
    };

    use super::*;
    use crate::{
        header::{Header, new_waker},
        slots::Key,
    };

    /// Counts its rings, each of which would be one write to the eventfd.
    #[derive(Clone, Default)]
    struct Counter(Arc<AtomicUsize>);

    impl Bell for Counter {
        fn ring(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Tasks that wait.
    type Tasks = Vec<(Arc<Header>, Waker)>;

    fn inbox(tasks: u32) -> (Arc<Inbox>, Counter, Tasks) {
        let bell = Counter::default();
        let inbox = Arc::new(Inbox::new(bell.clone()));
        let tasks = (0..tasks).map(|number| new_waker(TaskId(Key::reserved(number)), &inbox));
        let tasks: Tasks = tasks.inspect(|(header, _)| header.clear_marks()).collect();
        (inbox, bell, tasks)
    }

    /// Takes the letters out and polls the tasks, as far as the inbox can see that.
    fn serve(inbox: &Inbox, tasks: &[(Arc<Header>, Waker)]) -> usize {
        let mut letters = Vec::new();
        inbox.take(&mut letters);
        for (header, _) in tasks {
            header.clear_marks();
        }
        letters.len()
    }

    /// The other half of "a bounded queue makes `wake` block" (compio#1044): a million wakes from
    /// another thread while the loop is busy make no system call at all, and one when it sleeps.
    #[test]
    fn a_million_wakes_while_the_loop_is_busy_ring_no_bell() {
        const WAKES: usize = 1_000_000;
        let (inbox, bell, tasks) = inbox(100);
        let wakers: Vec<Waker> = tasks.iter().map(|(_, waker)| waker.clone()).collect();
        // Nobody reads meanwhile: a letter for each task, and no more.
        thread::scope(|scope| {
            scope.spawn(|| wakers.iter().cycle().take(WAKES).for_each(Waker::wake_by_ref));
        });
        assert_eq!(serve(&inbox, &tasks), 100);
        // They are read meanwhile.
        thread::scope(|scope| {
            let sender =
                scope.spawn(|| wakers.iter().cycle().take(WAKES).for_each(Waker::wake_by_ref));
            while !sender.is_finished() {
                serve(&inbox, &tasks);
            }
        });
        assert_eq!(bell.0.load(Ordering::SeqCst), 0);
        // The loop falls asleep, and is woken.
        serve(&inbox, &tasks);
        assert!(inbox.announce_sleep());
        thread::scope(|scope| {
            scope.spawn(|| wakers.iter().cycle().take(WAKES).for_each(Waker::wake_by_ref));
        });
        assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn mail_that_is_there_keeps_the_executor_awake() {
        let (inbox, bell, tasks) = inbox(1);
        assert!(inbox.announce_sleep());
        inbox.announce_awake();
        tasks[0].1.wake_by_ref();
        assert!(inbox.has_mail() && inbox.has_letters());
        assert!(!inbox.announce_sleep());
        assert_eq!(serve(&inbox, &tasks), 1);
        assert!(!inbox.has_mail() && !inbox.has_letters());
        assert!(inbox.announce_sleep());
        assert_eq!(bell.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_closed_inbox_gives_letters_back_and_lets_its_bell_go() {
        let (inbox, bell, tasks) = inbox(1);
        tasks[0].1.wake_by_ref();
        assert_eq!(inbox.close().len(), 1);
        assert!(inbox.is_closed() && inbox.close().is_empty());
        assert_eq!(Arc::strong_count(&bell.0), 1, "ours");
        assert!(inbox.send(Letter::Wake(TaskId(Key::reserved(0)))).is_err());
        inbox.announce_sleep();
        tasks[0].1.wake_by_ref();
        assert_eq!(bell.0.load(Ordering::SeqCst), 0);
    }
}

#[cfg(all(test, loom))]
mod model;
