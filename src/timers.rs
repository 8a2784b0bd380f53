//! The timers of one executor as plain data: a heap of deadlines, and who waits for each.
//!
//! The heap answers one question: which deadline is next? The waiters stand beside it in a slab.
//! A timer that is cancelled leaves the slab at once and is not looked for in the heap; its entry
//! there finds nobody when it comes up. When the heap has more such entries than live ones, they
//! are swept out together, so a cancelled timer costs a constant share and leaves nothing behind.
//!
//! Time is counted in nanoseconds since the executor was made: 64 bits last for 584 years.
//!
//! What only [`time`](crate::time) calls is `#[inline]`, and compiled with it.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    rc::Rc,
    task::Waker,
    time::{Duration, Instant},
};

use crate::{
    clock::Clock,
    foreign,
    home::Home,
    id::TaskId,
    slots::{Key, Slots},
    table::WaitsFor,
    trace::{Cause, EventKind},
};

/// A heap this small is not worth sweeping.
const SWEEP_ABOVE: usize = 64;

/// A deadline that never comes.
const NEVER: u64 = u64::MAX;

pub(crate) struct Timers {
    clock: Rc<Clock>,
    waiting: RefCell<Slots<Option<Timer>>>,
    deadlines: RefCell<BinaryHeap<Reverse<Deadline>>>,
    /// The number of the next deadline.
    next: Cell<u64>,
}

struct Timer {
    /// The deadline that counts. Another entry in the heap is one from before a reset.
    number: u64,
    at: u64,
    waker: Waker,
    /// The task that was running when it was set, for who asks what it waits for.
    task: Option<TaskId>,
}

/// An entry in the heap, ordered by time; those of the same time by who came first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: u64,
    number: u64,
    timer: Key,
}

impl Timers {
    pub(crate) fn new(clock: Rc<Clock>) -> Timers {
        Timers {
            clock,
            waiting: RefCell::new(Slots::new()),
            deadlines: RefCell::new(BinaryHeap::new()),
            next: Cell::new(0),
        }
    }

    /// Whether there is no timer at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().len() == 0
    }

    fn nanos(&self, at: Option<Instant>) -> u64 {
        at.map_or(NEVER, |at| {
            let since = at.saturating_duration_since(self.clock.start());
            u64::try_from(since.as_nanos()).unwrap_or(NEVER)
        })
    }

    /// Sets a timer; `None` is one that never fires, but can be reset. The waker is a clone of
    /// the caller's own, for cloning is foreign code.
    #[inline]
    pub(crate) fn insert(&self, at: Option<Instant>, waker: Waker, task: Option<TaskId>) -> Key {
        let (number, at) = (self.number(), self.nanos(at));
        let timer = Timer { number, at, waker, task };
        let key = self.waiting.borrow_mut().insert(timer);
        self.push(key, number, at);
        key
    }

    fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    #[inline]
    fn push(&self, timer: Key, number: u64, at: u64) {
        if at != NEVER {
            self.deadlines.borrow_mut().push(Reverse(Deadline { at, number, timer }));
        }
    }

    /// Moves a timer's deadline.
    #[inline]
    pub(crate) fn reset(&self, key: Key, at: Option<Instant>) {
        let (number, at) = (self.number(), self.nanos(at));
        if let Some(Some(timer)) = self.waiting.borrow_mut().get_mut(key) {
            (timer.number, timer.at) = (number, at);
        }
        self.push(key, number, at);
        self.sweep();
    }

    /// Whether the timer has fired. If not, `waker` is woken when it does.
    #[inline]
    pub(crate) fn poll(&self, key: Key, waker: &Waker) -> bool {
        match self.waiting.borrow().get(key) {
            None => return true,
            Some(Some(timer)) if timer.waker.will_wake(waker) => return false,
            Some(_) => {}
        }
        // The clone, and the drop of the old waker, may be foreign code: nothing is borrowed.
        let mut waker = waker.clone();
        if let Some(Some(timer)) = self.waiting.borrow_mut().get_mut(key) {
            std::mem::swap(&mut timer.waker, &mut waker);
        }
        false
    }

    /// Whether the timer is set and has not fired yet.
    pub(crate) fn is_set(&self, key: Key) -> bool {
        self.waiting.borrow().get(key).is_some()
    }

    /// Forgets a timer.
    #[inline]
    pub(crate) fn cancel(&self, key: Key) {
        let timer = self.waiting.borrow_mut().remove(key);
        self.sweep();
        drop(timer);
    }

    /// Sweeps the entries out that find nobody, when they are the most.
    #[inline]
    fn sweep(&self) {
        let timers = self.waiting.borrow();
        let mut deadlines = self.deadlines.borrow_mut();
        if deadlines.len() > SWEEP_ABOVE + 2 * timers.len() {
            deadlines.retain(|Reverse(entry)| is_live(&timers, entry));
        }
    }

    /// Tells which task waits, and for how long yet.
    pub(crate) fn tell_waits(&self, tell: &mut dyn FnMut(TaskId, WaitsFor)) {
        let now = self.nanos(Some(self.clock.now()));
        for (_, timer) in self.waiting.borrow().iter() {
            if let Some(Timer { task: Some(task), at, .. }) = timer {
                let left = Duration::from_nanos(at.saturating_sub(now));
                tell(*task, WaitsFor::Timer((*at != NEVER).then_some(left)));
            }
        }
    }

    /// The [`Waker::data`] of all who wait.
    pub(crate) fn wakers(&self) -> Vec<*const ()> {
        let mut wakers = Vec::new();
        for (_, timer) in self.waiting.borrow().iter() {
            if let Some(timer) = timer {
                wakers.push(timer.waker.data());
            }
        }
        wakers
    }

    /// The next deadline, if there is one.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let timers = self.waiting.borrow();
        let mut deadlines = self.deadlines.borrow_mut();
        while let Some(Reverse(entry)) = deadlines.peek() {
            if is_live(&timers, entry) {
                return self.clock.start().checked_add(Duration::from_nanos(entry.at));
            }
            deadlines.pop();
        }
        None
    }

    /// Fires what is due, in the order of the deadlines.
    pub(crate) fn fire(&self, home: &Home) {
        if self.is_empty() {
            return;
        }
        let now = self.nanos(Some(self.clock.now()));
        while let Some(timer) = self.pop_due(now) {
            let _running = home.turn.enter(Cause::Timer);
            home.tracer.emit(timer.task, || EventKind::TimerFired);
            foreign::wake(timer.waker);
        }
    }

    fn pop_due(&self, now: u64) -> Option<Timer> {
        let mut timers = self.waiting.borrow_mut();
        let mut deadlines = self.deadlines.borrow_mut();
        while deadlines.peek().is_some_and(|Reverse(entry)| entry.at <= now) {
            let Some(Reverse(entry)) = deadlines.pop() else {
                break;
            };
            if is_live(&timers, &entry) {
                return timers.remove(entry.timer);
            }
        }
        None
    }

    /// Wakes whoever waits for a timer of an executor that goes away: no timer will ever fire.
    pub(crate) fn close(&self) {
        *self.deadlines.borrow_mut() = BinaryHeap::new();
        let mut keys = Vec::new();
        for (key, _) in self.waiting.borrow().iter() {
            keys.push(key);
        }
        for key in keys {
            // One by one, for a wake may be foreign code, which may set and cancel timers.
            let timer = self.waiting.borrow_mut().remove(key);
            if let Some(timer) = timer {
                foreign::wake(timer.waker);
            }
        }
    }
}

/// Whether an entry of the heap still counts: its timer is there, and was not reset.
fn is_live(timers: &Slots<Option<Timer>>, entry: &Deadline) -> bool {
    matches!(timers.get(entry.timer), Some(Some(timer)) if timer.number == entry.number)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_million_timers_made_and_cancelled_leave_nothing() {
        let timers = Timers::new(Rc::new(Clock::new(true)));
        let soon = timers.clock.now() + Duration::from_secs(1);
        let stays = timers.insert(Some(soon), Waker::noop().clone(), None);
        for _ in 0..1_000_000 {
            let key = timers.insert(Some(soon), Waker::noop().clone(), None);
            timers.cancel(key);
        }
        assert_eq!(timers.waiting.borrow().len(), 1);
        assert!(timers.deadlines.borrow().len() <= SWEEP_ABOVE + 3);
        assert!(!timers.poll(stays, Waker::noop()));
    }

    #[test]
    fn a_million_resets_leave_one_deadline() {
        let timers = Timers::new(Rc::new(Clock::new(true)));
        let soon = timers.clock.now() + Duration::from_secs(1);
        let key = timers.insert(None, Waker::noop().clone(), None);
        for _ in 0..1_000_000 {
            timers.reset(key, Some(soon));
        }
        assert!(timers.deadlines.borrow().len() <= SWEEP_ABOVE + 3);
        assert_eq!(timers.next_deadline(), Some(soon));
    }

    /// While the executor goes away, a drop may set a timer, and another one cancel its own.
    #[test]
    fn a_timer_from_before_the_end_touches_none_from_after_it() {
        let timers = Timers::new(Rc::new(Clock::new(true)));
        let old = timers.insert(None, Waker::noop().clone(), None);
        timers.close();
        assert!(timers.is_empty() && !timers.is_set(old));
        let new = timers.insert(None, Waker::noop().clone(), None);
        timers.cancel(old);
        assert!(timers.is_set(new));
    }
}
