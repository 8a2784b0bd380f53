//! The loop itself: whose turn it is, one task's turn, and what is done when nobody is ready.
//!
//! ```text
//!   next ── a task ──▶ run_task ── poll ──▶ pending: back into the slab, or ready: finish
//!    │                                           │
//!    │ nobody                                    └──▶ next
//!    ▼
//!   park ── sleep in the reactor until a socket, a timer or another thread has news ──▶ next
//! ```
//!
//! It is the original's `EventLoop`. Its methods are the executor's; they stand here so that the
//! loop can be read by itself.

use std::{
    task::{self, Poll, Waker},
    time::{Duration, Instant},
};

use crate::{
    context::Context,
    executor::{Executor, POLLS_A_LOOK},
    foreign,
    id::TaskId,
    inbox::Letter,
    join::{JoinError, Outcome},
    tasks::{Due, LocalTask},
    trace::{Cause, EventKind},
};

/// The longest time that the thread asks the OS to sleep: some count in 32 bits of milliseconds.
/// After it, the thread looks at the clock and sleeps again.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

impl Executor {
    /// Whose turn it is. Now and then, a look for news comes first.
    fn next(&self) -> Option<TaskId> {
        let left = self.polls_left.get();
        if left == 0 {
            self.look();
        } else {
            self.polls_left.set(left - 1);
        }
        self.context.tasks.ready.pop()
    }

    /// The same, but if nobody is ready, it looks for news before it says so.
    pub(crate) fn next_or_look(&self) -> Option<TaskId> {
        self.next().or_else(|| {
            self.look();
            self.context.tasks.ready.pop()
        })
    }

    /// Collects what is there already, without sleeping.
    pub(crate) fn look(&self) {
        self.polls_left.set(POLLS_A_LOOK);
        self.read_letters();
        let Context { reactor, timers, tracer, turn, .. } = &*self.context;
        if reactor.has_sources() {
            reactor.look(Some(Duration::ZERO));
        }
        timers.fire(tracer, turn);
        self.context.tick_over();
    }

    /// Sleeps until there is news, and collects it.
    pub(crate) fn park(&self) {
        self.polls_left.set(POLLS_A_LOOK);
        let Context { reactor, timers, clock, inbox, tracer, turn, tasks, .. } = &*self.context;
        if clock.is_paused() && self.jump() {
            return;
        }
        if inbox.announce_sleep() {
            let timeout = self.time_to_sleep();
            if timeout.is_none() {
                self.check_for_deadlock();
            }
            tracer.emit(None, || EventKind::Parked { timeout });
            // Who was told is foreign code too, and may have woken somebody.
            reactor.look(if tasks.ready.is_empty() { timeout } else { Some(Duration::ZERO) });
            inbox.announce_awake();
            tracer.emit(None, || EventKind::Unparked);
        }
        self.context.tick_over();
        self.read_letters();
        timers.fire(tracer, turn);
    }

    /// How long the thread may sleep: until the next timer. `None`, until something comes.
    fn time_to_sleep(&self) -> Option<Duration> {
        let Context { timers, clock, .. } = &*self.context;
        if timers.is_empty() || clock.is_paused() {
            return None;
        }
        let deadline = timers.next_deadline()?;
        Some(deadline.saturating_duration_since(clock.now()).min(LONGEST_SLEEP))
    }

    /// Moves a paused clock to the next timer, if there is nothing else to wait for. True if
    /// something may be ready now.
    fn jump(&self) -> bool {
        self.look();
        let Context { tasks, reactor, timers, clock, tracer, turn, .. } = &*self.context;
        if !tasks.ready.is_empty() {
            return true;
        }
        let Some(deadline) = timers.next_deadline().filter(|_| !reactor.has_waiters()) else {
            return false;
        };
        clock.advance(deadline.saturating_duration_since(clock.now()));
        self.context.tick_over();
        timers.fire(tracer, turn);
        true
    }

    /// Does what the letters of other threads ask for.
    pub(crate) fn read_letters(&self) {
        if !self.context.inbox.has_mail() {
            return;
        }
        let mut letters = self.letters.take();
        self.context.inbox.take(&mut letters);
        for letter in letters.drain(..) {
            match letter {
                Letter::Wake(id) => self.wake_by_letter(id),
                Letter::Spawn(future, place) => self.context.spawn_detached(future, place),
            }
        }
        self.letters.replace(letters);
    }

    fn wake_by_letter(&self, id: TaskId) {
        let Context { tasks, tracer, .. } = &*self.context;
        let is_root = self.with_root(|root| root.header().mark_for_letter(id)) == Some(true);
        if is_root || tasks.mark_for_letter(id) {
            tasks.ready.push(id);
            tracer.emit(Some(id), || EventKind::Woken { by: Cause::OtherThread });
        }
    }

    /// Whether there is anything to wait for.
    pub(crate) fn has_work(&self) -> bool {
        self.task_count() > 0 || self.context.inbox.has_mail()
    }

    /// Runs the tasks that are ready, and those that become ready meanwhile, until nobody is, or
    /// until it is the turn of `root`: then it is true.
    pub(crate) fn run_ready(&self, root: Option<TaskId>) -> bool {
        while let Some(id) = self.next() {
            if Some(id) == root {
                return true;
            }
            self.run_task(id);
        }
        false
    }

    // One task's turn.

    /// Polls the task, or drops it if it was aborted. False if the queue's entry was stale.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is the body of the loop over the tasks")]
    pub(crate) fn run_task(&self, id: TaskId) -> bool {
        match self.context.tasks.start_poll(id) {
            Due::Poll(future, waker) => {
                self.poll_task(id, future, waker);
                true
            }
            Due::Drop(future, waker) => {
                self.finish(id, future, waker, Err(JoinError::cancelled()));
                false
            }
            Due::Stale => false,
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is most of `run_task`")]
    fn poll_task(&self, id: TaskId, mut future: LocalTask, waker: Waker) {
        let turn = &self.context.turn;
        turn.begin(id, Some(&waker));
        let poll = foreign::call(|| self.poll(id, &waker, |cx| future.as_mut().poll_boxed(cx)));
        let waits = turn.end();
        match poll {
            Ok(Poll::Pending) => match self.context.tasks.end_poll(id, future, waker, waits) {
                Ok(false) => {}
                Ok(true) => self.warn_of_lost_waker(id),
                Err((future, waker)) => {
                    self.finish(id, future, waker, Err(JoinError::cancelled()));
                }
            },
            Ok(Poll::Ready(output)) => self.finish(id, future, waker, Ok(output)),
            Err(payload) => self.finish(id, future, waker, Err(JoinError::panicked(payload))),
        }
    }

    /// Polls one future, and tells who watches.
    pub(crate) fn poll<T>(
        &self,
        id: TaskId,
        waker: &Waker,
        poll: impl FnOnce(&mut task::Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let tracer = &self.context.tracer;
        let cx = &mut task::Context::from_waker(waker);
        if self.lints.is_none() && !tracer.is_on() {
            return poll(cx);
        }
        tracer.emit(Some(id), || EventKind::PollStarted);
        let started = Instant::now();
        let result = poll(cx);
        if let Some(lints) = &self.lints {
            self.lint(lints, id, started);
        }
        tracer.emit(Some(id), || EventKind::PollEnded { ready: result.is_ready() });
        result
    }

    /// Ends a task: drops its future, then lets the outcome be seen.
    fn finish(&self, id: TaskId, future: LocalTask, waker: Waker, mut outcome: Outcome) {
        let tracer = &self.context.tracer;
        self.context.turn.begin(id, None);
        if let Err(payload) = foreign::call(|| drop(future)) {
            // The first panic is the task's outcome; one that follows it is logged.
            match &outcome {
                Err(error) if error.is_panic() => foreign::report("a future's drop", payload),
                _ => {
                    let output = std::mem::replace(&mut outcome, Err(JoinError::panicked(payload)));
                    foreign::drop("the output of a task", output);
                }
            }
        }
        let event = match &outcome {
            Ok(_) => EventKind::Finished,
            Err(error) if error.is_panic() => EventKind::Panicked,
            Err(_) => EventKind::Aborted,
        };
        tracer.emit(Some(id), || event);
        if let Some(lints) = &self.lints {
            lints.forget(id);
        }
        let farewell = self.context.tasks.finish(id, outcome, waker);
        if let Some(joiner) = farewell.joiner {
            foreign::wake(joiner);
        }
        match farewell.unclaimed {
            // Nobody will ask for this error, so here is where it is told.
            Some(Err(error)) if error.is_panic() => {
                foreign::report("a detached task", error.into_panic());
            }
            unclaimed => foreign::drop("the output of a task", unclaimed),
        }
        self.context.turn.end();
    }
}
