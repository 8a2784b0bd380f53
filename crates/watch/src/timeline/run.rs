//! A run, read from its events: what each task did from when to when, and which task woke which.
//!
//! Moments are places in the list of events, not times: several events may have the same time,
//! but each has its own place. The place behind the last event is "still going on".

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use pizzaiolo::trace::{Cause, Direction, Event, EventKind, Readiness, SourceId, TaskId, Warning};

use super::record::Record;

/// What has happened.
pub(super) struct Run<'a> {
    pub(super) record: &'a Record,
    /// The tasks, in the order in which they first appear.
    pub(super) lanes: Vec<Lane>,
    pub(super) spawns: Vec<Spawn>,
    pub(super) wakes: Vec<Wake>,
    /// The warnings: when, and in which lane.
    pub(super) warnings: Vec<(usize, usize, Warning)>,
    /// When the thread slept.
    pub(super) parks: Vec<Park>,
    lane_of: HashMap<TaskId, usize>,
    /// The lane of the task that is being polled.
    running: Option<usize>,
}

/// One task.
pub(super) struct Lane {
    pub(super) task: TaskId,
    pub(super) spans: Vec<Span>,
    /// How it ended, and when.
    pub(super) end: Option<(usize, End)>,
    /// What it does now, while the events are read.
    now: Option<Span>,
    /// It was woken while it was polled, and is in the queue again.
    again: bool,
    /// What it waits for, as the events say.
    waits: Vec<On>,
}

/// What a task was doing, from one event to another.
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) state: State,
}

pub(super) enum State {
    /// It was polled, and returned Ready if `ready`.
    Polled { ready: bool },
    /// It was ready, and other tasks were polled.
    Queued,
    /// It waited for any of these. Empty if no event said for what.
    Waiting(Vec<On>),
}

impl Span {
    pub(super) fn is_poll(&self) -> bool {
        matches!(self.state, State::Polled { .. })
    }
}

/// What a task may wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Source(SourceId, Direction),
    Timer(Option<Instant>),
    Join(TaskId),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Finished,
    Aborted,
    Panicked,
}

impl End {
    pub(super) fn word(self) -> &'static str {
        match self {
            End::Finished => "finished",
            End::Aborted => "aborted",
            End::Panicked => "panicked",
        }
    }
}

/// A task was made.
pub(super) struct Spawn {
    pub(super) at: usize,
    pub(super) lane: usize,
    /// The lane of the task that made it, if it was one.
    pub(super) by: Option<usize>,
}

/// A task was woken.
pub(super) struct Wake {
    pub(super) at: usize,
    pub(super) lane: usize,
    pub(super) by: Cause,
    /// The lane of the task that woke it, if it was one.
    pub(super) by_lane: Option<usize>,
}

/// The thread slept.
pub(super) struct Park {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(record: &'a Record) -> Run<'a> {
        let mut run = Run {
            record,
            lanes: Vec::new(),
            spawns: Vec::new(),
            wakes: Vec::new(),
            warnings: Vec::new(),
            parks: Vec::new(),
            lane_of: HashMap::new(),
            running: None,
        };
        for (at, event) in record.events.iter().enumerate() {
            run.read(at, event);
        }
        let end = run.end();
        for lane in &mut run.lanes {
            lane.close(end);
        }
        if let Some(park) = run.parks.last_mut() {
            park.to = park.to.min(end);
        }
        run
    }

    /// The place behind the last event.
    pub(super) fn end(&self) -> usize {
        self.record.events.len()
    }

    /// How long it took from one event to another.
    pub(super) fn between(&self, from: usize, to: usize) -> Duration {
        self.record.time(to).saturating_sub(self.record.time(from))
    }

    /// The task of this lane, in full: `serve 127.0.0.1:50312, task 1`.
    pub(super) fn title(&self, lane: usize) -> String {
        let task = self.lanes[lane].task;
        let (name, id) = (self.record.task_name(task), task.to_string());
        if name == id { id } else { format!("{name}, {id}") }
    }

    /// What a task waits for, in full.
    pub(super) fn waits_for(&self, waits: &[On]) -> String {
        let waits: Vec<String> = waits
            .iter()
            .map(|on| match on {
                On::Source(source, direction) => {
                    format!("to {direction}: {}", self.record.source_text(*source))
                }
                On::Timer(_) => "for a timer".to_owned(),
                On::Join(task) => format!("for the end of {}", self.record.task_name(*task)),
            })
            .collect();
        if waits.is_empty() { "waits".to_owned() } else { format!("waits {}", waits.join(", or ")) }
    }

    /// The lane of a task. One whose beginning is not among the events was doing `before` until
    /// its first one.
    fn lane(&mut self, task: TaskId, before: Option<State>) -> usize {
        if let Some(lane) = self.lane_of.get(&task) {
            return *lane;
        }
        let now =
            before.filter(|_| self.record.missing > 0).map(|state| Span { from: 0, to: 0, state });
        self.lanes.push(Lane {
            task,
            spans: Vec::new(),
            end: None,
            now,
            again: false,
            waits: Vec::new(),
        });
        let lane = self.lanes.len() - 1;
        self.lane_of.insert(task, lane);
        lane
    }

    fn read(&mut self, at: usize, event: &Event) {
        if let Some(park) = self.parks.last_mut() {
            // Any event that follows means that the thread is awake again.
            park.to = park.to.min(at);
        }
        match (event.kind(), event.task()) {
            (EventKind::Parked { .. }, _) => {
                self.end_poll(at);
                self.parks.push(Park { from: at, to: usize::MAX });
            }
            (EventKind::OsEvent { source, readiness, .. }, _) => self.report(*source, *readiness),
            (EventKind::Deregistered { source, .. }, _) => self.forget(*source),
            (kind, Some(task)) => self.read_of_task(at, kind, task),
            _ => {}
        }
    }

    fn read_of_task(&mut self, at: usize, kind: &EventKind, task: TaskId) {
        match *kind {
            EventKind::Spawned { .. } => {
                let lane = self.lane(task, None);
                self.lanes[lane].enter(at, State::Queued);
                self.spawns.push(Spawn { at, lane, by: self.running });
            }
            EventKind::PollStarted => {
                self.end_poll(at);
                let lane = self.lane(task, Some(State::Queued));
                self.lanes[lane].again = false;
                self.lanes[lane].enter(at, State::Polled { ready: false });
                self.running = Some(lane);
            }
            EventKind::PollEnded { ready, .. } => {
                let lane = self.lane(task, Some(State::Polled { ready }));
                self.running = None;
                self.lanes[lane].end_poll(at, ready);
            }
            EventKind::Waiting { source, direction, .. } => {
                self.wait(task, On::Source(source, direction));
            }
            EventKind::WaitEnded { source, direction, .. } => {
                self.end_wait(task, On::Source(source, direction));
            }
            EventKind::TimerSet { deadline, .. } => self.wait(task, On::Timer(deadline)),
            EventKind::TimerDropped { deadline, .. } => self.end_wait(task, On::Timer(deadline)),
            EventKind::TimerFired => self.end_first_timer(task),
            EventKind::Joining { task: other, .. } => self.wait(task, On::Join(other)),
            EventKind::JoinEnded { task: other, .. } => self.end_wait(task, On::Join(other)),
            EventKind::Woken { by, .. } => {
                let lane = self.lane(task, Some(State::Waiting(Vec::new())));
                if let Cause::Source(source, direction) = by {
                    self.end_wait(task, On::Source(source, direction));
                }
                self.lanes[lane].wake(at);
                let by_lane = match by {
                    Cause::Task(task) => Some(self.lane(task, None)),
                    _ => None,
                };
                self.wakes.push(Wake { at, lane, by, by_lane });
            }
            EventKind::Warned { warning, .. } => {
                let lane = self.lane(task, None);
                self.warnings.push((at, lane, warning));
            }
            EventKind::Finished => self.finish(at, task, End::Finished),
            EventKind::Aborted => self.finish(at, task, End::Aborted),
            EventKind::Panicked => self.finish(at, task, End::Panicked),
            _ => {}
        }
    }

    /// The reactor calls every waker at a socket. A task that is in the queue already is not woken by that.
    fn report(&mut self, source: SourceId, readiness: Readiness) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.is_queued()) {
            lane.waits.retain(|on| match *on {
                On::Source(of, direction) => of != source || !readiness.is_ready(direction),
                _ => true,
            });
        }
    }

    /// No waker is left at a socket that is closed.
    fn forget(&mut self, source: SourceId) {
        for lane in &mut self.lanes {
            lane.waits.retain(|on| !matches!(on, On::Source(of, _) if *of == source));
        }
    }

    fn wait(&mut self, task: TaskId, on: On) {
        let lane = self.lane(task, Some(State::Polled { ready: false }));
        let waits = &mut self.lanes[lane].waits;
        if matches!(on, On::Timer(_)) || !waits.contains(&on) {
            waits.push(on);
        }
    }

    fn end_wait(&mut self, task: TaskId, on: On) {
        let Some(lane) = self.lane_of.get(&task) else { return };
        let waits = &mut self.lanes[*lane].waits;
        if let Some(index) = waits.iter().position(|other| *other == on) {
            waits.remove(index);
        }
    }

    /// The timer with the earliest deadline fires.
    fn end_first_timer(&mut self, task: TaskId) {
        let Some(lane) = self.lane_of.get(&task) else { return };
        let deadline = |on: &On| match on {
            On::Timer(deadline) => *deadline,
            _ => None,
        };
        if let Some(first) = self.lanes[*lane].waits.iter().filter_map(deadline).min() {
            self.end_wait(task, On::Timer(Some(first)));
        }
    }

    fn finish(&mut self, at: usize, task: TaskId, end: End) {
        let lane = self.lane(task, Some(State::Queued));
        if self.running == Some(lane) {
            self.running = None;
        }
        self.lanes[lane].close(at);
        self.lanes[lane].end = Some((at, end));
    }

    /// Ends a poll that has no event for its end: the future of `block_on` has panicked in it.
    fn end_poll(&mut self, at: usize) {
        if let Some(lane) = self.running.take() {
            self.lanes[lane].close(at);
            self.lanes[lane].end = Some((at, End::Panicked));
        }
    }
}

impl Lane {
    /// Whether it was polled at that moment. (A task that wakes its joiner has ended by then.)
    pub(super) fn is_polled_at(&self, at: usize) -> bool {
        let before = self.spans.partition_point(|span| span.from <= at);
        let span = before.checked_sub(1).map(|index| &self.spans[index]);
        span.is_some_and(|span| at <= span.to && span.is_poll())
    }

    /// Ends what the task does now.
    fn close(&mut self, at: usize) {
        if let Some(mut span) = self.now.take() {
            span.to = at;
            self.spans.push(span);
        }
    }

    fn enter(&mut self, at: usize, state: State) {
        self.close(at);
        self.now = Some(Span { from: at, to: at, state });
    }

    fn is_polled(&self) -> bool {
        self.now.as_ref().is_some_and(Span::is_poll)
    }

    fn is_queued(&self) -> bool {
        self.now.as_ref().is_some_and(|now| matches!(now.state, State::Queued))
    }

    fn wake(&mut self, at: usize) {
        if self.is_polled() {
            self.again = true;
        } else if self.end.is_none() {
            self.enter(at, State::Queued);
        }
    }

    fn end_poll(&mut self, at: usize, is_ready: bool) {
        if let Some(Span { state: State::Polled { ready }, .. }) = &mut self.now {
            *ready = is_ready;
        }
        if is_ready {
            self.close(at);
            if self.task.is_root() {
                // The future of `block_on` has no other end than this.
                self.end = Some((at, End::Finished));
            }
        } else if self.again {
            self.enter(at, State::Queued);
        } else {
            self.enter(at, State::Waiting(self.waits.clone()));
        }
    }
}
