//! Bars: what each task did, and when the thread slept.

use std::time::Duration;

use pizzaiolo::trace::{Cause, Direction, Event, EventKind, SourceId};

use super::{
    super::{
        run::{End, Lane, On, Park, Span, State},
        text::{count, human},
    },
    Drawing,
    layout::Row,
    sheet::{Area, text_width},
};

impl Drawing<'_> {
    /// When the thread slept.
    pub(super) fn parks(&mut self) {
        let Some(y) = self.layout.row_y(Row::Reactor) else {
            return;
        };
        let (height, steps) = (self.layout.bar, self.axis.is_steps);
        let mut free = 0;
        for Park { from, to } in &self.run.parks {
            let (x, end) = (self.x(*from), self.x(*to));
            // In an overview, those that lie close together are one.
            if end == x || (!steps && end <= free + 1) {
                continue;
            }
            free = end;
            let slept = human(self.run.between(*from, *to));
            let area = Area { x, y: y - height / 2, width: end - x, height };
            self.sheet.rect("park", area, 3, "");
            self.sheet.rect("parked", area, 3, &format!("the thread sleeps for {slept}"));
            let width = text_width(&slept, 10);
            if steps && *to < self.run.end() && width < area.width {
                let middle = usize::midpoint(x, end);
                let ground = Area { x: middle - width / 2, y: y - 7, width, height: 14 };
                self.sheet.rect("sleep", ground, 4, "");
                self.sheet.text("small dim mid", (middle, y + 4), &slept);
            }
        }
    }

    pub(super) fn lanes(&mut self) {
        let run = self.run;
        let bars = std::mem::take(&mut self.bars);
        for (number, (lane, bars)) in run.lanes.iter().zip(bars).enumerate() {
            if let Some(y) = self.layout.lane_y(number) {
                self.between_polls(lane, &bars, y);
                self.polls(&bars, y);
            }
        }
    }

    /// Where a task waited, and where it was in the queue.
    fn between_polls(&mut self, lane: &Lane, bars: &[Bar], y: usize) {
        let height = self.layout.bar;
        let mut bars = bars.iter().peekable();
        for Span { from, to, state } in &lane.spans {
            let (x, width) = (self.x(*from), self.x(*to) - self.x(*from));
            while bars.next_if(|bar| bar.to <= x).is_some() {}
            if bars.peek().is_some_and(|bar| bar.from <= x && x + width <= bar.to) {
                // The bar of several polls covers it.
                continue;
            }
            let time = human(self.run.between(*from, *to));
            match state {
                State::Waiting(waits) if width > 2 => {
                    let area = Area { x, y: y - height / 2, width, height };
                    let title = format!("{}, {time}", self.run.waits_for(waits));
                    self.sheet.rect("wait", area, 3, &title);
                    self.wait_label(area, y, waits);
                }
                State::Queued if width > 0 => {
                    let height = height / 2;
                    let area = Area { x, y: y - height / 2, width, height };
                    self.sheet.rect("queue", area, 0, &format!("ready, in the queue for {time}"));
                }
                _ => {}
            }
        }
    }

    /// Writes what the task waits for, in as many words as there is room for between the arrows that
    /// cross the lane.
    fn wait_label(&mut self, area: Area, y: usize, waits: &[On]) {
        let end = area.x + area.width;
        let mut crossings: Vec<usize> = self
            .arrows
            .iter()
            .filter(|arrow| area.x < arrow.x && arrow.x < end && arrow.crosses(y))
            .map(|arrow| arrow.x)
            .chain([area.x, end])
            .collect();
        crossings.sort_unstable();
        let widest = crossings.windows(2).max_by_key(|pair| pair[1] - pair[0]);
        let (from, to) = widest.map_or((area.x, end), |pair| (pair[0], pair[1]));
        let steps = self.axis.is_steps;
        let size = if steps { 11 } else { 10 };
        let label = [
            self.label(waits, Words::All),
            self.label(waits, Words::Some),
            self.label(waits, Words::One),
        ]
        .into_iter()
        .find(|label| text_width(label, size) + 6 <= to - from);
        if let Some(label) = label {
            let class = if steps { "dim mid" } else { "small dim mid" };
            self.sheet.text(class, (usize::midpoint(from, to), y + 4), &label);
        }
    }

    fn label(&self, waits: &[On], words: Words) -> String {
        if waits.is_empty() {
            return "waits".to_owned();
        }
        let label = |on: &On| match (on, words) {
            (On::Timer(_), _) => "timer".to_owned(),
            (On::Join(_), Words::One) => "join".to_owned(),
            (On::Join(task), Words::Some) => format!("end of {task}"),
            (On::Join(task), Words::All) => format!("end of {}", self.run.record.task_name(*task)),
            (On::Source(_, direction), Words::One) => direction.to_string(),
            (On::Source(source, direction), Words::Some) => format!("{source} · {direction}"),
            (On::Source(source, direction), Words::All) => {
                let label = self.run.record.source_label(*source).unwrap_or_default();
                format!("{source} · {direction} · {label}")
            }
        };
        let mut labels: Vec<String> = waits.iter().map(label).collect();
        // Two sockets may wait for the same direction.
        labels.dedup();
        labels.join(" or ")
    }

    /// A task's polls as bars. In an overview, those that lie close together are one.
    pub(super) fn bars_of(&self, lane: &Lane) -> Vec<Bar> {
        let steps = self.axis.is_steps;
        let narrowest = if steps { 3 } else { 2 };
        let mut bars: Vec<Bar> = Vec::new();
        for span in &lane.spans {
            let State::Polled { ready } = span.state else { continue };
            let (from, to) = (self.x(span.from), self.x(span.to));
            let to = to.max(from + narrowest);
            let time = self.run.between(span.from, span.to);
            let near = bars.last_mut().filter(|bar| !steps && from <= bar.to + TOGETHER);
            if let Some(bar) = near {
                bar.to = bar.to.max(to);
                bar.polls += 1;
                bar.time += time;
                bar.ready = ready;
                bar.places.1 = span.to;
            } else {
                let places = (span.from, span.to);
                bars.push(Bar { from, to, polls: 1, time, ready, places });
            }
        }
        bars
    }

    fn polls(&mut self, bars: &[Bar], y: usize) {
        let (height, round) = (self.layout.bar, if self.axis.is_steps { 3 } else { 1 });
        for bar in bars {
            let area = Area { x: bar.from, y: y - height / 2, width: bar.to - bar.from, height };
            let (from, to) = bar.places;
            let (class, polls) = match bar.polls {
                1 => ("poll", format!("polled, {}", human(bar.time))),
                polls => {
                    let all = human(self.run.between(from, to));
                    ("poll many", format!("{}, {} of {all}", count(polls, "poll"), human(bar.time)))
                }
            };
            let answer = if bar.ready { "ready" } else { "pending" };
            self.sheet.rect(class, area, round, &format!("{polls}: {answer}"));
        }
    }

    /// What the OS said, at the place where the reactor passes it on.
    pub(super) fn os_events(&mut self) {
        let Some(y) = self.layout.row_y(Row::Reactor).filter(|_| self.axis.is_steps) else {
            return;
        };
        let mut free = 0;
        for (place, event) in self.run.record.events.iter().enumerate() {
            let EventKind::OsEvent { source, readiness, .. } = event.kind() else {
                continue;
            };
            let x = self.x(place);
            let title = format!("the OS: {} is {readiness}", self.run.record.source_text(*source));
            self.sheet.group("reactor", &title, |sheet| sheet.circle("head", (x, y), 4, ""));
            let next = self.run.record.events.get(place + 1);
            let words = match next.and_then(|next| direction_of(next, *source)) {
                Some(direction) => format!("{source}: {direction}"),
                None if readiness.is_ready(Direction::Read) => format!("{source}: read, write"),
                None => format!("{source}: write"),
            };
            let half = text_width(&words, 10) / 2;
            if x.saturating_sub(half) >= free {
                let above = y - self.layout.bar / 2 - 5;
                self.sheet.text("small dim mid clear", (x, above), &words);
                free = x + half + 4;
            }
        }
    }

    /// The warnings: an exclamation mark in the task's lane.
    pub(super) fn warnings(&mut self) {
        let run = self.run;
        for (place, lane, warning) in &run.warnings {
            let (x, Some(y)) = (self.x(*place), self.layout.lane_y(*lane)) else {
                continue;
            };
            let r = self.layout.bar / 2 - 2;
            self.sheet.group("alarm", &warning.to_string(), |sheet| {
                sheet.circle("sign", (x, y), r, "");
                if r > 5 {
                    sheet.text("onsign mid", (x, y + 4), "!");
                }
            });
        }
    }

    /// How the tasks have ended.
    pub(super) fn ends(&mut self) {
        let run = self.run;
        let steps = self.axis.is_steps;
        let r = if steps { 5 } else { 2 };
        for (number, lane) in run.lanes.iter().enumerate() {
            let (Some((at, end)), Some(y)) = (lane.end, self.layout.lane_y(number)) else {
                continue;
            };
            let x = self.x(at) + if steps { 2 } else { 0 };
            if end == End::Finished {
                self.sheet.circle("over", (x + r, y), r, end.word());
            } else {
                let class = if end == End::Panicked { "bad" } else { "gone" };
                let cross = format!("M{x} {}l{d} {d}m0 -{d}l-{d} {d}", y - r, d = 2 * r);
                self.sheet.group(class, end.word(), |sheet| sheet.path("line", &cross));
            }
            if steps && x + text_width(end.word(), 10) + 16 < self.layout.width {
                self.sheet.text("small dim clear", (x + 15, y + 4), end.word());
            }
        }
    }
}

/// In an overview, polls that are no further apart are one bar, which covers what is between them.
const TOGETHER: usize = 6;

/// One poll, or several that lie close together.
pub(super) struct Bar {
    pub(super) from: usize,
    pub(super) to: usize,
    polls: usize,
    /// How long the polls took.
    time: Duration,
    /// What the last one returned.
    ready: bool,
    /// The first and the last event.
    places: (usize, usize),
}

/// In how many words a wait is described.
#[derive(Clone, Copy)]
enum Words {
    All,
    Some,
    One,
}

/// For which direction this event wakes a task that waits for `source`.
fn direction_of(event: &Event, source: SourceId) -> Option<Direction> {
    match event.kind() {
        EventKind::Woken { by: Cause::Source(by, direction), .. } if *by == source => {
            Some(*direction)
        }
        _ => None,
    }
}
