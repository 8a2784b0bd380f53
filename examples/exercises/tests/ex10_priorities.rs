use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    thread,
};

use pizzaiolo::yield_now;

use super::Executor;
use crate::support::{bake, bounded};

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
        assert!(log.borrow().is_empty(), "to spawn is not to run");
        executor.run_until_idle();
        assert_eq!(*log.borrow(), ["high", "first", "second", "low"]);
    });
}

#[test]
#[ignore = "an exercise"]
fn who_wakes_itself_goes_to_the_end_of_its_equals() {
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
        assert_eq!(*log.borrow(), ["first", "second", "first", "second", "low", "low"]);
    });
}

#[test]
#[ignore = "an exercise"]
fn who_is_not_woken_is_not_polled_and_who_is_woken_twice_is_polled_once() {
    bounded(|| {
        let (executor, polls) = (Executor::default(), Rc::new(Cell::new(0)));
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let (count, keep) = (Rc::clone(&polls), Rc::clone(&waker));
        executor.spawn(
            0,
            poll_fn(move |cx| {
                count.set(count.get() + 1);
                keep.replace(Some(cx.waker().clone()));
                if count.get() == 3 { Poll::Ready(()) } else { Poll::Pending }
            }),
        );
        executor.run_until_idle();
        executor.run_until_idle();
        assert_eq!(polls.get(), 1, "nobody has woken it since");
        for polled in [2, 3] {
            let waker = waker.take().expect("it waits");
            waker.wake_by_ref();
            waker.wake();
            executor.run_until_idle();
            assert_eq!(polls.get(), polled);
        }
        // It is over: whoever still has its waker touches nobody.
        waker.take().expect("it was kept").wake();
        executor.run_until_idle();
        assert_eq!(polls.get(), 3);
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_during_the_poll_and_one_after_it_are_one_poll_more() {
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
        // Its turn comes between the two polls.
        executor.spawn(5, async move { waker.take().expect("it was polled").wake() });
        executor.run_until_idle();
        assert_eq!(polls.get(), 2);
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
        assert_eq!(*log.borrow(), ["pizza", "spawned", "cook"]);
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
        assert!(!oven.is_empty());
        oven.open();
        executor.run_until_idle();
        assert!(oven.is_empty());
        assert_eq!(oven.polls(), 2);
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_may_come_from_another_thread() {
    bounded(|| {
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
        assert!(done.get());
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
        assert!(oven.is_empty(), "the executor is gone, and its tasks with it");
        oven.open();
    });
}
