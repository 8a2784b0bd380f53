//! The driver: the executor's seam, [`Park`], filled by a reactor.

use std::{io, time::Duration};

use super::diagnosis;
use crate::{
    executor::{Park, shared::Shared},
    id::TaskId,
    reactor::{Reactor, shared::LONGEST_SLEEP},
    trace::EventKind,
};

/// How long the executor sleeps before it asks whether it sleeps for ever. So the proof, which looks
/// at all tasks, costs nothing while the program makes progress.
const SLEEP_BEFORE_PROOF: Duration = Duration::from_millis(100);

/// The reactor of one executor.
pub(super) struct Driver {
    reactor: Reactor,
}

impl Driver {
    pub(super) fn new(reactor: Reactor) -> Driver {
        Driver { reactor }
    }

    pub(super) fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    /// Sleeps until something happens. Panics if that is proven never to be the case.
    #[track_caller]
    fn sleep(&self, shared: &Shared) -> io::Result<()> {
        // While a socket is waited for, there is nothing to prove, and nothing to wake up for.
        let may_be_for_ever = self.reactor.next_deadline().is_none()
            && !shared.has_handles()
            && !self.reactor.has_waiting_sources();
        if may_be_for_ever {
            if !self.reactor.clock().is_paused() {
                self.reactor.park(Some(SLEEP_BEFORE_PROOF))?;
                if shared.has_work() {
                    return Ok(());
                }
            }
            diagnosis::check_for_deadlock(shared, &self.reactor);
        }
        self.reactor.park(None)
    }

    /// Drops the wakers that sources keep between two waits, and warns of the tasks that nothing can
    /// wake any more. To be called when no task is ready.
    fn drop_idle_wakers(&self, shared: &Shared) {
        self.reactor.drop_idle_wakers(&mut |task| shared.warn_if_lost(task));
    }
}

impl Park for Driver {
    #[track_caller]
    fn park(&self, shared: &Shared) {
        self.drop_idle_wakers(shared);
        let (reactor, tracer) = (&self.reactor, shared.tracer());
        let clock = reactor.clock();
        if clock.is_paused() && must(reactor.auto_advance()) {
            return;
        }
        tracer.emit(None, || EventKind::Parked {
            timeout: if clock.is_paused() {
                None
            } else {
                reactor.time_left().map(|left| left.min(LONGEST_SLEEP))
            },
        });
        // An observer may have woken or aborted a task.
        must(if shared.has_work() { reactor.poll_events() } else { self.sleep(shared) });
        tracer.emit(None, || EventKind::Unparked);
    }

    fn poll_events(&self, shared: &Shared) {
        if !shared.has_work() {
            self.drop_idle_wakers(shared);
        }
        must(self.reactor.poll_events());
    }

    fn task_ended(&self, id: TaskId) {
        self.reactor.task_ended(id);
    }
}

/// The OS refuses to be asked for events only for a bad descriptor, address or argument: a mistake
/// of ours.
fn must<T>(result: io::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the reactor cannot ask the OS for events: {error}"),
    }
}
