//! Why is nothing happening? The table of tasks, and the proof of a deadlock.
//!
//! The executor owns all tasks, and can count how many hold a task's waker; the reactor knows all
//! sockets and timers. Together they can list what each task waits for, and prove that a program
//! waits for ever.

use std::{cell::RefCell, ptr, rc::Rc};

use crate::{
    executor::{shared::Shared, spawn},
    reactor::{Reactor, entered, shared as reactor},
    table::{TaskInfo, TaskTable, WaitsFor},
};

/// Lists all tasks: what each does, and what it waits for.
pub(super) fn table(shared: &Shared, reactor: &reactor::Shared) -> TaskTable {
    let now = reactor.clock.tick();
    let list = RefCell::new(shared.tasks.list());
    let note = |task, wait| {
        if let Some(info) = TaskInfo::find(&mut list.borrow_mut(), task) {
            info.waits_for.push(wait);
        }
    };
    reactor.for_each_waiting(
        &mut |task, source, direction| note(task, WaitsFor::Socket(source, direction)),
        &mut |task, at| {
            note(task, WaitsFor::Timer(at.map(|at| at.saturating_duration_since(now))));
        },
    );
    TaskTable(list.into_inner())
}

/// Returns the table of the executor that runs on this thread.
pub(crate) fn running_tasks() -> Option<TaskTable> {
    let shared = spawn::running()?;
    // An executor and its reactor have one tracer.
    let is_own =
        |reactor: &Rc<reactor::Shared>| ptr::eq(&raw const *reactor.tracer, shared.tracer());
    Some(match entered::entered().filter(is_own) {
        Some(reactor) => table(&shared, &reactor),
        None => TaskTable(shared.tasks.list()),
    })
}

/// Panics if nothing can ever happen any more. To be called when no task is ready and no timer has a
/// deadline.
#[track_caller]
pub(super) fn check_for_deadlock(shared: &Shared, reactor: &Reactor) {
    let is_deadlocked = !reactor.has_waiting_sources()
        && !shared.has_handles()
        // There is no deadline, so the timers that are left never fire.
        && shared.tasks.are_all_lost(&reactor.never_timers())
        // The last holder of a handle or a waker may have sent something before it went.
        && !shared.has_messages();
    if is_deadlocked {
        let root = if shared.tasks.has_root() { "block_on's own future" } else { "run" };
        panic!(
            "deadlock: {root} waits for ever: no task is ready, no timer will fire, no task waits \
             for a socket, and nothing else holds a waker or a handle:\n{}",
            table(shared, reactor.shared())
        );
    }
}
