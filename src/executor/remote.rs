//! The remote queue: how other threads reach the executor. They send a message, and wake the
//! executor's thread only if it sleeps.
//!
//! A message names a task to wake, or brings a future to spawn. Sending never waits for the loop: the
//! lock is held for a push or a swap of two vectors, and never while code of the user runs.
//!
//! The wake that must not be lost is the one that comes just when the executor decides to sleep.
//! So both sides write first and read second:
//!
//! ```text
//!   executor: asleep = true   ── fence ── read pending     prepare_park
//!   sender:   pending = true  ── fence ── read asleep      send
//! ```
//!
//! The two fences are `SeqCst`, so all threads agree on their order. Whichever side is second sees
//! what the other wrote: the executor does not sleep, or the sender unparks it. The model checker
//! runs every interleaving of this file (`model.rs`, under `--cfg loom`). It is the reason for
//! fences in place of `SeqCst` accesses: it models fences exactly, and such accesses as weaker than they are.
//!
//! If another loop drives the executor, `asleep` is also true while the executor does not run at
//! all. So a wake or a spawn unparks the reactor then too, and that loop sees its descriptor readable.

use std::{panic::Location, sync::Arc, task::Waker};

use super::{future::MakeTask, remote_join::RemoteJoin};
use crate::{
    id::TaskId,
    sync::{AtomicBool, Mutex, MutexGuard, Ordering, fence},
};

/// What other threads may send.
pub(super) enum Message {
    /// This task was woken.
    Wake(TaskId),
    /// What this makes is to become a task. It was sent from this location, and its outcome goes to
    /// this handle. (In this order: a future that is refused is dropped before the handle yields.)
    Spawn(MakeTask, &'static Location<'static>, RemoteJoin),
}

/// Shared by the executor, its wakers and its handles; they share nothing else.
pub(crate) struct RemoteQueue {
    state: Mutex<State>,
    /// Whether there may be messages. The executor reads it without the lock.
    pending: AtomicBool,
    /// The executor sleeps, is about to, or rests between two runs by another loop. The thread that
    /// clears it unparks.
    asleep: AtomicBool,
}

struct State {
    messages: Vec<Message>,
    /// Ends the executor's sleep, or its next one. It goes with the executor, though wakers live
    /// on: it may hold a descriptor.
    unparker: Option<Arc<Waker>>,
}

impl RemoteQueue {
    pub(super) fn new(unparker: Waker) -> RemoteQueue {
        RemoteQueue {
            state: Mutex::new(State { messages: Vec::new(), unparker: Some(Arc::new(unparker)) }),
            pending: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can panic under this lock but a push that runs out of memory.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sends a message, and unparks the executor if it sleeps. Gives the message back if the
    /// executor is gone: the caller then drops it, with no lock held.
    pub(super) fn send(&self, message: Message) -> Result<(), Message> {
        let mut state = self.lock();
        if state.unparker.is_none() {
            return Err(message);
        }
        state.messages.push(message);
        self.pending.store(true, Ordering::Relaxed);
        drop(state);
        // Against the fence in `prepare_park`.
        fence(Ordering::SeqCst);
        self.unpark();
        Ok(())
    }

    /// Unparks the executor if it sleeps or does not run.
    pub(super) fn unpark(&self) {
        if self.clear_asleep() {
            // With the lock released, so that the system call keeps no other sender waiting.
            let unparker = self.lock().unparker.clone();
            if let Some(unparker) = unparker {
                unparker.wake_by_ref();
            }
        }
    }

    /// True for one of several threads, which then has to unpark.
    fn clear_asleep(&self) -> bool {
        // The plain load first: while the executor is awake, senders do not contend for the line.
        // Relaxed, because the lock orders the messages. An exchange, which writes nothing if
        // another sender was first: so a late sender cannot clear the next announcement.
        let (asleep, awake, order) = (true, false, Ordering::Relaxed);
        self.asleep.load(order) && self.asleep.compare_exchange(asleep, awake, order, order).is_ok()
    }

    /// Says whether there is a message. Relaxed: one that is missed now is seen at the next check,
    /// and before every sleep there is [`prepare_park`](RemoteQueue::prepare_park).
    #[inline]
    pub(super) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed)
    }

    /// Says whether there is a message. It takes the lock, so it misses no message whose sender has
    /// returned.
    pub(super) fn has_messages(&self) -> bool {
        !self.lock().messages.is_empty()
    }

    /// Takes all messages, oldest first, in exchange for an empty vector.
    pub(super) fn take(&self, empty: &mut Vec<Message>) {
        debug_assert!(empty.is_empty());
        let mut state = self.lock();
        std::mem::swap(&mut state.messages, empty);
        // Under the lock, so it cannot hide a message that comes later.
        self.pending.store(false, Ordering::Relaxed);
    }

    /// Announces that the executor is going to sleep. False if there is a message already: then it
    /// must not. A message that comes after `true` unparks it.
    pub(super) fn prepare_park(&self) -> bool {
        self.asleep.store(true, Ordering::Relaxed);
        // Against the fence in `send`.
        fence(Ordering::SeqCst);
        if self.pending.load(Ordering::Relaxed) {
            self.set_awake();
            return false;
        }
        true
    }

    /// Announces that the executor does not run any more. If something is left to do, it is
    /// unparked at once.
    pub(super) fn rest(&self, has_ready: bool) {
        if !self.prepare_park() || has_ready {
            self.asleep.store(true, Ordering::Relaxed);
            self.unpark();
        }
    }

    /// Announces that the executor does not sleep any more: nothing has to unpark it. Relaxed, for
    /// an unpark too many only ends the next sleep early.
    pub(super) fn set_awake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Says whether a sender has ended the sleep that was announced, so that no other one will. Relaxed: a
    /// sender whose unpark was seen is seen here too, and the unpark of another one is still to come.
    pub(super) fn is_awake(&self) -> bool {
        !self.asleep.load(Ordering::Relaxed)
    }

    /// Refuses all messages from now on, and returns those that were there.
    pub(super) fn close(&self) -> Vec<Message> {
        let mut state = self.lock();
        let unparker = state.unparker.take();
        let messages = std::mem::take(&mut state.messages);
        drop(state);
        drop(unparker);
        messages
    }

    /// Says whether the executor is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().unparker.is_none()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
        thread,
    };

    use super::*;
    use crate::{
        executor::waker::{HeaderAndWaker, new_waker},
        slab::Key,
    };

    /// Counts its wakes. Each would be a system call.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn id(number: u32) -> TaskId {
        TaskId(Key::from_parts(number, 1))
    }

    /// A queue whose executor runs, and tasks that wait.
    fn queue(tasks: u32) -> (Arc<RemoteQueue>, Arc<Counter>, Vec<HeaderAndWaker>) {
        let unparks = Arc::new(Counter::default());
        let queue = Arc::new(RemoteQueue::new(Arc::clone(&unparks).into()));
        queue.set_awake();
        let tasks: Vec<_> = (0..tasks).map(|number| new_waker(id(number), &queue)).collect();
        serve(&queue, &tasks);
        (queue, unparks, tasks)
    }

    /// Takes the messages out and polls the tasks, as far as the queue can see that.
    fn serve(queue: &RemoteQueue, tasks: &[HeaderAndWaker]) -> usize {
        let mut messages = Vec::new();
        queue.take(&mut messages);
        for (header, _) in tasks {
            header.clear_marks();
        }
        messages.len()
    }

    /// The other half of "a bounded queue makes `wake` block" (compio#1044): a million wakes from
    /// another thread while the loop is busy make no system call at all, and one when it sleeps.
    #[test]
    fn a_million_wakes_while_the_loop_is_busy_unpark_nothing() {
        const WAKES: usize = 1_000_000;
        let (queue, unparks, tasks) = queue(100);
        let wakers: Vec<Waker> = tasks.iter().map(|(_, waker)| waker.clone()).collect();
        // Nothing is received meanwhile: a message for each task, and no more.
        thread::scope(|scope| {
            scope.spawn(|| wakers.iter().cycle().take(WAKES).for_each(Waker::wake_by_ref));
        });
        assert_eq!(serve(&queue, &tasks), 100);
        // They are received meanwhile.
        thread::scope(|scope| {
            let sender =
                scope.spawn(|| wakers.iter().cycle().take(WAKES).for_each(Waker::wake_by_ref));
            while !sender.is_finished() {
                serve(&queue, &tasks);
            }
        });
        assert_eq!(unparks.0.load(Ordering::SeqCst), 0);
        // The loop falls asleep, and is woken.
        serve(&queue, &tasks);
        assert!(queue.prepare_park());
        thread::scope(|scope| {
            scope.spawn(|| wakers.iter().cycle().take(WAKES).for_each(Waker::wake_by_ref));
        });
        assert_eq!(unparks.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_message_that_is_there_keeps_the_executor_awake() {
        let (queue, unparks, tasks) = queue(1);
        assert!(queue.prepare_park());
        queue.set_awake();
        tasks[0].1.wake_by_ref();
        assert!(queue.is_pending() && queue.has_messages());
        assert!(!queue.prepare_park());
        assert_eq!(serve(&queue, &tasks), 1);
        assert!(!queue.is_pending() && !queue.has_messages());
        assert!(queue.prepare_park());
        assert_eq!(unparks.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn an_executor_that_rests_is_unparked_once_for_what_is_there_and_for_what_comes() {
        let (queue, unparks, tasks) = queue(1);
        tasks[0].1.wake_by_ref();
        queue.rest(false);
        assert_eq!(unparks.0.load(Ordering::SeqCst), 1, "a message was there");
        serve(&queue, &tasks);
        queue.rest(true);
        assert_eq!(unparks.0.load(Ordering::SeqCst), 2, "a task is ready");
        queue.rest(false);
        assert_eq!(unparks.0.load(Ordering::SeqCst), 2, "nothing is to be done");
        tasks[0].1.wake_by_ref();
        queue.unpark();
        assert_eq!(unparks.0.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_closed_queue_gives_messages_back_and_drops_its_unparker() {
        let (queue, unparks, tasks) = queue(1);
        tasks[0].1.wake_by_ref();
        assert_eq!(queue.close().len(), 1);
        assert!(queue.is_closed() && queue.close().is_empty());
        assert_eq!(Arc::strong_count(&unparks), 1, "ours");
        assert!(queue.send(Message::Wake(id(0))).is_err());
        queue.prepare_park();
        tasks[0].1.wake_by_ref();
        assert_eq!(unparks.0.load(Ordering::SeqCst), 0);
    }
}
