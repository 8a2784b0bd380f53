use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    thread,
};

use pizzaiolo::yield_now;

use super::Executor;
use crate::support::{bake, bounded, counting_waker, ends, panics};

type Log = Rc<RefCell<Vec<&'static str>>>;

fn executor() -> Executor {
    Executor::new(Waker::noop().clone())
}

/// Runs until no task is ready.
fn run(executor: &Executor) {
    for pass in 0.. {
        if !executor.is_ready() {
            return;
        }
        assert!(pass < 1000, "a task that waits must not be ready, because that is a busy loop");
        executor.run_ready();
    }
}

/// Spawns a task that waits until it has been polled `polls` times, and leaves its waker outside.
fn spawn_waiter(
    executor: &Executor,
    polls: usize,
) -> (Rc<Cell<usize>>, Rc<RefCell<Option<Waker>>>) {
    let (count, waker) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(None)));
    let (counted, keep) = (Rc::clone(&count), Rc::clone(&waker));
    executor.spawn(poll_fn(move |cx| {
        counted.set(counted.get() + 1);
        keep.replace(Some(cx.waker().clone()));
        if counted.get() == polls { Poll::Ready(()) } else { Poll::Pending }
    }));
    (count, waker)
}

#[test]
#[ignore = "an exercise"]
fn a_pass_polls_what_is_ready_in_order_and_once() {
    bounded(|| {
        let (executor, log) = (executor(), Log::default());
        for name in ["first", "second"] {
            let log = Rc::clone(&log);
            executor.spawn(async move {
                loop {
                    log.borrow_mut().push(name);
                    yield_now().await;
                }
            });
        }
        assert!(
            log.borrow().is_empty(),
            "spawn must not poll the task, because its caller may hold what the task needs"
        );
        executor.run_ready();
        assert_eq!(
            *log.borrow(),
            ["first", "second"],
            "a pass must poll each ready task once and in order, because what becomes ready \
             meanwhile is for the next pass"
        );
        executor.run_ready();
        assert_eq!(
            log.borrow()[2..],
            ["first", "second"],
            "a task that wakes itself must be polled in the next pass, because it is ready"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_task_is_polled_once_however_often_it_was_woken_and_not_at_all_if_it_was_not() {
    bounded(|| {
        let executor = executor();
        let (polls, waker) = spawn_waiter(&executor, 3);
        run(&executor);
        executor.run_ready();
        assert_eq!(
            polls.get(),
            1,
            "a task that was not woken must not be polled, because nothing has changed for it"
        );
        for polled in [2, 3] {
            let waker = waker.take().expect("it waits");
            waker.wake_by_ref();
            waker.wake();
            run(&executor);
            assert_eq!(
                polls.get(),
                polled,
                "two wakes before a poll must be one poll, because one poll sees all that happened"
            );
        }
        waker.take().expect("it was kept").wake();
        run(&executor);
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
        let executor = executor();
        let (_, stale) = spawn_waiter(&executor, 1);
        run(&executor);
        let (polls, _waker) = spawn_waiter(&executor, 2);
        run(&executor);
        stale.take().expect("it was polled").wake();
        run(&executor);
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
fn a_wake_during_the_poll_is_one_more_poll() {
    bounded(|| {
        let (executor, mut polls) = (executor(), 0);
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        executor.spawn(poll_fn(move |cx| {
            polls += 1;
            counted.set(polls);
            if polls == 1 {
                // From another thread, while this poll is at work.
                let waker = cx.waker().clone();
                thread::spawn(|| waker.wake()).join().expect("it wakes");
            }
            if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
        }));
        run(&executor);
        assert_eq!(
            count.get(),
            2,
            "a wake during the poll must mean one more poll, because the poll may have missed what \
             it is about"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn each_wake_calls_unpark_when_the_task_is_in_the_queue() {
    bounded(|| {
        let (unparks, unpark) = counting_waker();
        let executor = Executor::new(unpark);
        let (_, waker) = spawn_waiter(&executor, 2);
        run(&executor);
        let before = unparks.times();
        waker.take().expect("it waits").wake();
        assert_eq!(
            unparks.times(),
            before + 1,
            "a wake must call `unpark`, because the executor may be asleep"
        );
        assert!(
            executor.is_ready(),
            "a task that was woken must be in the queue, because the executor looks there"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn unpark_is_called_with_nothing_locked() {
    let rule = "the queue must not be locked while `unpark` is called, because that is any code";
    ends(rule, || {
        use std::sync::{Arc, Mutex};

        /// Wakes a task again from `unpark`.
        struct Again(Mutex<Option<Waker>>);
        impl std::task::Wake for Again {
            fn wake(self: Arc<Self>) {
                let waker = self.0.lock().unwrap().take();
                waker.inspect(Waker::wake_by_ref);
            }
        }
        let again = Arc::new(Again(Mutex::new(None)));
        let executor = Executor::new(Waker::from(Arc::clone(&again)));
        let (_, first) = spawn_waiter(&executor, 9);
        let (polls, second) = spawn_waiter(&executor, 9);
        run(&executor);
        *again.0.lock().unwrap() = second.take();
        first.take().expect("it waits").wake();
        run(&executor);
        assert_eq!(polls.get(), 2, "a wake from `unpark` must count, because it is a wake");
    });
}

#[test]
#[ignore = "an exercise"]
fn a_task_may_spawn_while_it_is_polled_and_while_it_is_dropped() {
    /// Spawns a task when it is dropped.
    struct SpawnsOnDrop(Rc<Executor>, Log);

    impl Drop for SpawnsOnDrop {
        fn drop(&mut self) {
            if !thread::panicking() {
                let log = Rc::clone(&self.1);
                self.0.spawn(async move { log.borrow_mut().push("by a drop") });
            }
        }
    }

    bounded(|| {
        let (executor, log) = (Rc::new(executor()), Log::default());
        let spawns = SpawnsOnDrop(Rc::clone(&executor), Rc::clone(&log));
        executor.spawn(poll_fn(move |_| {
            let SpawnsOnDrop(executor, log) = &spawns;
            let log = Rc::clone(log);
            executor.spawn(async move { log.borrow_mut().push("by a poll") });
            Poll::Ready(())
        }));
        assert!(
            !panics(|| run(&executor)),
            "nothing may be borrowed while a future is polled or dropped, because it may spawn"
        );
        assert_eq!(
            *log.borrow(),
            ["by a poll", "by a drop"],
            "a task spawned by a poll or a drop must run, because it is a task like any other"
        );
        assert!(executor.is_empty(), "a task that has ended must leave, because its slot is free");
    });
}

#[test]
#[ignore = "an exercise"]
fn the_executor_drops_its_futures_although_a_waker_is_left() {
    bounded(|| {
        let (oven, pizza) = bake();
        {
            let executor = executor();
            executor.spawn(async { _ = pizza.await });
            run(&executor);
            assert!(
                !executor.is_empty(),
                "a task that waits must be kept, because it continues later"
            );
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
