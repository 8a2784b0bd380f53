//! Who keeps the others waiting: what the lints remember of each task.

use std::{cell::RefCell, time::Duration};

use crate::{id::TaskId, slots::Beside};

/// How long a poll may take before the lint warns, unless the builder says otherwise. It is what a
/// person notices.
const SLOW_POLL: Duration = Duration::from_millis(100);

/// A task is not taken for a busy loop before so many polls.
const POLLS_TO_JUDGE: u32 = 64;

/// What the lints remember. They are there if somebody asked for them.
pub(crate) struct Lints {
    pub(crate) slow_poll: Duration,
    /// The tasks that have woken themselves at least once, until they end.
    tasks: RefCell<Beside<SelfWakes>>,
}

#[derive(Default)]
struct SelfWakes {
    polls: u32,
    /// How many of these polls ended with the task in the queue again.
    woken: u32,
    warned: bool,
}

impl Lints {
    pub(crate) fn new(slow_poll: Option<Duration>) -> Lints {
        let slow_poll = slow_poll.unwrap_or(SLOW_POLL);
        Lints { slow_poll, tasks: RefCell::new(Beside::new()) }
    }

    /// Counts a poll. True if it is time to warn, which is once.
    pub(crate) fn wakes_itself(&self, id: TaskId, woken: bool) -> bool {
        let mut tasks = self.tasks.borrow_mut();
        if woken && tasks.get(id.0).is_none() {
            tasks.insert(id.0, SelfWakes::default());
        }
        let Some(task) = tasks.get_mut(id.0) else { return false };
        task.polls = task.polls.saturating_add(1);
        task.woken = task.woken.saturating_add(u32::from(woken));
        let often = task.polls >= POLLS_TO_JUDGE && task.woken > task.polls / 2;
        often && !std::mem::replace(&mut task.warned, true)
    }

    /// Forgets a task that has ended.
    pub(crate) fn forget(&self, id: TaskId) {
        self.tasks.borrow_mut().remove(id.0);
    }
}
