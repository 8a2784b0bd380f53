//! The executor: it owns the tasks, and polls those that were woken.
//!
//! ```text
//!   next ── a task ──▶ run_task ── poll ──▶ Pending: back into the slab, or Ready: finish
//!    ▲  │                                      │
//!    │  │ no task is ready                     │
//!    │  ▼                                      │
//!    │ park ── sleep until a waker is called   │
//!    └──┴──────────────────────────────────────┘
//! ```
//!
//! It is the original's `EventLoop`. It knows no socket and no timer: it sleeps through [`Park`],
//! which a reactor implements, and whatever happens in the world comes back through
//! [`Waker`]s. On its own it could run on any other parker, as it does in `model.rs`.
//!
//! In reading order: this file has the loop; [`task`] and [`tasks`] what a task is and the slab that
//! owns it; [`queue`] the ready queue; [`waker`] what `wake` does; [`remote`] how a wake arrives from
//! another thread; [`join`] how a task's output is awaited; [`queues`] and [`spawn`] how `wake` and
//! `spawn` find the executor.
//!
//! Nothing is borrowed while code of the user runs (a poll, a drop, a waker of another runtime, an
//! observer): that code may spawn, wake and abort.

pub(crate) mod abort;
mod future;
pub(crate) mod handle;
pub(crate) mod join;
pub(crate) mod join_error;
pub(crate) mod join_set;
pub(crate) mod queue;
mod queues;
mod remote;
pub(crate) mod remote_join;
pub(crate) mod shared;
pub(crate) mod spawn;
pub(crate) mod task;
mod tasks;
mod waker;

#[cfg(all(test, loom))]
mod model;

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{self, Location},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use self::{
    future::{LocalTask, Name},
    handle::Handle,
    join::JoinHandle,
    join_error::{JoinError, Outcome},
    queue::Order,
    remote::Message,
    shared::Shared,
    tasks::{Finished, Turn},
};
use crate::{
    current,
    id::TaskId,
    trace::{EventKind, Tracer},
    user_code,
};

/// After how many polls in a row the executor collects events and messages although tasks are ready,
/// so that tasks that are always ready cannot keep them away. A look that asks the OS costs about as
/// much as twenty polls, so at 64 it is a small part of the whole.
const POLLS_A_LOOK: u32 = 64;

/// What the executor sleeps in.
pub(crate) trait Park {
    /// Sleeps until a task is woken, or until the unparker is called.
    #[track_caller]
    fn park(&self, shared: &Shared);

    /// Wakes the tasks for which something has happened already, without sleeping.
    fn look(&self, shared: &Shared);

    /// Removes what a task has left behind that has ended.
    fn task_ended(&self, id: TaskId);
}

/// The loop, generic over what it sleeps in.
pub(crate) struct EventLoop<P> {
    shared: Rc<Shared>,
    parker: P,
    /// How many more polls there are before the next look.
    polls_left: Cell<u32>,
    /// Kept for its memory; empty but while messages are received.
    messages: RefCell<Vec<Message>>,
}

/// Polls the future of `block_on`.
type PollRoot<'a> = &'a mut dyn FnMut(&mut Context<'_>) -> Poll<Box<dyn Any>>;

/// How the turn of a task ended.
#[derive(PartialEq)]
enum TurnEnd {
    Pending,
    Finished,
    /// It was not polled: it was aborted, or the entry of the queue was stale.
    NotPolled,
}

impl<P: Park> EventLoop<P> {
    /// Makes an executor that `unparker` wakes from the sleep in `parker`.
    #[track_caller]
    pub(crate) fn new(parker: P, unparker: Waker, order: Order, tracer: Rc<Tracer>) -> Self {
        EventLoop {
            shared: Rc::new(Shared::new(unparker, order, tracer)),
            parker,
            polls_left: Cell::new(POLLS_A_LOOK),
            messages: RefCell::default(),
        }
    }

    pub(crate) fn shared(&self) -> &Rc<Shared> {
        &self.shared
    }

    pub(crate) fn parker(&self) -> &P {
        &self.parker
    }

    // The ways to run it. The caller enters first.

    /// Runs a future to its end, and the tasks meanwhile.
    #[track_caller]
    pub(crate) fn block_on(&self, poll: PollRoot<'_>) {
        let root = self.shared.tasks.start_root(Location::caller());
        let ended = EndRoot(&self.shared);
        self.shared.queues.ready.push(root);
        while !self.run_ready(Some((root, &mut *poll))) {
            self.park();
        }
        if let Some(Err(error)) = ended.outcome() {
            panic::resume_unwind(error.into_panic());
        }
    }

    /// Runs until no task is left.
    #[track_caller]
    pub(crate) fn run(&self) {
        loop {
            self.run_ready(None);
            if self.shared.tasks.alive() == 0 && !self.shared.queues.remote.is_pending() {
                return;
            }
            self.park();
        }
    }

    /// Runs until no task is ready.
    pub(crate) fn run_until_idle(&self) {
        loop {
            self.run_ready(None);
            self.look();
            if self.shared.queues.ready.is_empty() {
                return;
            }
        }
    }

    /// Polls one ready task. False if none is ready.
    pub(crate) fn tick(&self) -> bool {
        loop {
            let next = self.next().or_else(|| {
                self.look();
                self.shared.queues.ready.pop()
            });
            let Some(id) = next else { return false };
            if self.run_task(id) != TurnEnd::NotPolled {
                return true;
            }
        }
    }

    /// Makes a task, also while the executor does not run: then it is unparked.
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        location: &'static Location<'static>,
        name: Name,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        if !self.is_running() {
            // What was woken before this goes first.
            self.receive();
        }
        let handle = spawn::spawn_on(&self.shared, future, location, name);
        self.shared.queues.remote.unpark();
        handle
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle::new(&self.shared)
    }

    // The loop.

    /// Returns the next task to be polled. Now and then, it looks for events first.
    #[inline]
    fn next(&self) -> Option<TaskId> {
        let left = self.polls_left.get() - 1;
        self.polls_left.set(left);
        if left == 0 {
            self.look();
        }
        self.shared.queues.ready.pop()
    }

    /// Runs the tasks that are ready, and those that become ready meanwhile, until none is, or until
    /// the root has ended: then it is true.
    #[inline(never)]
    fn run_ready(&self, mut root: Option<(TaskId, PollRoot<'_>)>) -> bool {
        while let Some(id) = self.next() {
            match &mut root {
                Some((root, poll)) if *root == id => {
                    if self.take_turn(id, |_, cx| poll(cx)) == TurnEnd::Finished {
                        return true;
                    }
                }
                _ => {
                    self.run_task(id);
                }
            }
        }
        false
    }

    #[inline]
    fn run_task(&self, id: TaskId) -> TurnEnd {
        self.take_turn(id, |future, cx| future.as_mut().poll_boxed(cx))
    }

    /// Polls the task, or drops it if it was aborted.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is the loop's body")]
    fn take_turn(
        &self,
        id: TaskId,
        poll: impl FnOnce(&mut LocalTask, &mut Context<'_>) -> Poll<Box<dyn Any>>,
    ) -> TurnEnd {
        let tasks = &self.shared.tasks;
        let Some(Turn { mut future, waker, is_aborted }) = tasks.start_poll(id) else {
            return TurnEnd::NotPolled;
        };
        if is_aborted {
            self.finish(id, future, waker, Err(JoinError::cancelled()));
            return TurnEnd::NotPolled;
        }
        current::begin_poll(id, &waker);
        let result = user_code::call(|| self.poll(id, &waker, |cx| poll(&mut future, cx)));
        current::end_poll();
        match result {
            Ok(Poll::Pending) => match tasks.end_poll(id, future, waker) {
                Ok(false) => return TurnEnd::Pending,
                Ok(true) => {
                    self.shared.warn_of_lost_waker(id);
                    return TurnEnd::Pending;
                }
                Err((future, waker)) => {
                    self.finish(id, future, waker, Err(JoinError::cancelled()));
                }
            },
            Ok(Poll::Ready(output)) => self.finish(id, future, waker, Ok(output)),
            Err(payload) => self.finish(id, future, waker, Err(JoinError::panicked(payload))),
        }
        TurnEnd::Finished
    }

    #[inline]
    fn poll<T>(
        &self,
        id: TaskId,
        waker: &Waker,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let cx = &mut Context::from_waker(waker);
        if self.shared.tracer().is_on() { self.poll_observed(id, cx, poll) } else { poll(cx) }
    }

    #[cold]
    fn poll_observed<T>(
        &self,
        id: TaskId,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let tracer = self.shared.tracer();
        tracer.emit(Some(id), || EventKind::PollStarted);
        let result = poll(cx);
        tracer.emit(Some(id), || EventKind::PollEnded { ready: result.is_ready() });
        result
    }

    /// Ends a task: drops its future, then lets the outcome be seen. Not inlined, so that the loop
    /// stays short.
    #[inline(never)]
    fn finish(&self, id: TaskId, future: LocalTask, waker: Waker, outcome: Outcome) {
        current::begin_poll(id, &waker);
        let outcome = drop_future(future, outcome);
        if !id.is_root() {
            self.shared.tracer().emit(Some(id), || match &outcome {
                Ok(_) => EventKind::Finished,
                Err(error) if error.is_panic() => EventKind::Panicked,
                Err(_) => EventKind::Aborted,
            });
        }
        let Finished { joiner, unclaimed, remote } = self.shared.tasks.finish(id, outcome, waker);
        self.parker.task_ended(id);
        if let Some(joiner) = joiner {
            user_code::wake(joiner);
        }
        match unclaimed.or_else(|| remote.and_then(|(handle, outcome)| handle.finish(outcome))) {
            // No handle will ask for this error, so it is reported here.
            Some(Err(error)) if error.is_panic() => {
                user_code::report("a detached task", error.into_panic());
            }
            unclaimed => user_code::drop("the output of a task", unclaimed),
        }
        current::end_poll();
    }

    /// Collects what is there already, without sleeping.
    #[inline(never)]
    fn look(&self) {
        self.polls_left.set(POLLS_A_LOOK);
        self.receive();
        self.parker.look(&self.shared);
        self.shared.queues.ready.shrink();
    }

    /// Sleeps until there is something to do.
    #[track_caller]
    fn park(&self) {
        self.polls_left.set(POLLS_A_LOOK);
        if self.shared.queues.remote.prepare_park() {
            self.parker.park(&self.shared);
            self.shared.queues.remote.set_awake();
        }
        self.receive();
        self.shared.queues.ready.shrink();
    }

    /// Does what the messages of other threads ask for.
    fn receive(&self) {
        if self.shared.queues.remote.is_pending() {
            let mut messages = self.messages.take();
            self.shared.receive(&mut messages);
            self.messages.replace(messages);
        }
    }

    // Its beginning and its end.

    fn is_running(&self) -> bool {
        spawn::running().is_some_and(|running| Rc::ptr_eq(&running, &self.shared))
    }

    /// Makes this executor the one that runs here, with all that was sent to it ready.
    #[track_caller]
    pub(crate) fn enter(&self) -> Entered<'_> {
        assert!(
            spawn::running().is_none(),
            "an executor already runs on this thread, and would wait for itself: \
             `.await` the future, or spawn it, instead of blocking on it"
        );
        let entered = Entered { shared: &self.shared, _running: spawn::enter(&self.shared) };
        self.shared.queues.remote.set_awake();
        // What was woken or aborted while the executor did not run came as a message, and is older
        // than what is woken from here on.
        self.receive();
        entered
    }

    /// Refuses all messages from now on, and runs `f`, with this executor as the running one.
    pub(crate) fn close(&self, f: impl FnOnce()) {
        let (_suspended, _running) = (current::suspend(), spawn::enter(&self.shared));
        for message in self.shared.queues.remote.close() {
            user_code::drop("a future that was sent", message);
        }
        f();
        self.shared.queues.ready.clear();
    }

    /// Drops a task that is pending, as one that was aborted.
    pub(crate) fn drop_task(&self, id: TaskId) {
        if let Some(Turn { future, waker, .. }) = self.shared.tasks.start_poll(id) {
            self.finish(id, future, waker, Err(JoinError::cancelled()));
        }
    }
}

/// Drops a future, and returns the outcome of its task: that of its last poll, or the panic of its
/// drop.
fn drop_future(future: LocalTask, outcome: Outcome) -> Outcome {
    let Err(payload) = user_code::call(|| drop(future)) else { return outcome };
    match outcome {
        // The first panic is the task's outcome; one that follows it is logged.
        Err(error) if error.is_panic() => {
            user_code::report("a future's drop", payload);
            Err(error)
        }
        outcome => {
            user_code::drop("the output of a task", outcome);
            Err(JoinError::panicked(payload))
        }
    }
}

/// While it lives, its executor runs.
pub(crate) struct Entered<'a> {
    shared: &'a Shared,
    _running: spawn::Entered,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.shared.queues.remote.rest(!self.shared.queues.ready.is_empty());
    }
}

/// Ends the root, also after a panic of the loop.
struct EndRoot<'a>(&'a Shared);

impl EndRoot<'_> {
    fn outcome(&self) -> Option<Outcome> {
        self.0.tasks.end_root()
    }
}

impl Drop for EndRoot<'_> {
    fn drop(&mut self) {
        drop(self.outcome());
    }
}
