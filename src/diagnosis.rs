//! Why is nothing happening? What the executor can say by itself.
//!
//! It owns all tasks and knows all sockets and timers. It can count who else holds a task's waker,
//! and it knows how many sockets have the task's name in place of one. So it can list what each
//! task waits for; it can prove that a task, or the whole program, will wait for ever; and it can
//! see who keeps the others waiting.

use std::time::Instant;

use crate::{
    Executor,
    context::Context,
    home::Home,
    id::TaskId,
    lints::Lints,
    table::{TaskInfo, TaskTable},
    trace::Warning,
};

impl Executor {
    /// Looks at all tasks: what each does, and what it waits for. `println!("{}", …)` shows it
    /// as a table. While `block_on` runs, its own future comes first, as `root`.
    ///
    /// That future may call it too: it can borrow the executor.
    #[must_use]
    pub fn tasks(&self) -> TaskTable {
        let Context { home, reactor, timers, .. } = &*self.context;
        self.context.tick_over();
        let mut list = home.tasks.list(self.root.borrow().as_ref());
        let mut note = |task, wait| {
            if let Some(info) = find(&mut list, task) {
                info.waits_for.push(wait);
            }
        };
        reactor.tell_waits(&mut note);
        timers.tell_waits(&mut note);
        TaskTable(list)
    }

    /// Lists the tasks that are ready, the future that `block_on` runs among them; in the order in
    /// which they will be polled, unless [`Builder::ready_order`](crate::Builder::ready_order)
    /// leaves that to chance.
    #[must_use]
    pub fn ready_queue(&self) -> Vec<TaskId> {
        self.context.home.tasks.ready.list()
    }

    /// Panics if nothing can ever happen any more. To be called when nothing is ready and there
    /// is no time to wait for.
    pub(crate) fn check_for_deadlock(&self) {
        if self.is_deadlocked() {
            self.context.inbox.announce_awake();
            let root = if self.root.borrow().is_some() { "block_on's own future" } else { "run" };
            panic!(
                "deadlock: {root} waits for ever, for nothing is ready, no timer will fire, no \
                 socket is waited for, and nobody else holds a waker or a handle:\n{}",
                self.tasks()
            );
        }
    }

    /// Nobody is left who could wake any task, or bring a new one.
    fn is_deadlocked(&self) -> bool {
        let Context { home, reactor, timers, inbox, .. } = &*self.context;
        if reactor.has_waiters() || self.has_handles() {
            return false;
        }
        let root = self.root.borrow();
        // There is no timer with a deadline, so those that are left never fire.
        home.tasks.are_all_lost(root.as_ref(), timers.wakers())
            // Whoever was the last to hold a handle or a waker may have written before it went.
            && !inbox.has_letters()
    }

    /// Warns of a task, or of the root future, that returned Pending and that nobody can wake.
    pub(crate) fn warn_of_lost_waker(&self, id: TaskId) {
        self.warn(id, Warning::LostWaker);
    }

    fn warn(&self, id: TaskId, warning: Warning) {
        let Home { tasks, tracer, .. } = &*self.context.home;
        let about = match &*self.root.borrow() {
            Some(root) if root.id() == id => root.describe(),
            _ => tasks.describe(id),
        };
        tracer.warn(id, warning, &about);
    }

    /// Looks at a poll that has ended.
    pub(crate) fn lint(&self, lints: &Lints, id: TaskId, started: Instant) {
        let took = started.elapsed();
        if took > lints.slow_poll {
            self.warn(id, Warning::SlowPoll(took));
        }
        let woken = match &*self.root.borrow() {
            Some(root) if root.id() == id => root.header().is_queued_here(),
            _ => self.context.home.tasks.is_queued_here(id),
        };
        if lints.wakes_itself(id, woken) {
            self.warn(id, Warning::WakesItself);
        }
    }
}

/// The task of this name in a list, which is in the order of the places.
fn find(list: &mut [TaskInfo], id: TaskId) -> Option<&mut TaskInfo> {
    let place = list.partition_point(|info| info.id.0.rank() < id.0.rank());
    list.get_mut(place).filter(|info| info.id == id)
}
