//! The sequence diagram: the calls between tasks, executor, reactor and OS, in Mermaid's language.
//!
//! Names go through [`text::mermaid`]; everything else here is fixed words, so the text parses
//! whatever tasks are called.

use std::fmt::Write;

use pizzaiolo::trace::{Cause, Event, EventKind, TaskId};

use super::{record::Record, text};

/// Mermaid takes 50,000 characters, on GitHub too.
const MOST_CHARACTERS: usize = 48_000;

pub(super) fn draw(record: &Record) -> String {
    // If not all events fit, the first ones are left out, as the timeline does.
    let mut from = 0;
    loop {
        let text = Diagram::new(record, from).finish();
        let left = record.events.len() - from;
        if text.chars().count() <= MOST_CHARACTERS || left == 0 {
            return text;
        }
        from += left.div_ceil(8);
    }
}

struct Diagram<'a> {
    record: &'a Record,
    from: usize,
    /// The tasks that have a lane, in the order in which they first appear.
    tasks: Vec<TaskId>,
    other_threads: bool,
    /// The task whose lane is drawn as active.
    active: Option<TaskId>,
    lines: String,
}

impl<'a> Diagram<'a> {
    fn new(record: &'a Record, from: usize) -> Diagram<'a> {
        let mut diagram = Diagram {
            record,
            from,
            tasks: Vec::new(),
            other_threads: false,
            active: None,
            lines: String::new(),
        };
        let mut marks: Vec<_> =
            record.marks.iter().map(|mark| (record.place_of(mark), mark)).collect();
        marks.sort_by_key(|(place, _)| *place);
        let mut marks = marks.into_iter().skip_while(|(place, _)| *place < from).peekable();
        for (at, event) in record.events.iter().enumerate().skip(from) {
            while let Some((_, mark)) = marks.next_if(|(place, _)| *place <= at) {
                diagram.note_across(&text::mermaid(&mark.text));
            }
            diagram.read(event);
        }
        for (_, mark) in marks {
            diagram.note_across(&text::mermaid(&mark.text));
        }
        diagram.deactivate();
        diagram
    }

    /// The diagram as text: first the participants, then the messages.
    fn finish(self) -> String {
        let mut diagram = String::from("sequenceDiagram\n");
        let mut participant = |id: &str, name: &str| {
            let _ = writeln!(diagram, "    participant {id} as {}", text::mermaid(name));
        };
        if self.other_threads {
            participant("X", "other threads");
        }
        for (number, task) in self.tasks.iter().enumerate() {
            let (name, id) = (self.record.task_name(*task), task.to_string());
            let name = if name == id { id } else { format!("{name} ({id})") };
            participant(&format!("T{number}"), &text::shorten(&name, 60));
        }
        participant("E", "executor");
        participant("R", "reactor");
        participant("OS", "OS");
        let missing = self.record.missing + self.from;
        if missing > 0 {
            let events = text::count(missing, "earlier event");
            let _ = writeln!(diagram, "    Note over E,OS: {events} not shown");
        }
        diagram + &self.lines
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.lines, "    {line}");
    }

    fn note_across(&mut self, note: &str) {
        let mut events = self.record.events.iter().skip(self.from);
        let first = if events.any(|event| event.task().is_some()) { "T0" } else { "E" };
        self.line(&format!("Note over {first},OS: {note}"));
    }

    /// The lane of a task.
    fn lane(&mut self, task: TaskId) -> String {
        let known = self.tasks.iter().position(|known| *known == task);
        let number = known.unwrap_or_else(|| {
            self.tasks.push(task);
            self.tasks.len() - 1
        });
        format!("T{number}")
    }

    fn deactivate(&mut self) {
        if let Some(task) = self.active.take() {
            let lane = self.lane(task);
            self.line(&format!("deactivate {lane}"));
        }
    }

    fn read(&mut self, event: &Event) {
        match (event.kind(), event.task()) {
            (EventKind::Parked { timeout: None, .. }, _) => self.line("E->>R: park"),
            (EventKind::Parked { timeout: Some(timeout), .. }, _) => {
                self.line(&format!("E->>R: park, for at most {}", text::human(*timeout)));
            }
            (EventKind::Unparked, _) => self.line("R-->>E: unparked"),
            (EventKind::OsEvent { source, readiness, .. }, _) => {
                self.line(&format!("OS->>R: {source} is {readiness}"));
            }
            (kind, Some(task)) => {
                let lane = self.lane(task);
                self.read_of_task(kind, task, &lane);
            }
            // A socket that is registered outside any task.
            (EventKind::Registered { source, label, .. }, None) => {
                self.line(&format!("E->>R: register {source}, {}", text::mermaid(label)));
            }
            (EventKind::Deregistered { source, .. }, None) => {
                self.line(&format!("E->>R: deregister {source}"));
            }
            _ => {}
        }
    }

    fn read_of_task(&mut self, kind: &EventKind, task: TaskId, lane: &str) {
        match kind {
            EventKind::Spawned { .. } => {
                let by = self.active.map_or_else(|| "E".to_owned(), |by| self.lane(by));
                self.line(&format!("{by}->>{lane}: spawn"));
            }
            EventKind::PollStarted => {
                self.deactivate();
                self.line(&format!("E->>+{lane}: poll"));
                self.active = Some(task);
            }
            EventKind::PollEnded { ready, .. } => {
                // Only an active lane can be made inactive.
                let minus = if self.active.take().is_some() { "-" } else { "" };
                let answer = if *ready { "ready" } else { "pending" };
                self.line(&format!("{lane}-->>{minus}E: {answer}"));
            }
            EventKind::Registered { source, label, .. } => {
                self.line(&format!("{lane}->>R: register {source}, {}", text::mermaid(label)));
            }
            EventKind::Deregistered { source, .. } => {
                self.line(&format!("{lane}->>R: deregister {source}"));
            }
            EventKind::Waiting { source, direction, .. } => {
                self.line(&format!("{lane}->>R: wait to {direction}, {source}"));
            }
            EventKind::TimerSet { .. } => self.line(&format!("{lane}->>E: wait for a timer")),
            EventKind::TimerFired => self.line(&format!("E->>{lane}: its timer has fired")),
            EventKind::Woken { by, .. } => self.read_wake(*by, lane),
            EventKind::Finished | EventKind::Aborted | EventKind::Panicked => {
                if self.active == Some(task) {
                    self.deactivate();
                }
                self.line(&format!("Note over {lane}: {kind}"));
            }
            EventKind::Warned { warning, .. } => {
                self.line(&format!("Note over {lane}: {}", text::mermaid(&warning.to_string())));
            }
            _ => {}
        }
    }

    fn read_wake(&mut self, by: Cause, lane: &str) {
        let message = match by {
            Cause::Task(task) => format!("{}-){lane}: wake", self.lane(task)),
            Cause::Source(source, direction) => format!("R-){lane}: wake, {source} ({direction})"),
            Cause::Timer => format!("E-){lane}: wake, by a timer"),
            Cause::OtherThread => {
                self.other_threads = true;
                format!("X-){lane}: wake")
            }
            _ => format!("E-){lane}: wake"),
        };
        self.line(&message);
    }
}
