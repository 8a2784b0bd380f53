//! Every interleaving of an executor's thread and others, as far as the model checker can tell.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release --lib --target-dir target/loom model
//! ```
//!
//! What runs is the real event loop, with its queues and its tasks' marks. It sleeps in a parker of
//! loom's, so this is also the proof that the executor needs no reactor. A wake that is lost is then
//! an executor that sleeps for ever, which the checker reports as a deadlock. What a wake brings is
//! written and read relaxed, so that the poll sees it only if the wake makes it visible.
//!
//! A model that fails may abort the process while it unwinds; `-- --nocapture` prints what it found.

use std::{
    any::Any,
    future::poll_fn,
    panic::Location,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Poll, Wake, Waker},
};

use loom::{
    sync::{
        Notify,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    EventLoop, Park,
    handle::Handle,
    queue::Order,
    remote::{Message, RemoteQueue},
    shared::Shared,
};
use crate::{clock::Clock, id::TaskId, slab::Key, trace::Tracer};

/// A sleep that the model checker sees. An unpark before it ends it.
struct Parker {
    unparker: Arc<Unparker>,
    /// In how many steps it sleeps. The driver has two: it asks between them whether it sleeps for ever.
    steps: u32,
}

struct Unparker(Notify);

impl Park for Parker {
    fn park(&self, shared: &Shared) {
        for step in 0..self.steps {
            if step == 0 || !shared.sleep_is_over() {
                self.unparker.0.wait();
            }
        }
    }

    fn poll_events(&self, _: &Shared) {}

    fn task_ended(&self, _: TaskId) {}
}

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// An executor without a reactor.
struct Executor(EventLoop<Parker>);

impl Executor {
    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        drop(self.0.spawn(future, Location::caller(), None));
    }

    fn block_on(&self, future: impl Future<Output = ()>) {
        let (_entered, mut future) = (self.0.enter(), pin!(future));
        self.0.block_on(&mut |cx| future.as_mut().poll(cx).map(|()| Box::new(()) as Box<dyn Any>));
    }

    fn run(&self) {
        let _entered = self.0.enter();
        self.0.run();
    }

    fn run_until_idle(&self) {
        let _entered = self.0.enter();
        self.0.run_until_idle();
    }

    fn handle(&self) -> Handle {
        Handle::new(self.0.shared())
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let shared = self.0.shared();
        self.0.close(|| {
            for id in shared.tasks.pending() {
                self.0.drop_task(id);
            }
        });
    }
}

/// As many preemptions as there are; with three busy threads that takes too long.
const ALL: Option<usize> = None;

/// Checks every interleaving of that many preemptions at most.
fn check(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

fn executor() -> Executor {
    executor_that_sleeps_in(1)
}

fn executor_that_sleeps_in(steps: u32) -> Executor {
    let unparker = Arc::new(Unparker(Notify::new()));
    let tracer = Rc::new(Tracer::new(None, Rc::new(Clock::new(false))));
    let parker = Parker { unparker: Arc::clone(&unparker), steps };
    Executor(EventLoop::new(parker, unparker.into(), Order::Fifo, tracer))
}

/// Starts as many threads as it has flags, at its first poll. Each raises its flag and wakes.
/// It is ready when it sees them all. A poll too few is a wake that was lost.
fn all_raised(flags: usize, mut at_each_poll: impl FnMut()) -> impl Future<Output = ()> {
    let flags: Arc<[AtomicBool]> = (0..flags).map(|_| AtomicBool::new(false)).collect();
    let mut started = false;
    poll_fn(move |cx| {
        if !std::mem::replace(&mut started, true) {
            for index in 0..flags.len() {
                let (flags, waker) = (Arc::clone(&flags), cx.waker().clone());
                thread::spawn(move || {
                    flags[index].store(true, Ordering::Relaxed);
                    waker.wake();
                });
            }
        }
        at_each_poll();
        if flags.iter().all(|flag| flag.load(Ordering::Relaxed)) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

/// compio#948, tokio#7835, tokio#8222: the wake comes before, during and after the poll, the
/// decision to park, and the sleep.
#[test]
fn a_wake_of_the_root_future_is_never_lost() {
    check(ALL, || executor().block_on(all_raised(1, || ())));
}

/// compio#948: the wake comes while the future is polled, or put back into the slab.
#[test]
fn a_wake_while_the_task_is_put_back_is_not_lost() {
    check(ALL, || {
        let executor = executor();
        executor.spawn(all_raised(1, || ()));
        executor.run();
    });
}

/// tokio#7622, futures-rs#2608: the second wake finds the task marked and sends no message, but
/// what was written before it is visible to the poll.
#[test]
fn the_poll_sees_what_each_of_two_wakes_brought() {
    check(Some(4), || {
        let executor = executor();
        executor.spawn(all_raised(2, || ()));
        executor.run();
    });
}

/// The unpark of the first wake comes late: its message was received, and the executor sleeps again. It
/// ends the first step of that sleep, and the second wake must not be lost for that.
#[test]
fn a_wake_is_not_lost_after_a_late_unpark() {
    check(Some(3), || {
        let executor = executor_that_sleeps_in(2);
        executor.spawn(all_raised(2, || ()));
        executor.run();
    });
}

/// The message for one task comes while that for another is taken out.
#[test]
fn a_wake_while_the_remote_queue_is_emptied_is_not_lost() {
    check(Some(3), || {
        let executor = executor();
        executor.spawn(all_raised(1, || ()));
        executor.spawn(all_raised(1, || ()));
        executor.run();
    });
}

/// futures-rs#1737: the task wakes itself too, so it is in the queue already when the message
/// comes, or is polled before the message is received.
#[test]
fn a_wake_from_elsewhere_is_not_lost_beside_one_from_here() {
    check(ALL, || {
        let executor = executor();
        let (mut first, mut raised) = (true, Box::pin(all_raised(1, || ())));
        executor.spawn(poll_fn(move |cx| {
            if std::mem::replace(&mut first, false) {
                cx.waker().wake_by_ref();
            }
            raised.as_mut().poll(cx)
        }));
        executor.run();
    });
}

/// A task is woken once and polled twice: at the start, and for the wake. Or once, if the
/// flag was raised before the first poll looked at it.
#[test]
fn one_wake_is_one_poll_at_most() {
    check(ALL, || {
        let executor = executor();
        let polls = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = std::rc::Rc::clone(&polls);
        executor.spawn(all_raised(1, move || counted.set(counted.get() + 1)));
        executor.run();
        assert!(polls.get() <= 2, "{} polls", polls.get());
    });
}

/// A message that brings a future is found like one that brings a wake.
#[test]
fn a_future_that_is_sent_while_the_executor_falls_asleep_is_run() {
    check(ALL, || {
        let executor = executor();
        let (handle, done) = (executor.handle(), Arc::new(AtomicBool::new(false)));
        executor.block_on(poll_fn(|cx| {
            if done.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            let (handle, done) = (handle.clone(), Arc::clone(&done));
            let waker = cx.waker().clone();
            thread::spawn(move || {
                handle.spawn(async move {
                    done.store(true, Ordering::Relaxed);
                    waker.wake();
                });
            });
            Poll::Pending
        }));
    });
}

/// The waker of a task that has ended is woken on another thread, while its executor makes a
/// new task in the same place, with the same header if nothing else holds it.
#[test]
fn a_wake_of_a_finished_task_touches_no_other() {
    check(ALL, || {
        let executor = executor();
        executor.spawn(poll_fn(|cx| {
            let waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Ready(())
        }));
        executor.run_until_idle();
        let polls = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = std::rc::Rc::clone(&polls);
        executor.spawn(poll_fn(move |_| {
            counted.set(counted.get() + 1);
            Poll::<()>::Pending
        }));
        executor.run_until_idle();
        executor.run_until_idle();
        assert_eq!(polls.get(), 1);
    });
}

/// compio#489, tokio#542: a wake, and a future that is sent, while the executor goes away.
/// Whichever is first, nothing is left in the queue.
#[test]
fn what_is_sent_while_the_executor_goes_away_is_dropped_once() {
    struct Counted(Arc<AtomicUsize>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    check(ALL, || {
        let executor = executor();
        let (handle, drops) = (executor.handle(), Arc::new(AtomicUsize::new(0)));
        let (sender, counted) = (handle.clone(), Counted(Arc::clone(&drops)));
        let sender = thread::spawn(move || {
            sender.spawn(async move {
                let _counted = counted;
            });
        });
        drop(executor);
        sender.join().expect("the sender does not panic");
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        // Only now: a future that was left in the queue would go with it.
        drop(handle);
    });
}

/// Two messages, one sleep: the second thread finds that the first has unparked the executor.
#[test]
fn a_sleep_is_ended_by_one_unpark_however_many_send() {
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    check(ALL, || {
        let unparks = Arc::new(Counter(AtomicUsize::new(0)));
        let remote = Arc::new(RemoteQueue::new(Waker::from(Arc::clone(&unparks))));
        remote.set_awake();
        let senders = [1, 2].map(|number| {
            let remote = Arc::clone(&remote);
            thread::spawn(move || {
                let message = Message::Wake(TaskId(Key::from_parts(number, 1)));
                assert!(remote.send(message).is_ok());
            })
        });
        let sleeps = remote.prepare_park();
        for sender in senders {
            sender.join().expect("a sender does not panic");
        }
        let unparks = unparks.0.load(Ordering::Relaxed);
        if sleeps {
            assert_eq!(unparks, 1, "the sleep is ended, once");
        } else {
            assert!(unparks <= 1, "{unparks} unparks for one announcement");
        }
        let mut messages = Vec::new();
        remote.take(&mut messages);
        assert_eq!(messages.len(), 2);
        assert!(!remote.is_pending());
    });
}
