//! The model: what an executor's state is after each step.
//!
//! The page has the same model in its script (`page/model.js`), and tests compare the two at every
//! step. Both only know what the events say. Where events are missing they say so, and take any
//! event in any state.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use pizzaiolo::trace::{Cause, Direction, Readiness, SourceId, TaskId, Warning};

use super::step::{Place, Step, What};

/// How many of the tasks that have ended are kept.
const ENDED: usize = 12;

/// With more tasks than this, a second loss of events removes the tasks that no event has mentioned since
/// the first: they may have ended.
const MOST_UNKNOWN: usize = 4_096;

/// How many warnings are kept.
const WARNINGS: usize = 8;

/// What an executor's state is.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) thread: Thread,
    /// The task that is being polled.
    pub(crate) running: Option<TaskId>,
    /// The ready queue, its front first.
    pub(crate) queue: VecDeque<TaskId>,
    /// The tasks that live, and those in `ended`.
    pub(crate) tasks: BTreeMap<TaskId, Task>,
    /// The tasks that have ended last, the oldest first.
    pub(crate) ended: VecDeque<TaskId>,
    /// The registered sockets, and what the OS has said of each last.
    pub(crate) sources: BTreeMap<SourceId, Option<Readiness>>,
    /// The latest warnings, the oldest first.
    pub(crate) warnings: VecDeque<(TaskId, Warning, Instant)>,
}

/// What the executor's thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Thread {
    #[default]
    Unknown,
    Awake,
    /// It sleeps in the OS, until then at the latest.
    Asleep {
        until: Option<Instant>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) status: Status,
    /// Since when it has this status.
    pub(crate) since: Instant,
    pub(crate) polls: u64,
    /// How long its polls took together.
    pub(crate) busy: Duration,
    /// Where its waker is, as far as that is known.
    pub(crate) waits: Vec<Wait>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Queued,
    Polled,
    Waiting,
    /// It has returned Ready.
    Returned,
    Finished,
    Aborted,
    Panicked,
    /// Events are missing.
    Unknown,
}

/// Where a task has left its waker, and the call with which that began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) on: On,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum On {
    Source(SourceId, Direction),
    Timer(Option<Instant>),
    Join(TaskId),
}

impl Status {
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Status::Returned | Status::Finished | Status::Aborted | Status::Panicked)
    }
}

impl Task {
    fn new(status: Status, since: Instant) -> Task {
        let (polls, busy, waits) = (0, Duration::ZERO, Vec::new());
        Task { status, since, polls, busy, waits }
    }

    fn set(&mut self, status: Status, since: Instant) {
        (self.status, self.since) = (status, since);
    }

    /// Ends the poll that is going on.
    fn end_poll(&mut self, when: Instant, next: Status) {
        if self.status == Status::Polled {
            self.busy += when.saturating_duration_since(self.since);
        }
        self.set(next, when);
    }

    /// A timer fires: the earliest.
    fn take_timer(&mut self) {
        let timers = self.waits.iter().enumerate().filter_map(|(index, wait)| match wait.on {
            On::Timer(deadline) => Some((deadline.is_none(), deadline, index)),
            _ => None,
        });
        if let Some((_, _, index)) = timers.min() {
            self.waits.remove(index);
        }
    }

    /// One wait is over. Two timers of one deadline are two waits.
    fn end_wait(&mut self, on: On) {
        if let Some(index) = self.waits.iter().position(|wait| wait.on == on) {
            self.waits.remove(index);
        }
    }
}

impl State {
    /// The state before these steps, if earlier ones are missing: what must have been the case, so that
    /// these steps could follow.
    pub(crate) fn before<'a>(steps: impl Iterator<Item = &'a Step>) -> State {
        let mut state = State::default();
        let mut seen = HashSet::new();
        for step in steps {
            if matches!(step.what, What::WaitEnded(..) | What::JoinEnded(_) | What::TimerDropped(_))
            {
                // In any state.
                continue;
            }
            let Some(task) = step.task.filter(|task| seen.insert(*task)) else { continue };
            let status = match step.what {
                What::Spawned { .. } => continue,
                What::PollStarted | What::Finished | What::Aborted | What::Panicked => {
                    Status::Queued
                }
                What::Woken(_) | What::TimerFired => Status::Waiting,
                _ => Status::Polled,
            };
            match status {
                Status::Queued => state.queue.push_back(task),
                Status::Polled => state.running = Some(task),
                _ => {}
            }
            state.tasks.insert(task, Task::new(status, step.when));
        }
        state
    }

    /// Adds the tasks and the sockets that it mentions.
    pub(crate) fn mentions(&self, tasks: &mut HashSet<TaskId>, sources: &mut HashSet<SourceId>) {
        tasks.extend(self.tasks.keys());
        tasks.extend(self.warnings.iter().map(|(task, ..)| task));
        sources.extend(self.sources.keys());
        for wait in self.tasks.values().flat_map(|task| &task.waits) {
            match wait.on {
                On::Source(source, _) => drop(sources.insert(source)),
                On::Join(task) => drop(tasks.insert(task)),
                On::Timer(_) => {}
            }
        }
    }

    /// Applies one step.
    pub(crate) fn apply(&mut self, step: &Step) {
        let when = step.when;
        match &step.what {
            What::Parked(timeout) => {
                self.end_unended_poll(when);
                let until = timeout.and_then(|timeout| when.checked_add(timeout));
                self.thread = Thread::Asleep { until };
                return;
            }
            What::Gap { state: Some(state), .. } => {
                self.clone_from(state);
                return;
            }
            What::Gap { state: None, .. } => {
                self.forget(when);
                return;
            }
            _ => self.thread = Thread::Awake,
        }
        match &step.what {
            What::Registered { source, .. } => {
                self.sources.insert(*source, None);
            }
            What::Deregistered(source) => self.deregister(*source),
            What::OsEvent(source, readiness) => {
                self.report(*source, *readiness);
            }
            what => {
                if let Some(task) = step.task {
                    self.apply_to(task, what, when);
                }
            }
        }
    }

    fn apply_to(&mut self, task: TaskId, what: &What, when: Instant) {
        match what {
            What::Spawned { .. } => {
                self.tasks.insert(task, Task::new(Status::Queued, when));
                self.enqueue(task);
            }
            What::PollStarted => self.start_poll(task, when),
            What::PollEnded { ready } => self.end_poll(task, *ready, when),
            What::Waiting(source, direction, place) => {
                self.wait(task, On::Source(*source, *direction), place, when);
            }
            What::WaitEnded(source, direction) => {
                self.end_wait(task, On::Source(*source, *direction));
            }
            What::Joining(other, place) => self.wait(task, On::Join(*other), place, when),
            What::JoinEnded(other) => self.end_wait(task, On::Join(*other)),
            What::TimerSet(deadline, place) => self.wait(task, On::Timer(*deadline), place, when),
            What::TimerDropped(deadline) => self.end_wait(task, On::Timer(*deadline)),
            What::TimerFired => self.task(task, Status::Waiting, when).take_timer(),
            What::Woken(by) => self.wake(task, *by, when),
            What::Finished => self.end(task, Status::Finished, when),
            What::Aborted => self.end(task, Status::Aborted, when),
            What::Panicked => self.end(task, Status::Panicked, when),
            What::Warned(warning) => {
                if self.warnings.len() == WARNINGS {
                    self.warnings.pop_front();
                }
                self.warnings.push_back((task, *warning, when));
            }
            _ => {}
        }
    }

    /// A task, which is in this state if it was not known.
    fn task(&mut self, task: TaskId, status: Status, when: Instant) -> &mut Task {
        self.tasks.entry(task).or_insert_with(|| Task::new(status, when))
    }

    fn enqueue(&mut self, task: TaskId) {
        if !self.queue.contains(&task) {
            self.queue.push_back(task);
        }
    }

    fn dequeue(&mut self, task: TaskId) {
        if let Some(index) = self.queue.iter().position(|queued| *queued == task) {
            self.queue.remove(index);
        }
    }

    fn start_poll(&mut self, task: TaskId, when: Instant) {
        self.end_unended_poll(when);
        self.dequeue(task);
        // The future of `block_on` may have the id of the one before it.
        self.ended.retain(|ended| *ended != task);
        let entry = self.task(task, Status::Queued, when);
        entry.set(Status::Polled, when);
        entry.polls += 1;
        self.running = Some(task);
    }

    fn end_poll(&mut self, task: TaskId, ready: bool, when: Instant) {
        self.running = None;
        let is_queued = self.queue.contains(&task);
        let entry = self.task(task, Status::Polled, when);
        if ready {
            entry.end_poll(when, Status::Returned);
            self.retire(task);
        } else {
            entry.end_poll(when, if is_queued { Status::Queued } else { Status::Waiting });
        }
    }

    /// Ends a poll that has no event for its end: the future of `block_on` has panicked in it.
    fn end_unended_poll(&mut self, when: Instant) {
        if let Some(task) = self.running {
            self.end(task, Status::Panicked, when);
        }
    }

    fn wait(&mut self, task: TaskId, on: On, place: Place, when: Instant) {
        let waits = &mut self.task(task, Status::Polled, when).waits;
        if matches!(on, On::Timer(_)) || waits.iter().all(|wait| wait.on != on) {
            waits.push(Wait { on, place });
        }
    }

    fn end_wait(&mut self, task: TaskId, on: On) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.end_wait(on);
        }
    }

    fn wake(&mut self, task: TaskId, by: Cause, when: Instant) {
        let entry = self.task(task, Status::Waiting, when);
        if entry.status.has_ended() {
            return;
        }
        if let Cause::Source(source, direction) = by {
            entry.waits.retain(|wait| wait.on != On::Source(source, direction));
        }
        if entry.status != Status::Polled {
            entry.set(Status::Queued, when);
        }
        self.enqueue(task);
    }

    /// The OS has reported a socket. The reactor calls every waker there. A task that is ready already is not
    /// woken by that: for the others, the next event says so.
    fn report(&mut self, source: SourceId, readiness: Readiness) {
        self.sources.insert(source, Some(readiness));
        for task in self.queue.iter().chain(&self.running) {
            if let Some(task) = self.tasks.get_mut(task) {
                task.waits.retain(|wait| match wait.on {
                    On::Source(of, direction) => of != source || !readiness.is_ready(direction),
                    _ => true,
                });
            }
        }
    }

    fn deregister(&mut self, source: SourceId) {
        self.sources.remove(&source);
        for task in self.tasks.values_mut() {
            task.waits.retain(|wait| !matches!(wait.on, On::Source(of, _) if of == source));
        }
    }

    fn end(&mut self, task: TaskId, status: Status, when: Instant) {
        if self.running == Some(task) {
            self.running = None;
        }
        self.task(task, Status::Queued, when).end_poll(when, status);
        self.retire(task);
    }

    /// A task has ended: it is in no queue, and its waker is nowhere.
    fn retire(&mut self, task: TaskId) {
        self.dequeue(task);
        if let Some(entry) = self.tasks.get_mut(&task) {
            entry.waits.clear();
        }
        if self.ended.contains(&task) {
            return;
        }
        self.ended.push_back(task);
        if self.ended.len() > ENDED {
            if let Some(oldest) = self.ended.pop_front() {
                self.tasks.remove(&oldest);
            }
        }
    }

    /// Events are missing: of the tasks it is only known that they were alive before.
    fn forget(&mut self, when: Instant) {
        if self.tasks.len() > MOST_UNKNOWN {
            self.tasks.retain(|_, task| task.status != Status::Unknown);
        }
        self.thread = Thread::Unknown;
        self.running = None;
        self.queue.clear();
        for task in self.tasks.values_mut().filter(|task| !task.status.has_ended()) {
            task.set(Status::Unknown, when);
            task.waits.clear();
        }
    }
}
