//! The picture: a lane for each task, what the task did in each moment, and an arrow for each wake.
//!
//! Top down: what was recorded, the marks, the time, the causes of wakes that are no tasks, the
//! tasks, and the legend. [`layout`] has the vertical coordinates, and [`axis`] the horizontal ones.

mod arrows;
mod axis;
mod lanes;
mod layout;
mod sheet;

use std::fmt::Write;

use pizzaiolo::trace::Cause;

use self::{
    arrows::Arrow,
    axis::Axis,
    lanes::Bar,
    layout::{Layout, MARGIN, Row, chip_width, chip_x},
    sheet::{Area, Sheet, text_width},
};
use super::{
    run::Run,
    text::{count, human, shorten},
};

/// So many tasks have a sentence in the description.
const DESCRIBED: usize = 20;

pub(super) fn draw(run: &Run<'_>) -> String {
    let axis = Axis::new(run);
    let layout = Layout::new(run, &axis);
    let (bars, arrows) = (Vec::new(), Vec::new());
    let mut drawing = Drawing { run, axis, layout, bars, arrows, sheet: Sheet::new() };
    let drawn = run.lanes.iter().take(drawing.layout.lanes);
    drawing.bars = drawn.map(|lane| drawing.bars_of(lane)).collect();
    drawing.arrows = drawing.find_arrows();
    drawing.sheet.text("title", (MARGIN, 32), &summary(run));
    drawing.rows();
    drawing.ticks();
    drawing.cuts();
    drawing.marks();
    drawing.parks();
    drawing.lanes();
    drawing.draw_arrows();
    drawing.os_events();
    drawing.ends();
    drawing.warnings();
    let height = drawing.legend();
    let width = drawing.layout.width;
    drawing.sheet.finish(width, height, &summary(run), &about(run))
}

/// The picture in words, for screen readers.
fn about(run: &Run<'_>) -> String {
    let mut about = String::from(
        "A lane for each task, from left to right in time: when it was polled, what it waited for, and what woke it.",
    );
    for lane in run.lanes.iter().take(DESCRIBED) {
        let polls = lane.spans.iter().filter(|span| span.is_poll()).count();
        let end = lane.end.map_or("has not ended", |(_, end)| end.word());
        let task = run.record.task_name(lane.task);
        let _ = write!(about, " {task}: {}, {end}.", count(polls, "poll"));
    }
    if run.lanes.len() > DESCRIBED {
        let _ = write!(about, " And {}.", count(run.lanes.len() - DESCRIBED, "more task"));
    }
    about
}

/// What was recorded, in one line.
fn summary(run: &Run<'_>) -> String {
    let mut summary = format!(
        "{}, {}, {}",
        count(run.lanes.len(), "task"),
        count(run.end(), "event"),
        human(run.record.time(run.end()))
    );
    if run.record.missing > 0 {
        let _ = write!(summary, " ({} missing)", count(run.record.missing, "earlier event"));
    }
    summary
}

struct Drawing<'a> {
    run: &'a Run<'a>,
    axis: Axis,
    layout: Layout,
    /// The polls of each task that is drawn.
    bars: Vec<Vec<Bar>>,
    arrows: Vec<Arrow>,
    sheet: Sheet,
}

impl Drawing<'_> {
    fn x(&self, place: usize) -> usize {
        self.layout.left + self.axis.x[place]
    }

    /// The rows' grounds and names.
    fn rows(&mut self) {
        let rows = self.layout.rows.clone();
        for (index, row) in rows.iter().enumerate() {
            let (name, what) = row.name();
            self.row(index, name, what, what);
        }
        for lane in 0..self.layout.lanes {
            let task = self.run.lanes[lane].task;
            let (mut name, id) = (self.run.record.task_name(task), task.to_string());
            if !self.axis.is_steps && self.run.record.is_nameless(task) {
                // There is one line, and tasks that are spawned by one call have one place.
                name = format!("{id}, {name}");
            }
            let below = if task.is_root() { "the future of block_on" } else { &id };
            self.row(rows.len() + lane, &name, below, &self.run.title(lane));
        }
    }

    fn row(&mut self, index: usize, name: &str, below: &str, title: &str) {
        let Layout { top, row, left, width, .. } = self.layout;
        let y = top + index * row;
        if index % 2 == 0 {
            self.sheet.rect("band", Area { x: 0, y, width, height: row }, 0, "");
        }
        let steps = self.axis.is_steps;
        let most = (left - MARGIN - 6) / if steps { 7 } else { 6 };
        self.sheet.group("head", title, |sheet| {
            if steps {
                sheet.text("name", (MARGIN, y + row / 2 - 2), &shorten(name, most));
                sheet.text("small dim", (MARGIN, y + row / 2 + 13), &shorten(below, most + 4));
            } else {
                sheet.text("small", (MARGIN, y + row / 2 + 4), &shorten(name, most));
            }
        });
    }

    /// The time: in steps where the thread wakes up, in an overview everywhere; as far as there
    /// is room.
    fn ticks(&mut self) {
        let (y, bottom) = (self.layout.top - 8, self.layout.bottom());
        let mut free = 0;
        for place in 0..self.run.end() {
            let woke_up = || self.run.parks.binary_search_by_key(&place, |park| park.to).is_ok();
            let x = self.x(place);
            if x < free || (self.axis.is_steps && place > 0 && !woke_up()) {
                continue;
            }
            let time = self.run.record.time(place);
            let label = if time.is_zero() { "0".to_owned() } else { human(time) };
            free = x + text_width(&label, 10) + if self.axis.is_steps { 8 } else { 60 };
            self.sheet.text("small dim", (x + 3, y), &label);
            self.sheet.path("rule", &format!("M{x} {}V{bottom}", y - 8));
        }
    }

    /// Two strokes where an overview is cut: the width there is less than the time that has passed.
    fn cuts(&mut self) {
        let y = self.layout.top + 4;
        for place in std::mem::take(&mut self.axis.cuts) {
            let x = usize::midpoint(self.x(place), self.x(place + 1)) - 4;
            let time = human(self.run.between(place, place + 1));
            self.sheet.group("cuts", &format!("{time} in which nothing happens"), |sheet| {
                sheet.path("cut", &format!("M{x} {y}l4 -8m0 8l4 -8"));
            });
        }
    }

    /// The marks: first all lines, so that none runs over the words of another.
    fn marks(&mut self) {
        let bottom = self.layout.bottom();
        let marks = std::mem::take(&mut self.layout.marks);
        for (x, line) in &marks {
            self.sheet.path("mark", &format!("M{x} {}V{bottom}", 63 + 22 * line));
        }
        for ((x, line), mark) in marks.into_iter().zip(&self.run.record.marks) {
            let y = 46 + 22 * line;
            let (from, width) = (chip_x(x, &mark.text, self.layout.width), chip_width(&mark.text));
            self.sheet.rect("chip", Area { x: from, y, width, height: 17 }, 8, &mark.text);
            self.sheet.text("onchip", (from + 8, y + 12), &mark.text);
        }
    }

    /// The legend, with the signs that the picture has. Returns the height of the whole picture.
    fn legend(&mut self) -> usize {
        let run = self.run;
        let woken = |is: fn(&Cause) -> bool| run.wakes.iter().any(|wake| is(&wake.by));
        let spawned = self.axis.is_steps && run.spawns.iter().any(|spawn| spawn.by.is_some());
        let is_there = [
            ("poll", "polled", true),
            ("poll many", "polled many times", !self.axis.is_steps),
            ("queue", "ready, in the queue", true),
            ("wait", "waits", true),
            ("park", "the thread sleeps", self.layout.row_y(Row::Reactor).is_some()),
            ("reactor", "woken by the reactor", woken(|by| matches!(by, Cause::Source(..)))),
            ("task", "woken by a task", woken(|by| matches!(by, Cause::Task(_)))),
            ("timer", "woken by a timer", woken(|by| matches!(by, Cause::Timer))),
            ("thread", "woken from outside", woken(|by| matches!(by, Cause::OtherThread))),
            ("spawn", "spawned", spawned),
            ("alarm", "warning", !run.warnings.is_empty()),
        ];
        let (mut x, mut y) = (MARGIN, self.layout.bottom() + 28);
        for (class, words, _) in is_there.into_iter().filter(|(_, _, there)| *there) {
            let width = 26 + text_width(words, 11) + 16;
            if x + width > self.layout.width {
                (x, y) = (MARGIN, y + 20);
            }
            self.sign(class, x, y);
            self.sheet.text("dim", (x + 26, y), words);
            x += width;
        }
        let scale = if self.axis.is_steps {
            "Not to scale: each step has room, and what takes longer has a little more."
        } else {
            "Half of the width goes to the time, half to the number of events."
        };
        let scale = format!("{scale} Point at something to read more.");
        let hidden = run.lanes.len() - self.layout.lanes;
        let hidden = (hidden > 0).then(|| format!("{} not drawn.", count(hidden, "more task")));
        for line in [Some(scale), hidden].into_iter().flatten() {
            y += 20;
            self.sheet.text("small dim", (MARGIN, y), &line);
        }
        y + 18
    }

    fn sign(&mut self, class: &str, x: usize, y: usize) {
        let area = Area { x, y: y - 9, width: 20, height: 11 };
        match class {
            "poll" | "poll many" | "wait" => self.sheet.rect(class, area, 3, ""),
            "queue" => self.sheet.rect(class, Area { y: y - 7, height: 6, ..area }, 0, ""),
            "park" => {
                self.sheet.rect("park", area, 3, "");
                self.sheet.rect("parked", area, 3, "");
            }
            "alarm" => self.sheet.circle("sign", (x + 12, y - 4), 6, ""),
            arrow => self.sheet.group(arrow, "", |sheet| {
                sheet.path("line", &format!("M{x} {}h14", y - 4));
                sheet.path("head", &format!("M{} {}l-7 -4v8z", x + 20, y - 4));
            }),
        }
    }
}
