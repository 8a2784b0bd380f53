//! The driver: [`Park`] of the executor, implemented with a reactor.

use std::{
    cell::Cell,
    io,
    time::{Duration, Instant},
};

use super::{diagnosis, stats::Stats};
use crate::{
    executor::{Park, shared::Shared},
    id::TaskId,
    reactor::{Reactor, shared::LONGEST_SLEEP},
    trace::EventKind,
};

/// How long the executor sleeps before it asks whether it sleeps for ever. So the proof, which reads
/// all tasks, costs nothing while the program makes progress.
const SLEEP_BEFORE_PROOF: Duration = Duration::from_millis(100);

/// The reactor of one executor.
pub(super) struct Driver {
    reactor: Reactor,
    /// When it was made.
    start: Instant,
    /// How often, and for how long, the thread has slept.
    parks: Cell<u64>,
    idle: Cell<Duration>,
}

impl Driver {
    pub(super) fn new(reactor: Reactor) -> Driver {
        let (start, parks, idle) = (Instant::now(), Cell::new(0), Cell::default());
        Driver { reactor, start, parks, idle }
    }

    pub(super) fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    /// Fills in what it counts.
    pub(super) fn count(&self, stats: &mut Stats) {
        (stats.parks, stats.idle) = (self.parks.get(), self.idle.get());
        stats.uptime = self.start.elapsed();
        (stats.sources, stats.timers_fired) = self.reactor.counts();
    }

    /// Sleeps until something happens. Panics if it can prove that nothing will happen.
    #[track_caller]
    fn sleep(&self, shared: &Shared) -> io::Result<()> {
        // While a task waits for a socket, there is no deadlock to prove.
        let may_be_for_ever = self.reactor.next_deadline().is_none()
            && !shared.has_handles()
            && !self.reactor.has_waiting_sources();
        if may_be_for_ever {
            if !self.reactor.clock().is_paused() {
                self.reactor.park(Some(SLEEP_BEFORE_PROOF))?;
                if shared.sleep_is_over() {
                    return Ok(());
                }
            }
            diagnosis::check_for_deadlock(shared, &self.reactor);
        }
        self.reactor.park(None)
    }

    /// Drops the wakers that sources keep between two waits, and warns of the tasks that nothing can
    /// wake any more. Call it when no task is ready.
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
        if shared.has_work() {
            must(reactor.poll_events());
        } else {
            let before = Instant::now();
            must(self.sleep(shared));
            self.parks.set(self.parks.get() + 1);
            self.idle.set(self.idle.get() + before.elapsed());
        }
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

#[cfg(all(test, not(loom)))]
mod tests {
    use std::{cell::RefCell, future::poll_fn, rc::Rc, sync::mpsc, task::Poll, thread};

    use super::*;
    use crate::Executor;

    /// Only a hang takes so long.
    const A_HANG: Duration = Duration::from_secs(60);

    #[test]
    fn a_sleep_that_a_late_sender_has_ended_is_not_begun_again() {
        let (done, end) = mpsc::channel();
        thread::spawn(move || {
            let executor = Executor::new().expect("an executor");
            // The waker of a task is kept, so that there is no proof of a deadlock.
            let kept = Rc::new(RefCell::new(None));
            let waker = Rc::clone(&kept);
            let wait = poll_fn(move |cx| {
                waker.replace(Some(cx.waker().clone()));
                Poll::<()>::Pending
            });
            executor.spawn(wait).detach();
            executor.run_until_idle();
            let shared = executor.event_loop.shared();
            shared.announce_sleep_and_be_late();
            executor.event_loop.parker().sleep(shared).expect("the OS sleeps");
            done.send(()).expect("the test waits");
        });
        end.recv_timeout(A_HANG).expect("it sleeps, and no sender will unpark it");
    }
}
