//! A source in the reactor: what it may be ready for, and the tasks that wait for it.
//!
//! ```text
//!                       mio's event
//!       not ready ────────────────────▶ may be ready        for each direction
//!           ▲                                │
//!           └──── the OS said "would block" ─┘
//!                 or did less than was requested
//! ```

use std::{cell::Cell, rc::Rc, task::Waker};

use mio::event::Event;

use super::waiters::{WaiterId, Waiters};
use crate::id::{Direction, Readiness, SourceId, TaskId};

pub(super) struct Source {
    id: SourceId,
    /// What it may be ready for.
    ready: Cell<Readiness>,
    readers: Waiters,
    writers: Waiters,
    /// A task has waited with a waker that is not kept.
    has_others: Cell<bool>,
    /// It is in the reactor's list of the sources that were woken.
    is_listed: Cell<bool>,
    /// How many wakers the sources of this reactor keep that are idle.
    idle_wakers: Rc<Cell<usize>>,
}

impl Source {
    pub(super) fn new(id: SourceId, idle_wakers: Rc<Cell<usize>>) -> Source {
        Source {
            id,
            ready: Cell::new(Readiness::NONE),
            readers: Waiters::new(),
            writers: Waiters::new(),
            has_others: Cell::new(false),
            is_listed: Cell::new(false),
            idle_wakers,
        }
    }

    pub(super) fn id(&self) -> SourceId {
        self.id
    }

    #[inline]
    fn waiters(&self, direction: Direction) -> &Waiters {
        match direction {
            Direction::Read => &self.readers,
            Direction::Write => &self.writers,
        }
    }

    // The waits of one direction, see `Waiters`.

    pub(super) fn wait(
        &self,
        direction: Direction,
        id: &Cell<WaiterId>,
        waker: &Waker,
    ) -> Option<TaskId> {
        let other = self.waiters(direction).insert(id, waker, &self.idle_wakers);
        self.note_others(direction);
        other
    }

    fn note_others(&self, direction: Direction) {
        if self.waiters(direction).has_others() {
            self.has_others.set(true);
        }
    }

    #[inline]
    pub(super) fn wait_again(
        &self,
        direction: Direction,
        id: &Cell<WaiterId>,
        waker: &Waker,
    ) -> bool {
        self.waiters(direction).insert_again(id, waker, &self.idle_wakers)
    }

    pub(super) fn wait_polled(
        &self,
        direction: Direction,
        waker: &Waker,
    ) -> (bool, Option<TaskId>) {
        let replaced = self.waiters(direction).insert_polled(waker);
        self.note_others(direction);
        replaced
    }

    pub(super) fn end_wait(
        &self,
        direction: Direction,
        id: WaiterId,
    ) -> Option<(Waker, Option<TaskId>)> {
        self.waiters(direction).remove(id)
    }

    pub(super) fn end_polled(&self, direction: Direction, task: TaskId) -> Option<Waker> {
        self.waiters(direction).remove_polled(task)
    }

    /// Wakes the first waiter, if it is the only one, and no observer is called with it.
    #[inline]
    pub(super) fn wake_first(&self, direction: Direction) {
        self.waiters(direction).wake_first(&self.idle_wakers);
    }

    /// Wakes all that wait for the direction, with nothing borrowed.
    pub(super) fn wake_all(&self, direction: Direction) {
        self.waiters(direction).wake_all();
    }

    /// Says whether a wake only calls wakers of our executor: it runs no code of the user.
    #[inline]
    pub(super) fn has_own_wakers_only(&self) -> bool {
        !self.has_others.get()
    }

    pub(super) fn for_each_task(&self, direction: Direction, f: &mut dyn FnMut(TaskId)) {
        self.waiters(direction).for_each_task(f);
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.readers.is_empty() || !self.writers.is_empty()
    }

    /// Notes that it is in the list of the woken sources. True if it was not.
    #[inline]
    pub(super) fn set_listed(&self) -> bool {
        !self.is_listed.replace(true)
    }

    /// Drops the kept wakers that are idle, and returns their tasks. The source is out of the list of
    /// the woken ones.
    pub(super) fn drop_idle(&self) -> [Option<TaskId>; 2] {
        self.is_listed.set(false);
        Direction::BOTH.map(|it| self.waiters(it).drop_idle(&self.idle_wakers))
    }

    /// Ends all waits without a wake.
    pub(super) fn clear(&self) {
        for direction in Direction::BOTH {
            self.waiters(direction).clear(&self.idle_wakers);
        }
    }

    // What it may be ready for.

    #[inline]
    pub(super) fn readiness(&self) -> Readiness {
        self.ready.get()
    }

    /// Stores the readiness of an event.
    #[inline]
    pub(super) fn set_ready(&self, readiness: Readiness) {
        self.ready.set(self.ready.get().with(readiness));
    }

    /// Says whether a report has come, and takes it.
    pub(super) fn take_report(&self, report: Readiness) -> bool {
        let ready = self.ready.get();
        self.ready.set(ready.without(report));
        ready.has(report)
    }

    /// Notes that the OS answered "would block". That is the state now, so it also outdates an end
    /// that was reported.
    #[cold]
    pub(super) fn would_block(&self, direction: Direction) {
        let over = Readiness::of(direction).with(Readiness::stops_short(direction));
        self.ready.set(self.ready.get().without(over));
    }

    /// Notes that a stream did less than it was asked for. That has drained it, unless it may have
    /// stopped short for another reason.
    #[inline]
    pub(super) fn drained(&self, direction: Direction) {
        let ready = self.ready.get();
        if !ready.has_any(Readiness::stops_short(direction)) {
            self.ready.set(ready.without(Readiness::of(direction)));
        }
    }
}

/// Translates mio's event.
#[inline]
pub(super) fn readiness_of(event: &Event) -> Readiness {
    let mut readiness = Readiness::NONE;
    if event.is_readable() {
        readiness = readiness.with(Readiness::READ);
    }
    if event.is_writable() {
        readiness = readiness.with(Readiness::WRITE);
    }
    let rare = event.is_error()
        || event.is_priority()
        || event.is_read_closed()
        || event.is_write_closed();
    if rare { with_rare(readiness, event) } else { readiness }
}

/// A half that is closed is ready: the next operation reports the end or the error. `RDHUP`, where
/// the peer has only closed its own half, says nothing about writing.
#[cold]
fn with_rare(mut readiness: Readiness, event: &Event) -> Readiness {
    if event.is_read_closed() {
        readiness = readiness.with(Readiness::READ).with(Readiness::READ_CLOSED);
    }
    if event.is_write_closed() {
        readiness = readiness.with(Readiness::WRITE).with(Readiness::WRITE_CLOSED);
    }
    if event.is_priority() {
        let urgent = Readiness::URGENT.with(Readiness::PRIORITY);
        readiness = readiness.with(Readiness::READ).with(urgent);
    }
    if event.is_error() {
        let both = Readiness::READ.with(Readiness::WRITE);
        readiness = readiness.with(both).with(Readiness::ERROR);
    }
    readiness
}
