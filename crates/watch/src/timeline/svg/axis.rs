//! Where the picture puts each event: a time axis on which a poll of 20 µs and a sleep of 20 s
//! can both be seen.
//!
//! A short run is drawn *step by step*: every event has room of its own, and only what takes long
//! gets more of it, by the logarithm of the time. A long run is an *overview*, of a fixed width:
//! half of the width goes to the time, where gaps that are much longer than the others are cut,
//! and half to the number of events, so that a burst stays readable.

use std::time::Duration;

use pizzaiolo::trace::{Event, EventKind};

use super::super::run::Run;

/// The widest picture that is drawn step by step.
const WIDEST_STEPS: usize = 4_000;

/// The width of an overview.
const OVERVIEW: usize = 1_400;

/// No gap takes more of an overview than this part of the time's half.
const GAPS: u128 = 16;

/// The coordinates of all places, from 0 on.
pub(super) struct Axis {
    pub(super) x: Vec<usize>,
    /// Every event has room of its own.
    pub(super) is_steps: bool,
    /// The gaps of an overview that are drawn shorter than they are: from which event on.
    pub(super) cuts: Vec<usize>,
}

impl Axis {
    pub(super) fn new(run: &Run<'_>) -> Axis {
        let mut x = Vec::with_capacity(run.end() + 1);
        let mut width = 0;
        for place in 0..run.end() {
            x.push(width);
            width += step(run, place);
        }
        x.push(width);
        if width <= WIDEST_STEPS {
            Axis { x, is_steps: true, cuts: Vec::new() }
        } else {
            overview(run)
        }
    }

    pub(super) fn width(&self) -> usize {
        self.x.last().copied().unwrap_or_default()
    }
}

/// The room between an event and the next one, where each has its own.
fn step(run: &Run<'_>, place: usize) -> usize {
    let long = |unit: Duration| {
        let units = run.between(place, place + 1).as_nanos() / unit.as_nanos();
        usize::try_from((units + 1).ilog2()).unwrap_or_default()
    };
    let next = run.record.events.get(place + 1).map(Event::kind);
    match run.record.events[place].kind() {
        EventKind::Parked { .. } => 30 + 3 * long(Duration::from_micros(100)).min(20),
        EventKind::PollStarted => 14 + 2 * long(Duration::from_micros(25)).min(20),
        EventKind::Registered { .. }
        | EventKind::Deregistered { .. }
        | EventKind::Waiting { .. }
        | EventKind::TimerSet { .. } => 4,
        // The report of the OS and the wakes that follow stand on one line.
        EventKind::OsEvent { .. } | EventKind::TimerFired => match next {
            Some(EventKind::Woken { .. }) => 0,
            _ => 10,
        },
        EventKind::Spawned { .. } | EventKind::Woken { .. } => 12,
        EventKind::PollEnded { ready: true, .. } => 0,
        // A paused clock advances without a park.
        EventKind::PollEnded { ready: false, .. } | EventKind::Unparked => {
            6 + 3 * long(Duration::from_micros(100)).min(20)
        }
        _ => 10,
    }
}

fn overview(run: &Run<'_>) -> Axis {
    let gaps: Vec<u128> =
        (0..run.end()).map(|place| run.between(place, place + 1).as_nanos()).collect();
    // Each round shortens the longest gaps, and so also what they are a part of.
    let mut longest = u128::MAX;
    let with_cuts = |longest: u128| gaps.iter().map(|gap| *gap.min(&longest)).sum::<u128>();
    for _ in 0..GAPS {
        longest = longest.min((with_cuts(longest) / GAPS).max(1));
    }
    let total = with_cuts(longest);
    let half = OVERVIEW / 2;
    let mut passed: u128 = 0;
    let mut x = Vec::with_capacity(gaps.len() + 1);
    for place in 0..=gaps.len() {
        let share = passed * half as u128 / total.max(1);
        x.push(usize::try_from(share).unwrap_or(half) + place * half / gaps.len().max(1));
        passed += gaps.get(place).map_or(0, |gap| *gap.min(&longest));
    }
    let cuts = (0..gaps.len()).filter(|place| gaps[*place] > longest).collect();
    Axis { x, is_steps: false, cuts }
}
