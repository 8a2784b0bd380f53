//! Wakes and spawns: vertical arrows from the cause to the task.

use pizzaiolo::trace::Cause;

use super::{super::run::Wake, Drawing, layout::Row};

/// More arrows than this between the tasks of an overview would hide the tasks.
const MOST_ARROWS: usize = 200;

/// So close together, the arrows to a task are drawn as one in an overview.
const APART: usize = 3;

pub(super) struct Arrow {
    class: &'static str,
    title: String,
    pub(super) x: usize,
    /// The middle of the row that it comes from, and of the one that it goes to.
    from: usize,
    to: usize,
    /// It comes from a task's bar, and begins at its edge.
    from_bar: bool,
    /// Only its end is drawn.
    is_stub: bool,
}

impl Arrow {
    /// Whether it runs over the row with this middle.
    pub(super) fn crosses(&self, y: usize) -> bool {
        !self.is_stub && self.from.min(self.to) < y && y < self.from.max(self.to)
    }
}

impl Drawing<'_> {
    pub(super) fn find_arrows(&self) -> Vec<Arrow> {
        let mut arrows: Vec<Arrow> = Vec::new();
        let steps = self.axis.is_steps;
        let between_tasks = self.run.wakes.iter().filter(|wake| wake.by_lane.is_some()).count();
        let mut latest = vec![None; self.run.lanes.len()];
        for wake in &self.run.wakes {
            // A task that is not drawn has no arrows.
            let Some(bars) = self.bars.get(wake.lane) else { continue };
            let x = self.x(wake.at);
            let next = bars.partition_point(|bar| bar.to < x);
            if !steps && bars.get(next).is_some_and(|bar| bar.from < x) {
                // It is one of many, under one bar.
                continue;
            }
            if !steps && latest[wake.lane].is_some_and(|latest| x < latest + APART) {
                continue;
            }
            // In an overview most wakes come from the reactor or a timer, and would hide the rest.
            let is_stub = !steps && (wake.by_lane.is_none() || between_tasks > MOST_ARROWS);
            if let Some(arrow) = self.arrow_of(wake, x, is_stub) {
                latest[wake.lane] = Some(x);
                arrows.push(arrow);
            }
        }
        for spawn in self.run.spawns.iter().filter(|_| self.axis.is_steps) {
            let lanes =
                (spawn.by.and_then(|by| self.layout.lane_y(by)), self.layout.lane_y(spawn.lane));
            if let (Some(by), (Some(from), Some(to))) = (spawn.by, lanes) {
                let title = format!("{} spawns {}", self.run.title(by), self.run.title(spawn.lane));
                let x = self.x(spawn.at);
                let (class, from_bar, is_stub) = ("spawn", true, false);
                arrows.push(Arrow { class, title, x, from, to, from_bar, is_stub });
            }
        }
        arrows
    }

    fn arrow_of(&self, wake: &Wake, x: usize, is_stub: bool) -> Option<Arrow> {
        let run = self.run;
        let (class, by) = match wake.by {
            Cause::Task(_) => ("task", run.title(wake.by_lane?)),
            Cause::Source(source, direction) => {
                ("reactor", format!("{} ({direction})", run.record.source_text(source)))
            }
            by @ Cause::Timer => ("timer", by.to_string()),
            by @ Cause::OtherThread => ("thread", by.to_string()),
            by => ("spawn", by.to_string()),
        };
        let from = match wake.by_lane {
            Some(by) => self.layout.lane_y(by)?,
            // In an overview these rows are not drawn, and the arrow only hints at where it comes from.
            None => self.layout.row_y(Row::of(wake.by)?).unwrap_or(self.layout.top),
        };
        let to = self.layout.lane_y(wake.lane)?;
        let title = format!("{} is woken by {by}", run.title(wake.lane));
        let from_bar = wake.by_lane.is_some();
        Some(Arrow { class, title, x, from, to, from_bar, is_stub })
    }

    pub(super) fn draw_arrows(&mut self) {
        let (half, steps) = (self.layout.bar / 2, self.axis.is_steps);
        for arrow in std::mem::take(&mut self.arrows) {
            let Arrow { class, title, x, from, to, from_bar, is_stub } = arrow;
            let edge = if from_bar { half } else { 0 };
            let (begin, end) =
                if to > from { (from + edge, to - half) } else { (from - edge, to + half) };
            let class = if steps || is_stub { class.to_owned() } else { format!("{class} thin") };
            self.sheet.group(&class, &title, |sheet| {
                if is_stub {
                    let out = if to > from { "-4" } else { "4" };
                    sheet.path("line", &format!("M{x} {end}v{out}"));
                } else if from == to {
                    // A task that wakes itself.
                    let top = to - half;
                    sheet.path("line", &format!("M{x} {top}c0 -14 10 -14 10 -5"));
                    sheet.path("head", &format!("M{} {top}l-4 -7h8z", x + 10));
                } else if steps {
                    sheet.arrow(x, begin, end);
                    if !from_bar {
                        sheet.circle("head", (x, begin), 4, "");
                    }
                } else {
                    sheet.path("line", &format!("M{x} {begin}V{end}"));
                }
            });
        }
    }
}
