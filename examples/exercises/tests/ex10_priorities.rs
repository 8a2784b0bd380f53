use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    thread,
};

use pizzaiolo::yield_now;

use super::Executor;
use crate::support::{bake, bounded, ends};

/// What tasks say, in the order in which they say it.
type Log = Rc<RefCell<Vec<&'static str>>>;

#[test]
#[ignore = "an exercise"]
fn the_most_urgent_goes_first_and_of_equals_the_first() {
    bounded(|| {
        let (executor, log) = (Executor::default(), Log::default());
        for (priority, name) in [(1, "low"), (5, "first"), (9, "high"), (5, "second")] {
            let log = Rc::clone(&log);
            executor.spawn(priority, async move { log.borrow_mut().push(name) });
        }
        assert!(
            log.borrow().is_empty(),
            "spawn must not poll the task, because its caller may hold what the task needs"
        );
        executor.run_until_idle();
        assert_eq!(
            *log.borrow(),
            ["high", "first", "second", "low"],
            "the highest priority must be polled first, and of equals the one woken first, because \
             that is the order that was promised"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_task_that_wakes_itself_goes_behind_its_equals() {
    bounded(|| {
        let (executor, log) = (Executor::default(), Log::default());
        for (priority, name) in [(1, "low"), (5, "first"), (5, "second")] {
            let log = Rc::clone(&log);
            executor.spawn(priority, async move {
                for _ in 0..2 {
                    log.borrow_mut().push(name);
                    yield_now().await;
                }
            });
        }
        executor.run_until_idle();
        assert_eq!(
            *log.borrow(),
            ["first", "second", "first", "second", "low", "low"],
            "a task that wakes itself must go behind its equals, because they were woken before"
        );
    });
}

/// Spawns a task that waits until it has been polled `polls` times, and leaves its waker outside.
fn spawn_waiter(
    executor: &Executor,
    polls: usize,
) -> (Rc<Cell<usize>>, Rc<RefCell<Option<Waker>>>) {
    let (count, waker) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(None)));
    let (counted, keep) = (Rc::clone(&count), Rc::clone(&waker));
    executor.spawn(
        0,
        poll_fn(move |cx| {
            counted.set(counted.get() + 1);
            keep.replace(Some(cx.waker().clone()));
            if counted.get() == polls { Poll::Ready(()) } else { Poll::Pending }
        }),
    );
    (count, waker)
}

#[test]
#[ignore = "an exercise"]
fn a_task_is_polled_once_however_often_it_was_woken_and_not_at_all_if_it_was_not() {
    bounded(|| {
        let executor = Executor::default();
        let (polls, waker) = spawn_waiter(&executor, 3);
        executor.run_until_idle();
        executor.run_until_idle();
        assert_eq!(
            polls.get(),
            1,
            "a task that was not woken must not be polled, because nothing has changed for it"
        );
        for polled in [2, 3] {
            let waker = waker.take().expect("it waits");
            waker.wake_by_ref();
            waker.wake();
            executor.run_until_idle();
            assert_eq!(
                polls.get(),
                polled,
                "two wakes before a poll must be one poll, because one poll sees all that happened"
            );
        }
        waker.take().expect("it was kept").wake();
        executor.run_until_idle();
        assert_eq!(
            polls.get(),
            3,
            "a task that has ended must not be polled, because its future has returned Ready"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn the_waker_of_a_task_that_is_over_wakes_no_later_task() {
    bounded(|| {
        let executor = Executor::default();
        let (_, stale) = spawn_waiter(&executor, 1);
        executor.run_until_idle();
        let (polls, _waker) = spawn_waiter(&executor, 2);
        executor.run_until_idle();
        stale.take().expect("it was polled").wake();
        executor.run_until_idle();
        assert_eq!(
            polls.get(),
            1,
            "the waker of a task that has ended must wake no later task, because a slot that is used \
             again needs a new generation"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_during_the_poll_and_one_after_it_are_one_more_poll() {
    bounded(|| {
        let (executor, polls) = (Executor::default(), Rc::new(Cell::new(0)));
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let (count, keep) = (Rc::clone(&polls), Rc::clone(&waker));
        executor.spawn(
            5,
            poll_fn(move |cx| {
                count.set(count.get() + 1);
                if count.get() == 1 {
                    keep.replace(Some(cx.waker().clone()));
                    cx.waker().wake_by_ref();
                }
                Poll::<()>::Pending
            }),
        );
        // It is polled between the two polls.
        executor.spawn(5, async move {
            let first = waker.take();
            first.expect("of two tasks with one priority the first must be polled first").wake();
        });
        executor.run_until_idle();
        assert_eq!(
            polls.get(),
            2,
            "a wake during the poll must mean one more poll, and a second wake before that must not \
             mean another, because the mark \"is queued\" is cleared before the poll"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_task_may_spawn_and_wake_others_while_it_runs() {
    bounded(|| {
        let (executor, log) = (Rc::new(Executor::default()), Log::default());
        let (oven, pizza) = bake();
        let guest = Rc::clone(&log);
        executor.spawn(9, async move {
            let pizza = pizza.await;
            guest.borrow_mut().push(pizza);
        });
        let (cook, spawner) = (Rc::clone(&log), Rc::downgrade(&executor));
        executor.spawn(5, async move {
            let log = Rc::clone(&cook);
            let executor = spawner.upgrade().expect("it runs");
            executor.spawn(7, async move { log.borrow_mut().push("spawned") });
            oven.open();
            yield_now().await;
            cook.borrow_mut().push("cook");
        });
        executor.run_until_idle();
        assert_eq!(
            *log.borrow(),
            ["pizza", "spawned", "cook"],
            "what a task spawns and wakes must run before it if it is more urgent, because the most \
             urgent task that is ready is next"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_future_that_is_ready_is_dropped_and_not_polled_again() {
    bounded(|| {
        let executor = Executor::default();
        let (oven, pizza) = bake();
        executor.spawn(0, async { _ = pizza.await });
        executor.run_until_idle();
        assert!(
            !oven.is_empty(),
            "a task that waits must keep its future, because it continues later"
        );
        oven.open();
        executor.run_until_idle();
        assert!(oven.is_empty(), "a future that is Ready must be dropped, because it has ended");
        assert_eq!(oven.polls(), 2, "a wake must be one poll, because the task waited for it");
    });
}

/// Spawns a task when it is dropped.
struct SpawnsOnDrop(Rc<Executor>, Log);

impl Drop for SpawnsOnDrop {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let log = Rc::clone(&self.1);
        self.0.spawn(0, async move { log.borrow_mut().push("spawned by a drop") });
    }
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_future_is_dropped() {
    bounded(|| {
        let (executor, log) = (Rc::new(Executor::default()), Log::default());
        let spawns = SpawnsOnDrop(Rc::clone(&executor), Rc::clone(&log));
        executor.spawn(
            0,
            poll_fn(move |_| {
                // The closure owns it, so it is dropped with the future and not before.
                let _spawns = &spawns;
                Poll::Ready(())
            }),
        );
        assert!(
            !crate::support::panics(|| executor.run_until_idle()),
            "nothing may be borrowed while a future is dropped, because its drop may spawn a task"
        );
        assert_eq!(
            *log.borrow(),
            ["spawned by a drop"],
            "a task spawned by a future's drop must run, because it is a task like any other"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_may_come_from_another_thread() {
    let rule = "the queue must not be locked during a poll, because the wake of another thread would \
                wait for it";
    ends(rule, || {
        let (executor, done) = (Executor::default(), Rc::new(Cell::new(false)));
        let finished = Rc::clone(&done);
        let mut polls = 0;
        executor.spawn(
            0,
            poll_fn(move |cx| {
                polls += 1;
                if polls == 2 {
                    finished.set(true);
                    return Poll::Ready(());
                }
                let waker = cx.waker().clone();
                // The wake comes while this poll is at work.
                thread::spawn(|| waker.wake()).join().expect("it wakes");
                Poll::Pending
            }),
        );
        executor.run_until_idle();
        assert!(
            done.get(),
            "a wake from another thread during the poll must mean one more poll, because the poll \
             may have missed what it is about"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_waker_does_not_keep_the_task_alive() {
    bounded(|| {
        let (oven, pizza) = bake();
        {
            let executor = Executor::default();
            executor.spawn(0, async { _ = pizza.await });
            executor.run_until_idle();
        }
        // The oven still has the waker.
        assert!(
            oven.is_empty(),
            "the executor must drop its tasks with it although a waker is left, because a waker \
             owns no task"
        );
        oven.open();
    });
}
