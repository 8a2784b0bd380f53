//! The loop: run what is ready, then park.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{self, Location},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::{
    Park,
    future::{LocalTask, Name},
    join::JoinHandle,
    join_error::{JoinError, Outcome},
    queue::Order,
    remote::Message,
    shared::{EndRoot, Shared},
    spawn,
    task::{drop_future, drop_unclaimed},
    tasks::{Finished, TakenTask},
};
use crate::{
    current,
    id::TaskId,
    trace::{EventKind, Tracer},
    user_code,
};

/// After how many polls in a row the executor collects events and messages although tasks are ready,
/// so that tasks that are always ready cannot keep them away. A check of the OS costs about as
/// much as twenty polls, so at 64 it is a small part of the whole.
const POLLS_BETWEEN_EVENTS: u32 = 64;

/// The loop, generic over what it sleeps in.
pub(crate) struct EventLoop<P> {
    shared: Rc<Shared>,
    parker: P,
    /// How many more polls there are before it collects events again.
    polls_left: Cell<u32>,
    /// Whether another loop drives it. That loop is unparked when there is something to do.
    is_driven: Cell<bool>,
    /// Kept for its memory; empty but while messages are received.
    messages: RefCell<Vec<Message>>,
}

/// Polls the future of `block_on`.
type PollRoot<'a> = &'a mut dyn FnMut(&mut Context<'_>) -> Poll<Box<dyn Any>>;

/// What the poll of a task's turn returned.
#[derive(PartialEq)]
enum Polled {
    Pending,
    Finished,
    /// There was none: the task was aborted, or the entry of the queue was stale.
    Skipped,
}

impl<P: Park> EventLoop<P> {
    /// Makes an executor that `unparker` wakes from the sleep in `parker`.
    #[track_caller]
    pub(crate) fn new(parker: P, unparker: Waker, order: Order, tracer: Rc<Tracer>) -> Self {
        EventLoop {
            shared: Rc::new(Shared::new(unparker, order, tracer)),
            parker,
            polls_left: Cell::new(POLLS_BETWEEN_EVENTS),
            is_driven: Cell::new(false),
            messages: RefCell::default(),
        }
    }

    pub(crate) fn shared(&self) -> &Rc<Shared> {
        &self.shared
    }

    pub(crate) fn parker(&self) -> &P {
        &self.parker
    }

    /// Notes that another loop drives it. From here on it is unparked whenever there is something to
    /// do and it does not run. (Nothing else pays for that: each unpark is a system call.)
    pub(crate) fn set_driven(&self) {
        if !self.is_driven.replace(true) && !self.is_running() {
            self.rest();
        }
    }

    /// Is done with running, for now.
    fn rest(&self) {
        self.shared.shrink();
        if self.is_driven.get() {
            self.shared.queues.remote.rest(!self.shared.queues.ready.is_empty());
        }
    }

    // The ways to run it. The caller enters first.

    /// Runs a future to its end, and the tasks meanwhile.
    #[track_caller]
    pub(crate) fn block_on(&self, poll: PollRoot<'_>) {
        let root = self.shared.tasks.start_root(Location::caller());
        self.shared.counts.add_root();
        let ended = EndRoot::new(&self.shared);
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
            self.poll_events();
            if self.shared.queues.ready.is_empty() {
                return;
            }
        }
    }

    /// Polls one ready task. False if none is ready.
    pub(crate) fn tick(&self) -> bool {
        let after_events = || {
            self.poll_events();
            self.shared.queues.ready.pop().inspect(|_| self.shared.counts.add_taken(1))
        };
        while let Some(id) = self.next().or_else(after_events) {
            if self.run_task(id) != Polled::Skipped {
                return true;
            }
        }
        false
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

    // The loop.

    /// Returns the next task to be polled. Now and then, it collects events first.
    #[inline]
    fn next(&self) -> Option<TaskId> {
        self.polls_left.set(self.polls_left.get() - 1);
        if self.polls_left.get() == 0 {
            self.poll_events();
        }
        let next = self.shared.queues.ready.pop();
        if next.is_none() {
            self.shared.counts.add_none();
        }
        next
    }

    /// Begins to count down to the next time that it collects events.
    fn restart_countdown(&self) {
        self.shared.counts.add_taken(POLLS_BETWEEN_EVENTS - self.polls_left.get());
        self.polls_left.set(POLLS_BETWEEN_EVENTS);
    }

    /// Returns how many polls there were, and how many wakes on this thread.
    pub(crate) fn polls_and_wakes(&self) -> (u64, u64) {
        let since = POLLS_BETWEEN_EVENTS - self.polls_left.get();
        let counts = &self.shared.counts;
        (counts.polls(since), counts.wakes_local(since, self.shared.queues.ready.len()))
    }

    /// Runs the tasks that are ready, and those that become ready meanwhile, until none is, or until
    /// the root has ended: then it is true.
    #[inline(never)]
    fn run_ready(&self, mut root: Option<(TaskId, PollRoot<'_>)>) -> bool {
        while let Some(id) = self.next() {
            match &mut root {
                Some((root, poll)) if *root == id => {
                    if self.poll_with(id, |_, cx| poll(cx)) == Polled::Finished {
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
    fn run_task(&self, id: TaskId) -> Polled {
        self.poll_with(id, |future, cx| future.as_mut().poll_boxed(cx))
    }

    /// Polls the task, or drops it if it was aborted.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is the loop's body")]
    fn poll_with(
        &self,
        id: TaskId,
        poll: impl FnOnce(&mut LocalTask, &mut Context<'_>) -> Poll<Box<dyn Any>>,
    ) -> Polled {
        let Some(TakenTask { mut future, waker, is_aborted }) = self.shared.tasks.start_poll(id)
        else {
            self.shared.counts.add_skipped();
            return Polled::Skipped;
        };
        if is_aborted {
            self.shared.counts.add_skipped();
            self.cancel(id, future, waker);
            return Polled::Skipped;
        }
        current::begin_poll(id, &waker);
        let outcome = match user_code::call(|| self.poll(id, &waker, |cx| poll(&mut future, cx))) {
            Ok(Poll::Pending) => {
                current::end_poll();
                match self.shared.tasks.end_poll(id, future, waker) {
                    Ok(false) => {}
                    Ok(true) => self.shared.warn_of_lost_waker(id),
                    Err((future, waker)) => self.cancel(id, future, waker),
                }
                return Polled::Pending;
            }
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(JoinError::panicked(payload)),
        };
        self.finish(id, future, waker, outcome);
        Polled::Finished
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

    /// Drops a task that was aborted.
    #[cold]
    fn cancel(&self, id: TaskId, future: LocalTask, waker: Waker) {
        current::begin_poll(id, &waker);
        self.finish(id, future, waker, Err(JoinError::cancelled()));
    }

    /// Ends a task, whose poll is the current one: drops its future, then publishes the outcome.
    /// Optimisation: not inlined, so that the loop stays short.
    #[inline(never)]
    fn finish(&self, id: TaskId, future: LocalTask, waker: Waker, outcome: Outcome) {
        let outcome = drop_future(future, outcome);
        if !id.is_root() {
            self.shared.tracer().emit(Some(id), || match &outcome {
                Ok(_) => EventKind::Finished,
                Err(error) if error.is_panic() => EventKind::Panicked,
                Err(_) => EventKind::Aborted,
            });
        }
        let finished = self.shared.tasks.finish(id, outcome, waker);
        self.parker.task_ended(id);
        match finished {
            Finished::Nothing => {}
            Finished::Joiner(joiner) => self.shared.wake_joiner(id, joiner),
            Finished::Unclaimed(outcome) => drop_unclaimed(outcome),
            Finished::Remote(handle, outcome) => {
                handle.finish(outcome).into_iter().for_each(drop_unclaimed);
            }
        }
        current::end_poll();
    }

    /// Collects what is there already, without sleeping.
    #[inline(never)]
    fn poll_events(&self) {
        self.restart_countdown();
        self.receive();
        self.parker.poll_events(&self.shared);
        self.shared.shrink();
    }

    /// Sleeps until there is something to do.
    #[track_caller]
    fn park(&self) {
        self.restart_countdown();
        self.shared.shrink();
        if self.shared.queues.remote.prepare_park() {
            self.parker.park(&self.shared);
            self.shared.queues.remote.set_awake();
        }
        self.receive();
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
    pub(crate) fn enter(&self) -> Entered<'_, P> {
        assert!(
            spawn::running().is_none(),
            "an executor already runs on this thread, and would wait for itself: \
             `.await` the future, or spawn it, instead of blocking on it"
        );
        let entered = Entered { event_loop: self, _running: spawn::enter(&self.shared) };
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
        if let Some(TakenTask { future, waker, .. }) = self.shared.tasks.start_poll(id) {
            self.cancel(id, future, waker);
        }
    }
}

/// While it lives, its executor runs.
pub(crate) struct Entered<'a, P: Park> {
    event_loop: &'a EventLoop<P>,
    _running: spawn::Entered,
}

impl<P: Park> Drop for Entered<'_, P> {
    fn drop(&mut self) {
        self.event_loop.rest();
    }
}
