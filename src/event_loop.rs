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
    home::Home,
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
    #[inline]
    fn next(&self, home: &Home) -> Option<TaskId> {
        let left = self.polls_left.get() - 1;
        self.polls_left.set(left);
        if left == 0 {
            self.look();
        }
        home.tasks.ready.pop()
    }

    /// The same, but if nobody is ready, it looks for news before it says so.
    pub(crate) fn next_or_look(&self) -> Option<TaskId> {
        let home = &self.context.home;
        self.next(home).or_else(|| {
            self.look();
            home.tasks.ready.pop()
        })
    }

    /// Collects what is there already, without sleeping.
    pub(crate) fn look(&self) {
        self.polls_left.set(POLLS_A_LOOK);
        self.read_letters();
        let Context { home, reactor, timers, .. } = &*self.context;
        if reactor.has_sources() {
            reactor.look(Some(Duration::ZERO));
        }
        timers.fire(home);
        self.context.tick_over();
    }

    /// Sleeps until there is news, and collects it.
    pub(crate) fn park(&self) {
        self.polls_left.set(POLLS_A_LOOK);
        let Context { home, reactor, timers, clock, inbox } = &*self.context;
        if clock.is_paused() && self.jump() {
            return;
        }
        if inbox.announce_sleep() {
            let timeout = self.time_to_sleep();
            if timeout.is_none() {
                self.check_for_deadlock();
            }
            home.tracer.emit(None, || EventKind::Parked { timeout });
            // Who was told is foreign code too, and may have woken somebody.
            reactor.look(if home.tasks.ready.is_empty() { timeout } else { Some(Duration::ZERO) });
            inbox.announce_awake();
            home.tracer.emit(None, || EventKind::Unparked);
        }
        self.context.tick_over();
        self.read_letters();
        timers.fire(home);
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
        let Context { home, reactor, timers, clock, .. } = &*self.context;
        if !home.tasks.ready.is_empty() {
            return true;
        }
        let Some(deadline) = timers.next_deadline().filter(|_| !reactor.has_waiters()) else {
            return false;
        };
        clock.advance(deadline.saturating_duration_since(clock.now()));
        self.context.tick_over();
        timers.fire(home);
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
        let Home { tasks, tracer, .. } = &*self.context.home;
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
        // Handed on, so that a turn need not look for it.
        let home = &*self.context.home;
        while let Some(id) = self.next(home) {
            if Some(id) == root {
                return true;
            }
            self.run_task(home, id);
        }
        false
    }

    // One task's turn.

    /// Polls the task, or drops it if it was aborted. False if the queue's entry was stale.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is the body of the loop over the tasks")]
    pub(crate) fn run_task(&self, home: &Home, id: TaskId) -> bool {
        match home.tasks.start_poll(id) {
            Due::Poll(future, waker) => {
                self.poll_task(home, id, future, waker);
                true
            }
            Due::Drop(future, waker) => {
                self.finish(id, future, waker, Err(JoinError::cancelled()));
                false
            }
            Due::Stale => false,
        }
    }

    /// Drops the task, as one that was aborted.
    pub(crate) fn drop_task(&self, id: TaskId) {
        match self.context.home.tasks.start_poll(id) {
            Due::Poll(future, waker) | Due::Drop(future, waker) => {
                self.finish(id, future, waker, Err(JoinError::cancelled()));
            }
            Due::Stale => {}
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is most of `run_task`")]
    fn poll_task(&self, home: &Home, id: TaskId, mut future: LocalTask, waker: Waker) {
        home.turn.begin(id, Some(&waker));
        let pinned = future.as_mut();
        let poll = foreign::call(|| self.poll(home, id, &waker, |cx| pinned.poll_boxed(cx)));
        let waits = home.turn.end();
        match poll {
            Ok(Poll::Pending) => match home.tasks.end_poll(id, future, waker, waits) {
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

    /// Polls one future.
    #[inline]
    pub(crate) fn poll<T>(
        &self,
        home: &Home,
        id: TaskId,
        waker: &Waker,
        poll: impl FnOnce(&mut task::Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let cx = &mut task::Context::from_waker(waker);
        if home.tracer.looks_at_polls() { self.poll_watched(id, cx, poll) } else { poll(cx) }
    }

    /// Polls one future, and tells who watches.
    #[cold]
    fn poll_watched<T>(
        &self,
        id: TaskId,
        cx: &mut task::Context<'_>,
        poll: impl FnOnce(&mut task::Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let tracer = &self.context.home.tracer;
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
        let Home { tasks, turn, tracer } = &*self.context.home;
        turn.begin(id, None);
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
        let farewell = tasks.finish(id, outcome, waker);
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
        turn.end();
    }
}
