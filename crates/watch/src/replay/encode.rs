//! Steps and states as JSON, with the numbers of [`Names`].
//!
//! A step is an array: the moment, a word for what happened, the task or -1, and further fields
//! that depend on the word. `page/model.js` reads it.

use pizzaiolo::trace::{Cause, Direction, Readiness, TaskId, Warning};

use super::{
    names::{Birth, Names, array, nanos},
    state::{On, State, Status, Task, Thread, Wait},
    step::{Step, What},
};

/// Keeps the names that a step has.
pub(crate) fn learn(names: &mut Names, step: &Step) {
    match (&step.what, step.task) {
        (What::Spawned { name, place }, Some(task)) => {
            names.tasks.know(task, Birth { name: name.clone(), place });
        }
        (What::Registered { source, label }, _) => names.sources.know(*source, label.clone()),
        _ => {}
    }
}

/// Steps as a JSON array.
pub(crate) fn steps<'a>(names: &mut Names, steps: impl Iterator<Item = &'a Step>) -> String {
    array(steps.map(|it| step(names, it)))
}

/// A step as JSON.
pub(crate) fn step(names: &mut Names, step: &Step) -> String {
    learn(names, step);
    let task = step.task.map_or(-1, |task| i64::from(names.tasks.of(task)));
    let when = names.nanos(step.when);
    let (word, more) = match &step.what {
        What::Spawned { .. } => ("spawned", String::new()),
        What::PollStarted => ("poll", String::new()),
        What::PollEnded { ready: true } => ("ready", String::new()),
        What::PollEnded { ready: false } => ("pending", String::new()),
        What::Registered { source, .. } => {
            ("registered", format!(",{}", names.sources.of(*source)))
        }
        What::Deregistered(source) => ("deregistered", format!(",{}", names.sources.of(*source))),
        What::Waiting(source, direction, place) => {
            let (source, place) = (names.sources.of(*source), names.places.of(place));
            ("waiting", format!(r#",{source},{place},"{direction}""#))
        }
        What::WaitEnded(source, direction) => {
            ("waitended", format!(r#",{},"{direction}""#, names.sources.of(*source)))
        }
        What::Joining(other, place) => {
            ("joining", format!(",{},{}", names.tasks.of(*other), names.places.of(place)))
        }
        What::JoinEnded(other) => ("joinended", format!(",{}", names.tasks.of(*other))),
        What::Woken(by) => ("woken", cause(names, *by)),
        What::Parked(timeout) => ("parked", format!(",{}", or_null(timeout.map(nanos)))),
        What::Unparked => ("unparked", String::new()),
        What::OsEvent(source, readiness) => {
            ("os", format!(",{},{}", names.sources.of(*source), bits(*readiness)))
        }
        What::TimerSet(deadline, place) => {
            let deadline = or_null(deadline.map(|it| names.nanos(it)));
            ("timerset", format!(",{deadline},{}", names.places.of(place)))
        }
        What::TimerFired => ("timerfired", String::new()),
        What::TimerDropped(deadline) => {
            ("timerdropped", format!(",{}", or_null(deadline.map(|it| names.nanos(it)))))
        }
        What::Finished => ("finished", String::new()),
        What::Aborted => ("aborted", String::new()),
        What::Panicked => ("panicked", String::new()),
        What::Warned(warning) => ("warned", format!(",{}", warned(*warning))),
        What::Gap { missing, state } => {
            let state = state.as_deref().map(|it| self::state(names, it));
            ("gap", format!(",{missing},{}", state.as_deref().unwrap_or("null")))
        }
        What::Other => ("other", String::new()),
    };
    format!(r#"[{when},"{word}",{task}{more}]"#)
}

fn cause(names: &mut Names, by: Cause) -> String {
    match by {
        Cause::Task(by) => format!(r#","task",{}"#, names.tasks.of(by)),
        Cause::Source(source, direction) => {
            format!(r#","source",{},"{direction}""#, names.sources.of(source))
        }
        Cause::Timer => r#","timer""#.to_owned(),
        Cause::Budget => r#","budget""#.to_owned(),
        Cause::OtherThread => r#","thread""#.to_owned(),
        _ => r#","executor""#.to_owned(),
    }
}

fn warned(warning: Warning) -> String {
    match warning {
        Warning::LostWaker => r#""lost""#.to_owned(),
        Warning::SlowPoll(took) => format!(r#""slow",{}"#, nanos(took)),
        Warning::WakesItself => r#""itself""#.to_owned(),
        _ => r#""other""#.to_owned(),
    }
}

/// Bit 0: it may be read. Bit 1: it may be written. Bit 2: the peer has closed.
fn bits(readiness: Readiness) -> u8 {
    let closed = readiness.is_closed(Direction::Read) || readiness.is_closed(Direction::Write);
    u8::from(readiness.is_ready(Direction::Read))
        | u8::from(readiness.is_ready(Direction::Write)) << 1
        | u8::from(closed) << 2
}

fn or_null(number: Option<u64>) -> String {
    number.map_or_else(|| "null".to_owned(), |number| number.to_string())
}

/// A state as JSON, as `page/model.js` has it.
pub(crate) fn state(names: &mut Names, state: &State) -> String {
    let thread = match state.thread {
        Thread::Unknown => r#"["unknown"]"#.to_owned(),
        Thread::Awake => r#"["awake"]"#.to_owned(),
        Thread::Asleep { until } => {
            format!(r#"["asleep",{}]"#, or_null(until.map(|it| names.nanos(it))))
        }
    };
    let running = state.running.map(|task| u64::from(names.tasks.of(task)));
    let tasks =
        object(state.tasks.iter().map(|(id, entry)| (names.tasks.of(*id), task(names, entry))));
    let sources = object(state.sources.iter().map(|(id, readiness)| {
        (names.sources.of(*id), or_null(readiness.map(|it| u64::from(bits(it)))))
    }));
    let mut warnings = Vec::new();
    for (task, warning, when) in &state.warnings {
        let (task, when) = (names.tasks.of(*task), names.nanos(*when));
        warnings.push(format!("[{task},{when},{}]", warned(*warning)));
    }
    format!(
        r#"{{"thread":{thread},"running":{},"queue":{},"tasks":{tasks},"ended":{},"sources":{sources},"warnings":{}}}"#,
        or_null(running),
        numbers(names, state.queue.iter()),
        numbers(names, state.ended.iter()),
        array(warnings)
    )
}

/// A JSON object of these numbers and their values, in the order of the numbers.
fn object(entries: impl Iterator<Item = (u32, String)>) -> String {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable_by_key(|(number, _)| *number);
    let entries: Vec<_> =
        entries.iter().map(|(number, value)| format!(r#""{number}":{value}"#)).collect();
    format!("{{{}}}", entries.join(","))
}

fn numbers<'a>(names: &mut Names, tasks: impl Iterator<Item = &'a TaskId>) -> String {
    array(tasks.map(|task| names.tasks.of(*task).to_string()))
}

fn task(names: &mut Names, task: &Task) -> String {
    let status = match task.status {
        Status::Queued => "queued",
        Status::Polled => "polled",
        Status::Waiting => "waiting",
        Status::Returned => "returned",
        Status::Finished => "finished",
        Status::Aborted => "aborted",
        Status::Panicked => "panicked",
        Status::Unknown => "unknown",
    };
    let mut waits = Vec::with_capacity(task.waits.len());
    for Wait { on, place } in &task.waits {
        let place = names.places.of(place);
        waits.push(match on {
            On::Source(source, direction) => {
                format!(r#"["source",{},{place},"{direction}"]"#, names.sources.of(*source))
            }
            On::Timer(deadline) => {
                let deadline = or_null(deadline.map(|it| names.nanos(it)));
                format!(r#"["timer",{deadline},{place}]"#)
            }
            On::Join(other) => format!(r#"["join",{},{place}]"#, names.tasks.of(*other)),
        });
    }
    let (since, busy) = (names.nanos(task.since), nanos(task.busy));
    format!(r#"["{status}",{since},{},{busy},{}]"#, task.polls, array(waits))
}
