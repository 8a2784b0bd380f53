//! Chrome's trace event format, which Perfetto and `chrome://tracing` read.
//!
//! Tracks are threads of one process there. A flow arrow leaves and reaches slices, not tracks, so
//! each wake from outside the tasks is a short slice on its cause's track; it reaches the slice
//! in which the task is in the queue.

use std::fmt::Write;

use pizzaiolo::trace::{Cause, EventKind};

use super::{
    run::{Run, Span, State},
    text::json,
};

// The tracks. Tasks come after them.
// A track of the process's own number, 1, would be taken for its main thread.
const MARKS: usize = 2;
const EXECUTOR: usize = 3;
const REACTOR: usize = 4;
const TIMERS: usize = 5;
const OTHER_THREADS: usize = 6;
const FIRST_TASK: usize = 7;

pub(super) fn write(run: &Run<'_>) -> String {
    let mut trace = Trace { run, times: times(run), events: Vec::new() };
    trace.add_tracks();
    trace.add_executor();
    trace.add_tasks();
    trace.add_arrows();
    trace.add_notes();
    trace.finish()
}

/// The time of each place, in nanoseconds, each later than the one before.
fn times(run: &Run<'_>) -> Vec<u64> {
    let mut times = Vec::with_capacity(run.end() + 1);
    let mut next = 0;
    for place in 0..=run.end() {
        let time = u64::try_from(run.record.time(place).as_nanos()).unwrap_or(u64::MAX);
        let time = time.max(next);
        next = time.saturating_add(1);
        times.push(time);
    }
    times
}

struct Trace<'a> {
    run: &'a Run<'a>,
    times: Vec<u64>,
    /// Each event's time and text.
    events: Vec<(u64, String)>,
}

impl Trace<'_> {
    /// Adds one event; `more` are further fields, each with a comma before it.
    fn add(&mut self, phase: char, name: &str, track: usize, time: u64, more: &str) {
        let event = format!(
            r#"{{"ph":"{phase}","name":{},"pid":1,"tid":{track},"ts":{}{more}}}"#,
            json(name),
            micros(time)
        );
        self.events.push((time, event));
    }

    fn slice(&mut self, name: &str, track: usize, from: usize, to: usize, args: &str) {
        let (from, to) = (self.times[from], self.times[to]);
        // Viewers show empty arguments as `{}`.
        let args = if args.is_empty() { String::new() } else { format!(r#","args":{{{args}}}"#) };
        let more = format!(r#","dur":{}{args}"#, micros(to - from));
        self.add('X', name, track, from, &more);
    }

    fn add_tracks(&mut self) {
        let (run, missing) = (self.run, self.run.record.missing);
        let process = format!(r#","args":{{"name":"pizzaiolo","missing_events":{missing}}}"#);
        self.add('M', "process_name", 0, 0, &process);
        let mut names: Vec<(usize, String)> = [
            (MARKS, "marks"),
            (EXECUTOR, "executor"),
            (REACTOR, "reactor"),
            (TIMERS, "timers"),
            (OTHER_THREADS, "other threads"),
        ]
        .map(|(track, name)| (track, name.to_owned()))
        .into();
        names.extend((0..run.lanes.len()).map(|lane| (FIRST_TASK + lane, run.title(lane))));
        for (track, name) in names {
            self.add(
                'M',
                "thread_name",
                track,
                0,
                &format!(r#","args":{{"name":{}}}"#, json(&name)),
            );
            let order = format!(r#","args":{{"sort_index":{track}}}"#);
            self.add('M', "thread_sort_index", track, 0, &order);
        }
    }

    /// When the thread slept, and what the OS and the timers said.
    fn add_executor(&mut self) {
        let run = self.run;
        for park in &run.parks {
            self.slice("parked", EXECUTOR, park.from, park.to, "");
        }
        for (at, event) in run.record.events.iter().enumerate() {
            let (name, track) = match event.kind() {
                EventKind::OsEvent { source, readiness, .. } => {
                    (format!("{} is {readiness}", run.record.source_text(*source)), REACTOR)
                }
                EventKind::TimerFired => ("a timer has fired".to_owned(), TIMERS),
                _ => continue,
            };
            self.add('i', &name, track, self.times[at], r#","s":"t""#);
        }
    }

    fn add_tasks(&mut self) {
        let run = self.run;
        for (number, lane) in run.lanes.iter().enumerate() {
            let track = FIRST_TASK + number;
            for Span { from, to, state } in &lane.spans {
                match state {
                    State::Polled { ready } => {
                        let args = format!(r#""ready":{ready}"#);
                        self.slice("polled", track, *from, *to, &args);
                    }
                    State::Queued => self.slice("ready, in the queue", track, *from, *to, ""),
                    State::Waiting(waits) => {
                        self.slice(&run.waits_for(waits), track, *from, *to, "");
                    }
                }
            }
            if let Some((at, end)) = lane.end {
                self.add('i', end.word(), track, self.times[at], r#","s":"t""#);
            }
        }
    }

    /// Wakes and spawns, as arrows to the slice in which the task is in the queue.
    fn add_arrows(&mut self) {
        let run = self.run;
        let spawns = run.spawns.iter().map(|spawn| {
            (spawn.at, spawn.lane, "spawn", spawn.by.map_or(EXECUTOR, |by| FIRST_TASK + by))
        });
        let wakes = run.wakes.iter().map(|wake| {
            let by = match wake.by {
                Cause::Task(_) => wake.by_lane.map_or(EXECUTOR, |by| FIRST_TASK + by),
                Cause::Source(..) => REACTOR,
                Cause::Timer => TIMERS,
                Cause::OtherThread => OTHER_THREADS,
                _ => EXECUTOR,
            };
            (wake.at, wake.lane, "wake", by)
        });
        let arrows: Vec<_> = spawns.chain(wakes).collect();
        for (id, (at, lane, what, by)) in arrows.into_iter().enumerate() {
            if by < FIRST_TASK || !run.lanes[by - FIRST_TASK].is_polled_at(at) {
                self.slice(&format!("{what} {}", run.title(lane)), by, at, at + 1, "");
            }
            // A task that is woken while it is polled enters the queue after the poll.
            let lane_spans = &run.lanes[lane].spans;
            let next = lane_spans.partition_point(|span| span.from < at);
            let Some(span) =
                lane_spans.get(next).filter(|span| matches!(span.state, State::Queued))
            else {
                continue;
            };
            let from = format!(r#","cat":"{what}","id":{id}"#);
            let to = format!(r#"{from},"bp":"e""#);
            let reached = self.times[span.from];
            self.add('s', what, by, self.times[at], &from);
            self.add('f', what, FIRST_TASK + lane, reached, &to);
        }
    }

    /// The warnings, and the marks of the program.
    fn add_notes(&mut self) {
        let run = self.run;
        for (at, lane, warning) in &run.warnings {
            let words = format!("warning: {warning}");
            self.add('i', &words, FIRST_TASK + lane, self.times[*at], r#","s":"t""#);
        }
        for mark in &run.record.marks {
            let time = self.times[run.record.place_of(mark)];
            // A mark of the whole process would stand on a track without a name.
            self.add('i', &mark.text, MARKS, time, r#","s":"t""#);
        }
    }

    /// All events in the order of time. Events of the same time stay in the order in which they were
    /// added: a slice comes before the arrows that leave or reach it.
    fn finish(mut self) -> String {
        self.events.sort_by_key(|(time, _)| *time);
        let mut trace = String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
        for (number, (_, event)) in self.events.iter().enumerate() {
            let comma = if number == 0 { "" } else { ",\n" };
            let _ = write!(trace, "{comma}{event}");
        }
        trace.push_str("\n]}\n");
        trace
    }
}

/// Nanoseconds as the microseconds that the format counts in.
fn micros(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1_000, nanos % 1_000)
}
