//! The story of one run: a line for each poll, with what the poll has done.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt::Write as _,
    time::Instant,
};

use pizzaiolo::trace::{Cause, Event, EventKind, Observer, TaskId, Warning};

/// How many lines are kept of the beginning, and as many of the end.
const KEPT: usize = 60;

#[derive(Default)]
pub(super) struct Story {
    lines: RefCell<Vec<String>>,
    /// How many lines there were.
    count: Cell<usize>,
    /// The line of the poll that goes on, or has just ended.
    step: RefCell<Option<Step>>,
    /// The name of each task, or where it was spawned.
    names: RefCell<HashMap<TaskId, String>>,
    /// What the chooser has chosen, until the poll begins.
    choice: Cell<Option<(usize, usize)>>,
    /// The time of the last event.
    now: Cell<Option<Instant>>,
    lost: RefCell<Vec<TaskId>>,
    /// Where the events go, too.
    next: Option<Box<dyn Observer>>,
}

struct Step {
    task: TaskId,
    began: Instant,
    choice: Option<(usize, usize)>,
    /// What has happened in it.
    words: Vec<String>,
}

impl Story {
    /// Begins one that passes the events on to an observer.
    pub(super) fn new(observer: Option<Box<dyn Observer>>) -> Story {
        Story { next: observer, ..Story::default() }
    }

    pub(super) fn chosen(&self, index: usize, of: usize) {
        self.choice.set(Some((index, of)));
    }

    /// Ends the last line.
    pub(super) fn end(&self) {
        let step = self.step.take();
        if let Some(step) = step {
            self.add_line(&step);
        }
    }

    /// Says whether this task was seen to wait with nothing that holds its waker.
    pub(super) fn is_lost(&self, task: TaskId) -> bool {
        self.lost.borrow().contains(&task)
    }

    /// Returns the lines. Of a long story, the beginning and the end.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.borrow();
        let left_out = self.count.get() - lines.len();
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index == KEPT && left_out > 0 {
                let _ = writeln!(text, "        ({left_out} more)");
            }
            let _ = writeln!(text, "{line}");
        }
        text
    }

    fn add_line(&self, step: &Step) {
        let words = step.words.join(", ");
        let line = if step.task.is_root() {
            let by = self.now.get().map(|now| now.saturating_duration_since(step.began));
            match by.filter(|by| !by.is_zero()) {
                Some(by) => format!("the clock advances by {by:?}: {words}"),
                None => return,
            }
        } else {
            let choice = match step.choice {
                Some((index, of)) => format!(" [{index} of 0..{of}]"),
                None => String::new(),
            };
            format!("{}{choice}: {words}", self.name(step.task))
        };
        let count = self.count.get() + 1;
        self.count.set(count);
        let mut lines = self.lines.borrow_mut();
        if lines.len() == 2 * KEPT {
            lines.remove(KEPT);
        }
        lines.push(format!("  {count:>4}. {line}"));
    }

    fn name(&self, task: TaskId) -> String {
        self.names.borrow().get(&task).cloned().unwrap_or_else(|| task.to_string())
    }

    fn say(&self, words: impl Into<String>) {
        if let Some(step) = &mut *self.step.borrow_mut() {
            step.words.push(words.into());
        }
    }

    fn is_step(&self, task: TaskId) -> bool {
        self.step.borrow().as_ref().is_some_and(|step| step.task == task)
    }

    fn spawned(&self, task: TaskId, event: &EventKind) {
        let EventKind::Spawned { name, location, .. } = event else { return };
        let name = match name {
            Some(name) => name.to_string(),
            None => task.to_string(),
        };
        self.say(format!("spawns {name} at {location}"));
        self.names.borrow_mut().insert(task, name);
    }

    fn woken(&self, task: TaskId, by: Cause) {
        let words = match by {
            _ if task.is_root() => return,
            _ if self.is_step(task) => "wakes itself".to_owned(),
            Cause::Task(_) => format!("wakes {}", self.name(task)),
            by => format!("{by} wakes {}", self.name(task)),
        };
        self.say(words);
    }

    fn ended(&self, task: TaskId, word: &str) {
        let words = if self.is_step(task) {
            word.to_owned()
        } else {
            format!("{} {word}", self.name(task))
        };
        self.say(words);
    }

    fn note(&self, task: TaskId, event: &Event) {
        match event.kind() {
            EventKind::PollStarted => {
                self.end();
                let choice = self.choice.take();
                let step = Step { task, began: event.when(), choice, words: Vec::new() };
                *self.step.borrow_mut() = Some(step);
            }
            kind @ EventKind::Spawned { .. } => self.spawned(task, kind),
            EventKind::Woken { by, .. } => self.woken(task, *by),
            EventKind::TimerSet { .. } => self.say("waits for a timer"),
            EventKind::Waiting { source, direction, .. } => {
                self.say(format!("waits for {source} ({direction})"));
            }
            EventKind::PollEnded { ready: false, .. } if !task.is_root() => self.say("pending"),
            EventKind::Finished => self.ended(task, "ends"),
            EventKind::Aborted => self.ended(task, "is dropped"),
            EventKind::Panicked => self.ended(task, "panics"),
            EventKind::Warned { warning: Warning::LostWaker, .. } => {
                self.lost.borrow_mut().push(task);
                self.say("nothing holds its waker");
            }
            _ => {}
        }
    }
}

impl Observer for Story {
    fn on_event(&self, event: &Event) {
        self.now.set(Some(event.when()));
        if let Some(task) = event.task() {
            self.note(task, event);
        }
        if let Some(next) = &self.next {
            next.on_event(event);
        }
    }
}
