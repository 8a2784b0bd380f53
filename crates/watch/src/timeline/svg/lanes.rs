//! What everybody did, as bars: the tasks, and the thread when it slept.

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
        for (number, lane) in run.lanes.iter().enumerate() {
            if let Some(y) = self.layout.lane_y(number) {
                self.between_polls(lane, y);
                self.polls(lane, y);
            }
        }
    }

    /// Where a task waited, and where it was in the queue.
    fn between_polls(&mut self, lane: &Lane, y: usize) {
        let height = self.layout.bar;
        for Span { from, to, state } in &lane.spans {
            let (x, width) = (self.x(*from), self.x(*to) - self.x(*from));
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

    /// What it waits for is said in as many words as there is room for, between the arrows that
    /// run across.
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

    /// A task's turns. In an overview, those that lie close together are one bar.
    fn polls(&mut self, lane: &Lane, y: usize) {
        let (height, steps) = (self.layout.bar, self.axis.is_steps);
        let (narrowest, round) = if steps { (3, 3) } else { (2, 1) };
        let mut polls = lane.spans.iter().filter(|span| span.is_poll()).peekable();
        while let Some(first) = polls.next() {
            let x = self.x(first.from);
            let (mut last, mut number) = (first, 1);
            let mut time = self.run.between(first.from, first.to);
            while let Some(poll) = polls.next_if(|poll| {
                !steps && self.x(poll.from) <= self.x(last.to).max(self.x(last.from) + narrowest)
            }) {
                (last, number) = (poll, number + 1);
                time += self.run.between(poll.from, poll.to);
            }
            let width = (self.x(last.to) - x).max(narrowest);
            let area = Area { x, y: y - height / 2, width, height };
            let polls = if number == 1 { "polled".to_owned() } else { count(number, "poll") };
            let answer = match last.state {
                State::Polled { ready: true } => "ready",
                _ => "pending",
            };
            self.sheet.rect("poll", area, round, &format!("{polls}, {}: {answer}", human(time)));
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
                self.sheet.text("small dim mid", (x, above), &words);
                free = x + half + 4;
            }
        }
    }

    /// What was found wrong: an exclamation mark in the task's lane.
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
                self.sheet.text("small dim", (x + 15, y + 4), end.word());
            }
        }
    }
}

/// In how many words a wait is said.
#[derive(Clone, Copy)]
enum Words {
    All,
    Some,
    One,
}

/// For which direction this event wakes somebody who waits for `source`.
fn direction_of(event: &Event, source: SourceId) -> Option<Direction> {
    match event.kind() {
        EventKind::Woken { by: Cause::Source(by, direction), .. } if *by == source => {
            Some(*direction)
        }
        _ => None,
    }
}
