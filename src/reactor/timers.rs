//! The timers of a reactor as plain data: a heap of deadlines, and the waker of each timer.
//!
//! The heap answers one question: which deadline is next? The wakers are in a slab. A
//! timer that is cancelled leaves the slab at once and is not searched for in the heap; its entry
//! there finds nothing when it comes up. When the heap has more such entries than live ones, they
//! are swept out together, so a cancelled timer costs a constant share and leaves nothing behind.

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    mem,
    panic::Location,
    rc::Rc,
    task::Waker,
    time::Instant,
};

use crate::{
    current,
    id::TaskId,
    slab::{Key, Slab},
    trace::{Cause, EventKind, Tracer},
    user_code,
};

/// A heap this small is not worth sweeping.
const SWEEP_ABOVE: usize = 64;

pub(crate) struct Timers {
    waiting: RefCell<Slab<Timer>>,
    deadlines: RefCell<BinaryHeap<Reverse<Deadline>>>,
    /// The number of the next deadline.
    next: Cell<u64>,
    /// How many have fired.
    fired: Cell<u64>,
    tracer: Rc<Tracer>,
}

struct Timer {
    /// The deadline that counts. Other entries of the heap are from before a reset.
    number: u64,
    /// `None` is never.
    at: Option<Instant>,
    waker: Waker,
    /// The task that was polled when the timer was set.
    task: Option<TaskId>,
}

/// An entry of the heap, ordered by time; those of the same time by the order in which they were
/// set.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Instant,
    number: u64,
    timer: Key,
}

impl Timers {
    pub(super) fn new(tracer: Rc<Tracer>) -> Timers {
        Timers {
            waiting: RefCell::new(Slab::new()),
            deadlines: RefCell::new(BinaryHeap::new()),
            next: Cell::new(0),
            fired: Cell::new(0),
            tracer,
        }
    }

    /// Returns how many have fired.
    pub(super) fn fired(&self) -> u64 {
        self.fired.get()
    }

    /// Says whether no timer is set.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.borrow().len() == 0
    }

    /// Sets a timer; `None` is one that never fires, but can be reset. The waker is a clone of
    /// the caller's own, for a clone may be user code.
    #[inline]
    pub(crate) fn insert(&self, at: Option<Instant>, waker: Waker) -> Key {
        let number = self.next_number();
        let timer = Timer { number, at, waker, task: current::task() };
        let key = self.waiting.borrow_mut().insert(timer);
        self.push(key, number, at);
        key
    }

    fn next_number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    #[inline]
    fn push(&self, timer: Key, number: u64, at: Option<Instant>) {
        if let Some(at) = at {
            self.deadlines.borrow_mut().push(Reverse(Deadline { at, number, timer }));
        }
    }

    /// Moves a timer's deadline. `location` is that of the call that asks for it.
    #[inline]
    pub(crate) fn reset(&self, key: Key, at: Option<Instant>, location: &'static Location) {
        let number = self.next_number();
        let old = self.waiting.borrow_mut().get_mut(key).map(|timer| {
            timer.number = number;
            (timer.task, mem::replace(&mut timer.at, at))
        });
        self.push(key, number, at);
        self.sweep();
        if let Some((task, old)) = old {
            self.tracer.emit(task, || EventKind::TimerDropped { deadline: old });
            self.report_set(task, at, location);
        }
    }

    /// Reports that a task waits for a timer.
    #[inline]
    pub(crate) fn report_set(
        &self,
        task: Option<TaskId>,
        deadline: Option<Instant>,
        location: &'static Location,
    ) {
        self.tracer.emit(task, || EventKind::TimerSet { deadline, location });
    }

    /// Says whether the timer has fired. If not, `waker` is called when it does. `location` is that of
    /// the call that set it.
    #[inline]
    pub(crate) fn poll(&self, key: Key, waker: &Waker, location: &'static Location) -> bool {
        match self.waiting.borrow().get(key) {
            None => return true,
            Some(timer) if timer.waker.will_wake(waker) => return false,
            Some(_) => {}
        }
        self.replace_waker(key, waker.clone(), location);
        false
    }

    /// The clone of the new waker, and the drop of the old one, may be user code: nothing is borrowed
    /// meanwhile.
    fn replace_waker(&self, key: Key, mut waker: Waker, location: &'static Location) {
        let (new, mut old) = (current::task(), None);
        if let Some(timer) = self.waiting.borrow_mut().get_mut(key) {
            mem::swap(&mut timer.waker, &mut waker);
            old = Some((mem::replace(&mut timer.task, new), timer.at));
        }
        drop(waker);
        if let Some((old, deadline)) = old.filter(|(old, _)| *old != new) {
            self.tracer.emit(old, || EventKind::TimerDropped { deadline });
            self.report_set(new, deadline, location);
        }
    }

    /// Says whether the timer is set and has not fired yet.
    pub(crate) fn is_set(&self, key: Key) -> bool {
        self.waiting.borrow().get(key).is_some()
    }

    /// Removes a timer.
    #[inline]
    pub(crate) fn cancel(&self, key: Key) {
        let timer = self.waiting.borrow_mut().remove(key);
        self.sweep();
        if let Some(timer) = timer {
            self.tracer.emit(timer.task, || EventKind::TimerDropped { deadline: timer.at });
        }
    }

    /// Gives the memory of a crowd of timers that are gone back.
    #[inline]
    pub(super) fn shrink(&self) {
        self.waiting.borrow_mut().shrink();
    }

    /// Sweeps the entries out of the heap that find nothing, when they are the most.
    #[inline]
    fn sweep(&self) {
        let timers = self.waiting.borrow();
        let mut deadlines = self.deadlines.borrow_mut();
        if deadlines.len() > SWEEP_ABOVE + 2 * timers.len() {
            deadlines.retain(|Reverse(entry)| is_live(&timers, entry));
            if deadlines.capacity() > 4 * (SWEEP_ABOVE + deadlines.len()) {
                deadlines.shrink_to(SWEEP_ABOVE + 2 * timers.len());
            }
        }
    }

    /// Calls `f` with each task that waits, and the deadline, if there is one.
    pub(super) fn for_each_task(&self, f: &mut dyn FnMut(TaskId, Option<Instant>)) {
        for (_, timer) in self.waiting.borrow().iter() {
            if let Some(task) = timer.task {
                f(task, timer.at);
            }
        }
    }

    /// Returns the task and the [`Waker::data`] of each timer that never fires.
    pub(super) fn never(&self) -> Vec<(Option<TaskId>, *const ())> {
        let waiting = self.waiting.borrow();
        let never = waiting.iter().filter(|(_, timer)| timer.at.is_none());
        never.map(|(_, timer)| (timer.task, timer.waker.data())).collect()
    }

    /// Returns the next deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let timers = self.waiting.borrow();
        let mut deadlines = self.deadlines.borrow_mut();
        while let Some(Reverse(entry)) = deadlines.peek() {
            if is_live(&timers, entry) {
                return Some(entry.at);
            }
            deadlines.pop();
        }
        None
    }

    /// Fires the timers whose deadline has come, in the order of the deadlines.
    pub(super) fn fire(&self, now: Instant) {
        while let Some(timer) = self.pop_expired(now) {
            self.fired.set(self.fired.get() + 1);
            let _cause = current::with_cause(Cause::Timer);
            self.tracer.emit(timer.task, || EventKind::TimerFired);
            user_code::wake(timer.waker);
        }
    }

    fn pop_expired(&self, now: Instant) -> Option<Timer> {
        let mut timers = self.waiting.borrow_mut();
        let mut deadlines = self.deadlines.borrow_mut();
        while deadlines.peek().is_some_and(|Reverse(entry)| entry.at <= now) {
            let Reverse(entry) = deadlines.pop()?;
            if is_live(&timers, &entry) {
                return timers.remove(entry.timer);
            }
        }
        None
    }

    /// Calls all wakers, because the reactor closes: no timer will ever fire.
    pub(super) fn close(&self) {
        *self.deadlines.borrow_mut() = BinaryHeap::new();
        let keys: Vec<Key> = self.waiting.borrow().iter().map(|(key, _)| key).collect();
        for key in keys {
            // One by one, for a wake may be user code, which may set and cancel timers.
            let timer = self.waiting.borrow_mut().remove(key);
            if let Some(Timer { task, at, waker, .. }) = timer {
                self.tracer.emit(task, || EventKind::TimerDropped { deadline: at });
                user_code::wake(waker);
            }
        }
    }
}

/// Says whether an entry of the heap still counts: its timer is there, and was not reset.
fn is_live(timers: &Slab<Timer>, entry: &Deadline) -> bool {
    timers.get(entry.timer).is_some_and(|timer| timer.number == entry.number)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    fn timers() -> Timers {
        Timers::new(Rc::new(Tracer::new(None, Rc::new(Clock::new(false)))))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[test]
    fn a_million_timers_made_and_cancelled_leave_nothing() {
        let timers = timers();
        let soon = Some(soon());
        let stays = timers.insert(soon, Waker::noop().clone());
        for _ in 0..1_000_000 {
            let key = timers.insert(soon, Waker::noop().clone());
            timers.cancel(key);
        }
        assert_eq!(timers.waiting.borrow().len(), 1);
        assert!(timers.deadlines.borrow().len() <= SWEEP_ABOVE + 3);
        assert!(!timers.poll(stays, Waker::noop(), Location::caller()));
    }

    #[test]
    fn a_million_resets_leave_one_deadline() {
        let timers = timers();
        let soon = soon();
        let key = timers.insert(None, Waker::noop().clone());
        for _ in 0..1_000_000 {
            timers.reset(key, Some(soon), Location::caller());
        }
        assert!(timers.deadlines.borrow().len() <= SWEEP_ABOVE + 3);
        assert_eq!(timers.next_deadline(), Some(soon));
    }

    /// While the executor goes away, a drop may set a timer, and another one cancel its own.
    #[test]
    fn a_timer_from_before_the_end_touches_none_from_after_it() {
        let timers = timers();
        let old = timers.insert(None, Waker::noop().clone());
        timers.close();
        assert!(timers.is_empty() && !timers.is_set(old));
        let new = timers.insert(None, Waker::noop().clone());
        timers.cancel(old);
        assert!(timers.is_set(new));
    }
}
