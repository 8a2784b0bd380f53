//! The tasks that wait for one direction of one source.
//!
//! Optimisation: most of the time one task waits, and it is the same task again and again. So the first
//! waiter has its own slot, and keeps its waker from one wait to the next. That saves a clone and a drop
//! each time, 38 of about 1,050 instructions of an order. Only the polled task's own waker is
//! kept (see [`current::is_own`]): its clone, wake and drop run no code of the user. When the loop
//! is about to sleep, kept wakers that are idle are dropped, so that the executor can see whether
//! anything still holds a task's waker.
//!
//! All waiters of a direction are woken. Only polls without a future, as in the traits of
//! `futures-io`, share one slot, and the last one counts: that is the contract of such traits.

use std::{
    cell::{Cell, OnceCell, RefCell},
    task::Waker,
};

use crate::{current, id::TaskId, user_code};

/// Names one wait for one direction of one source; 0 is none. Later waits have higher numbers.
pub(crate) type WaiterId = u64;

/// The waiters of one direction.
pub(super) struct Waiters {
    /// The wait of the first waiter, or 0 while it is idle.
    first: Cell<WaiterId>,
    /// The task that was polled when that wait began.
    task: Cell<Option<TaskId>>,
    /// The waker of the first waiter. It may stay here while it is idle.
    kept: RefCell<Option<Waker>>,
    /// Everything else. Most sources never need it.
    others: OnceCell<Box<RefCell<Others>>>,
    /// The number of the latest wait.
    latest: Cell<WaiterId>,
}

#[derive(Default)]
struct Others {
    /// In the order of their numbers. A waiter that is removed leaves its entry without a waker.
    waiters: Vec<Waiter>,
    /// How many of them have a waker.
    count: usize,
    /// The slot of polls without a future.
    slot: Option<Waiter>,
}

struct Waiter {
    id: WaiterId,
    waker: Option<Waker>,
    /// The task that was polled when the wait began.
    task: Option<TaskId>,
}

impl Waiters {
    pub(super) const fn new() -> Waiters {
        Waiters {
            first: Cell::new(0),
            task: Cell::new(None),
            kept: RefCell::new(None),
            others: OnceCell::new(),
            latest: Cell::new(0),
        }
    }

    /// Says whether no task waits.
    pub(super) fn is_empty(&self) -> bool {
        self.first.get() == 0 && self.others.get().is_none_or(|others| others.borrow().is_empty())
    }

    /// Says whether a task ever waited here with a waker that is not kept.
    pub(super) fn has_others(&self) -> bool {
        self.others.get().is_some()
    }

    fn others(&self) -> &RefCell<Others> {
        self.others.get_or_init(Box::default)
    }

    fn next_id(&self) -> WaiterId {
        let id = self.latest.get() + 1;
        self.latest.set(id);
        id
    }

    /// Optimisation: begins a wait with the waker that is kept and idle. False if that is another one.
    #[inline]
    pub(super) fn insert_again(
        &self,
        id: &Cell<WaiterId>,
        waker: &Waker,
        idle: &Cell<usize>,
    ) -> bool {
        if id.get() != 0 || self.first.get() != 0 {
            return false;
        }
        if !self.kept.borrow().as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            return false;
        }
        idle.set(idle.get() - 1);
        self.begin_first(id);
        true
    }

    #[inline]
    fn begin_first(&self, id: &Cell<WaiterId>) {
        let new = self.next_id();
        id.set(new);
        self.first.set(new);
    }

    /// Begins a wait, or continues the wait `id` if the task has not been woken since. `idle`
    /// counts the kept wakers that are idle. Returns the task whose wait it was, if that was another.
    pub(super) fn insert(
        &self,
        id: &Cell<WaiterId>,
        waker: &Waker,
        idle: &Cell<usize>,
    ) -> Option<TaskId> {
        if id.get() == 0 && self.first.get() == 0 && current::is_own(waker) {
            match &mut *self.kept.borrow_mut() {
                Some(kept) => {
                    idle.set(idle.get() - 1);
                    // Both are wakers of our executor: a clone and a drop run no code of the user.
                    kept.clone_from(waker);
                }
                kept => *kept = Some(waker.clone()),
            }
            self.begin_first(id);
            self.task.set(current::task());
            None
        } else {
            self.insert_other(id, waker, idle)
        }
    }

    fn insert_other(
        &self,
        id: &Cell<WaiterId>,
        waker: &Waker,
        idle: &Cell<usize>,
    ) -> Option<TaskId> {
        if id.get() != 0 {
            if self.is_waiting(id.get(), waker) {
                return None;
            }
            let task = self.remove(id.take()).and_then(|(_, task)| task);
            self.insert(id, waker, idle);
            return task.filter(|_| task != current::task());
        }
        // The clone may be user code: nothing is borrowed.
        let (waker, task) = (Some(waker.clone()), current::task());
        id.set(self.next_id());
        let mut others = self.others().borrow_mut();
        others.waiters.push(Waiter { id: id.get(), waker, task });
        others.count += 1;
        None
    }

    /// Says whether the wait continues, with a waker that does the same.
    fn is_waiting(&self, id: WaiterId, waker: &Waker) -> bool {
        if id == self.first.get() {
            return self.kept.borrow().as_ref().is_some_and(|kept| kept.will_wake(waker));
        }
        let Some(others) = self.others.get() else { return false };
        let others = others.borrow();
        let kept = others.find(id).and_then(|waiter| waiter.waker.as_ref());
        kept.is_some_and(|kept| kept.will_wake(waker))
    }

    /// Ends a wait, and returns the waker and the task. The caller drops the waker, with nothing borrowed.
    pub(super) fn remove(&self, id: WaiterId) -> Option<(Waker, Option<TaskId>)> {
        if id == self.first.get() {
            self.first.set(0);
            return self.kept.take().map(|waker| (waker, self.task.get()));
        }
        self.others.get()?.borrow_mut().remove(id)
    }

    /// Puts a waker into the slot of polls without a future. True if the slot was not this task's
    /// before; then with the task whose slot it was.
    pub(super) fn insert_polled(&self, waker: &Waker) -> (bool, Option<TaskId>) {
        let task = current::task();
        let is_kept = |it: &Waiter| {
            it.task == task && it.waker.as_ref().is_some_and(|kept| kept.will_wake(waker))
        };
        if self.others().borrow().slot.as_ref().is_some_and(is_kept) {
            return (false, None);
        }
        let new = Waiter { id: 0, waker: Some(waker.clone()), task };
        let old = self.others().borrow_mut().slot.replace(new);
        // The old waker is dropped here, with nothing borrowed.
        let old = old.map(|old| old.task);
        let is_new = old != Some(task);
        (is_new, old.flatten().filter(|_| is_new))
    }

    /// Takes a task out of the slot of polls. The caller drops the waker.
    pub(super) fn remove_polled(&self, task: TaskId) -> Option<Waker> {
        let mut others = self.others.get()?.borrow_mut();
        others.slot.take_if(|waiter| waiter.task == Some(task))?.waker
    }

    /// Optimisation: ends the wait of the first waiter, where no observer is called with it. Then the wake
    /// runs no code of the user, and the waker stays where it is.
    #[inline]
    pub(super) fn wake_first(&self, idle: &Cell<usize>) {
        if self.first.get() != 0 {
            self.first.set(0);
            // Mutably, which costs less than a shared borrow.
            if let Some(waker) = &*self.kept.borrow_mut() {
                waker.wake_by_ref();
                idle.set(idle.get() + 1);
            }
        }
    }

    /// Ends all waits, and calls their wakers with nothing borrowed. A wait that begins meanwhile is
    /// not among them.
    #[cold]
    pub(super) fn wake_all(&self) {
        if self.first.replace(0) != 0 {
            self.kept.take().into_iter().for_each(user_code::wake);
        }
        let others = self.others.get().map(|others| others.take());
        others.into_iter().flat_map(Others::into_wakers).for_each(user_code::wake);
    }

    /// Drops the kept waker if it is idle, and returns its task.
    pub(super) fn drop_idle(&self, idle: &Cell<usize>) -> Option<TaskId> {
        if self.first.get() != 0 {
            return None;
        }
        drop(self.kept.take()?);
        idle.set(idle.get() - 1);
        self.task.take()
    }

    /// Ends all waits without a wake, and drops their wakers, with nothing borrowed.
    pub(super) fn clear(&self, idle: &Cell<usize>) {
        let kept = self.kept.take();
        if self.first.take() == 0 && kept.is_some() {
            idle.set(idle.get() - 1);
        }
        // A waker of our executor, whose drop runs no code of the user.
        drop(kept);
        let Some(others) = self.others.get() else { return };
        for waker in others.take().into_wakers() {
            user_code::drop("a waker that waited for a socket", waker);
        }
    }

    /// Calls `f` with the task of each waiter that has one.
    pub(super) fn for_each_task(&self, f: &mut dyn FnMut(TaskId)) {
        if self.first.get() != 0 {
            self.task.get().into_iter().for_each(&mut *f);
        }
        if let Some(others) = self.others.get() {
            let others = others.borrow();
            let waiting = others.waiters.iter().chain(&others.slot);
            waiting.filter(|it| it.waker.is_some()).filter_map(|it| it.task).for_each(f);
        }
    }
}

impl Others {
    fn is_empty(&self) -> bool {
        self.count == 0 && self.slot.is_none()
    }

    fn into_wakers(self) -> impl Iterator<Item = Waker> {
        self.waiters.into_iter().chain(self.slot).filter_map(|waiter| waiter.waker)
    }

    fn find(&self, id: WaiterId) -> Option<&Waiter> {
        let index = self.waiters.binary_search_by_key(&id, |waiter| waiter.id).ok()?;
        self.waiters.get(index)
    }

    fn remove(&mut self, id: WaiterId) -> Option<(Waker, Option<TaskId>)> {
        let index = self.waiters.binary_search_by_key(&id, |waiter| waiter.id).ok()?;
        let task = self.waiters[index].task;
        let waker = self.waiters[index].waker.take()?;
        self.count -= 1;
        // Swept together, so that each removal costs a constant share.
        if self.waiters.len() > 2 * self.count + 8 {
            self.waiters.retain(|waiter| waiter.waker.is_some());
        }
        Some((waker, task))
    }
}
