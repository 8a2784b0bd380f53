//! Where things stand, from top to bottom.

use pizzaiolo::trace::Cause;

use super::{super::run::Run, axis::Axis, sheet::text_width};

/// The room around the picture.
pub(super) const MARGIN: usize = 20;

/// More tasks than this make no picture.
const MOST_LANES: usize = 200;

/// In how many lines the marks' words may stand.
const MARK_LINES: usize = 3;

pub(super) struct Layout {
    /// Where the axis begins.
    pub(super) left: usize,
    /// Where the first row begins.
    pub(super) top: usize,
    /// How high the rows are, and the bars in them.
    pub(super) row: usize,
    pub(super) bar: usize,
    /// The rows above the tasks.
    pub(super) rows: Vec<Row>,
    /// How many tasks are drawn.
    pub(super) lanes: usize,
    /// The marks: where each stands, and in which line.
    pub(super) marks: Vec<(usize, usize)>,
    pub(super) width: usize,
}

/// A row that is no task: where wakes come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    OtherThreads,
    Executor,
    Timers,
    Reactor,
}

impl Layout {
    pub(super) fn new(run: &Run<'_>, axis: &Axis) -> Layout {
        let (left, row, bar) = if axis.is_steps { (200, 56, 22) } else { (176, 20, 11) };
        let rows = [Row::OtherThreads, Row::Executor, Row::Timers, Row::Reactor]
            .into_iter()
            .filter(|row| {
                let is_cause = || run.wakes.iter().any(|wake| Row::of(wake.by) == Some(*row));
                let sleeps = *row == Row::Reactor && !run.parks.is_empty();
                sleeps || (axis.is_steps && is_cause())
            })
            .collect();
        let right = MARGIN + if axis.is_steps { 56 } else { 0 };
        let width = (left + axis.width() + right).max(720);
        let marks = marks(run, axis, left, width);
        let mark_lines = marks.iter().map(|(_, line)| line + 1).max().unwrap_or_default();
        let lanes = run.lanes.len().min(MOST_LANES);
        Layout { left, top: 70 + 22 * mark_lines, row, bar, rows, lanes, marks, width }
    }

    /// The middle of a row above the tasks.
    pub(super) fn row_y(&self, row: Row) -> Option<usize> {
        let index = self.rows.iter().position(|known| *known == row)?;
        Some(self.top + index * self.row + self.row / 2)
    }

    /// The middle of a task's lane, if it is drawn.
    pub(super) fn lane_y(&self, lane: usize) -> Option<usize> {
        let y = self.top + (self.rows.len() + lane) * self.row + self.row / 2;
        (lane < self.lanes).then_some(y)
    }

    pub(super) fn bottom(&self) -> usize {
        self.top + (self.rows.len() + self.lanes) * self.row
    }
}

impl Row {
    /// The row of a cause that is no task.
    pub(super) fn of(cause: Cause) -> Option<Row> {
        match cause {
            Cause::Task(_) => None,
            Cause::Source(..) => Some(Row::Reactor),
            Cause::Timer => Some(Row::Timers),
            Cause::OtherThread => Some(Row::OtherThreads),
            _ => Some(Row::Executor),
        }
    }

    /// What it is called, and what it does.
    pub(super) fn name(self) -> (&'static str, &'static str) {
        match self {
            Row::OtherThreads => ("other threads", "wake from outside"),
            Row::Executor => ("executor", "outside any task"),
            Row::Timers => ("timers", "wake when it is time"),
            Row::Reactor => ("reactor", "asks the OS, and sleeps"),
        }
    }
}

/// Puts each mark into the first line in which there is room, or into the last.
fn marks(run: &Run<'_>, axis: &Axis, left: usize, width: usize) -> Vec<(usize, usize)> {
    let mut ends = [0; MARK_LINES];
    let mut marks = Vec::new();
    for mark in &run.record.marks {
        let x = left + axis.x[run.record.place_of(mark)];
        let from = chip_x(x, &mark.text, width);
        let line = ends.iter().position(|end| *end <= from).unwrap_or(MARK_LINES - 1);
        ends[line] = from + chip_width(&mark.text) + 6;
        marks.push((x, line));
    }
    marks
}

/// How much room a mark's words take.
pub(super) fn chip_width(text: &str) -> usize {
    text_width(text, 12) + 16
}

/// Where a mark's words begin: at the mark, unless that is too far to the right.
pub(super) fn chip_x(x: usize, text: &str, width: usize) -> usize {
    x.saturating_sub(8).min(width.saturating_sub(chip_width(text) + MARGIN / 2))
}
