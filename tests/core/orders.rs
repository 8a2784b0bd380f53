//! What holds in every order in which ready tasks can be polled, and wherever a future is cancelled. The order that
//! the executor itself keeps is in `fairness`.

use std::collections::BTreeSet;

use pizzaiolo::{
    Handle, JoinError,
    task::{self, JoinSet, WaitsFor},
};
use pizzaiolo_testkit::{Cancel, check_cancel_safety, explore, maybe_cancelled};

use crate::support::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// What was seen in some order, to check that the orders differ.
struct Seen<T>(Rc<RefCell<BTreeSet<T>>>);

impl<T: Ord> Seen<T> {
    fn new() -> Seen<T> {
        Seen(Rc::default())
    }

    fn add(&self, what: T) {
        self.0.borrow_mut().insert(what);
    }

    fn all(self) -> Vec<T> {
        self.0.take().into_iter().collect()
    }
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Seen<T> {
        Seen(Rc::clone(&self.0))
    }
}

/// Runs a program in every order, and checks how many these are: fewer than there were, and the test shows less.
#[track_caller]
fn in_all_orders<F: Future<Output = ()> + 'static>(orders: u64, program: impl FnMut() -> F) {
    let report = explore(program);
    assert!(report.is_all() && report.orders() == orders, "{report}");
}

// Every order.

#[test]
fn a_task_that_ends_before_or_after_it_is_asked_is_joined() {
    let seen = Seen::new();
    let finished = seen.clone();
    in_all_orders(33, move || {
        let seen = seen.clone();
        async move {
            let (first, second) = (spawn(yield_now()), spawn(async { 7 }));
            turns(2).await;
            seen.add((first.is_finished(), second.is_finished()));
            assert!(first.await.is_ok());
            assert!(matches!(second.await, Ok(7)));
        }
    });
    let of_each = [(false, false), (false, true), (true, false), (true, true)];
    assert_eq!(finished.all(), of_each);
}

#[test]
fn a_task_is_aborted_before_its_first_turn_or_its_last_or_has_its_output() {
    let seen = Seen::new();
    let ends = seen.clone();
    in_all_orders(3, move || {
        let seen = seen.clone();
        async move {
            let drops = Counter::new();
            let (held, (polls, yields)) = (drops.on_drop(), counted(yield_now()));
            let task = spawn(async move {
                let _held = held;
                yields.await;
            });
            let aborter = spawn(async move {
                task.abort();
                task.await
            });
            let outcome = aborter.await.unwrap();
            assert_eq!(drops.get(), 1);
            seen.add((polls.get(), outcome.is_ok()));
        }
    });
    assert_eq!(ends.all(), [(0, false), (1, false), (2, true)]);
}

#[test]
fn a_set_is_joined_in_the_order_in_which_its_tasks_end() {
    let seen = Seen::new();
    let orders = seen.clone();
    in_all_orders(60, move || {
        let seen = seen.clone();
        async move {
            let (mut set, ends) = (JoinSet::new(), Rc::new(RefCell::new(Vec::new())));
            for number in 0..3 {
                let ends = Rc::clone(&ends);
                set.spawn(async move {
                    turns(number % 2).await;
                    ends.borrow_mut().push(number);
                    number
                });
            }
            let mut joined = Vec::new();
            while let Some(outcome) = set.join_next().await {
                joined.push(outcome.unwrap());
            }
            assert_eq!(joined, ends.take());
            seen.add(joined);
        }
    });
    assert_eq!(orders.all().len(), 6);
}

#[test]
fn a_join_that_is_cancelled_in_any_order_loses_no_outcome() {
    in_all_orders(54, || async {
        let mut set = JoinSet::new();
        let abort = set.spawn(pending());
        set.spawn(async { 1 });
        spawn(async move { abort.abort() }).detach();
        let mut outcomes = maybe_cancelled(set.join_next()).await.flatten().into_iter().collect();
        while let Some(outcome) = set.join_next().await {
            Vec::push(&mut outcomes, outcome);
        }
        let sum: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!((outcomes.len(), sum), (2, vec![&1]));
    });
}

#[test]
fn a_set_that_is_shut_down_or_dropped_at_any_time_drops_each_future_once() {
    in_all_orders(16, || async {
        let (mut set, drops) = (JoinSet::new(), Counter::new());
        for yields in 0..2 {
            let held = drops.on_drop();
            set.spawn(async move {
                turns(yields).await;
                drop(held);
            });
        }
        let is_over = maybe_cancelled(set.shutdown()).await.is_some();
        assert_eq!(set.is_empty(), is_over);
        set.shutdown().await;
        assert_eq!(drops.get(), 2);
    });
}

#[test]
fn a_task_that_two_others_wake_sees_both_and_is_polled_at_most_once_for_a_wake() {
    let seen = Seen::new();
    let polls = seen.clone();
    in_all_orders(4, move || {
        let seen = seen.clone();
        async move {
            let (slot, brought) = (Slot::new(), Rc::new(Cell::new(0)));
            let mut has_begun = false;
            let (polls, both) = counted(poll_fn(move |cx| {
                if !mem::replace(&mut has_begun, true) {
                    for _ in 0..2 {
                        let (slot, brought) = (slot.clone(), Rc::clone(&brought));
                        spawn(async move {
                            brought.set(brought.get() + 1);
                            slot.waker().wake();
                        })
                        .detach();
                    }
                }
                slot.put(cx);
                if brought.get() == 2 { Poll::Ready(()) } else { Poll::Pending }
            }));
            both.await;
            seen.add(polls.get());
        }
    });
    assert_eq!(polls.all(), [2, 3]);
}

#[test]
fn timers_of_one_deadline_end_at_it_and_a_timeout_gives_up_or_yields_what_ends_then() {
    let seen = Seen::new();
    let in_time = seen.clone();
    in_all_orders(2, move || {
        let seen = seen.clone();
        async move {
            let deadline = time::now() + SECOND;
            let mut task = spawn(async move {
                time::sleep_until(deadline).await;
                time::now()
            });
            let first = time::timeout_at(deadline, &mut task).await;
            assert_eq!(time::now(), deadline);
            seen.add(first.is_ok());
            let ended = match first {
                Ok(ended) => ended,
                Err(_) => task.await,
            };
            assert_eq!(ended.unwrap(), deadline);
        }
    });
    assert_eq!(in_time.all(), [false, true]);
}

// Cancelled at each await.

/// Gives up a join at a point, and joins again.
async fn joined(cancel: Cancel, mut handle: impl Future<Output = Result<u8, JoinError>> + Unpin) {
    let outcome = match cancel.run(&mut handle).await {
        Some(outcome) => outcome,
        None => handle.await,
    };
    assert_eq!(outcome.unwrap(), 7);
}

async fn seven() -> u8 {
    yield_now().await;
    7
}

#[test]
fn giving_up_the_wait_loses_nothing() {
    let points = [
        check_cancel_safety(|cancel| async { joined(cancel, spawn(seven())).await }),
        check_cancel_safety(|cancel| async {
            joined(cancel, spawn(seven()).abort_on_drop()).await;
        }),
        check_cancel_safety(|cancel| async {
            joined(cancel, Handle::current().spawn(seven())).await;
        }),
    ];
    assert_eq!(points, [2; 3]);
}

#[test]
fn giving_up_a_wait_that_owns_its_task_aborts_it() {
    let points = check_cancel_safety(|cancel| async move {
        let drops = Counter::new();
        let held = drops.on_drop();
        let task = spawn(async move {
            let _held = held;
            seven().await
        });
        let abort = task.abort_handle();
        let output = cancel.run(task.abort_on_drop()).await;
        assert!(output.is_none_or(|outcome| outcome.is_ok()));
        yield_now().await;
        assert_eq!((drops.get(), abort.is_finished()), (1, true));
    });
    assert_eq!(points, 2);
}

#[test]
fn a_tick_that_is_given_up_is_not_lost() {
    let points = check_cancel_safety(|cancel| async move {
        let start = time::now();
        let mut interval = time::interval(SECOND);
        interval.tick().await;
        let first = cancel.run(interval.tick()).await;
        let first = if first.is_some() { first } else { Some(interval.tick().await) };
        assert_eq!(first, Some(start + SECOND));
        assert_eq!(interval.tick().await, start + 2 * SECOND);
    });
    assert_eq!(points, 2);
}

/// What this task waits for, apart from the check's own timer.
fn waits() -> usize {
    let table = task::table();
    let own = table.iter().find(|info| info.id == task::id()).expect("it is polled");
    own.waits_for.iter().filter(|what| matches!(what, WaitsFor::Timer(Some(_)))).count()
}

#[test]
fn a_timer_that_is_cancelled_leaves_nothing_and_takes_its_future_along() {
    let points = check_cancel_safety(|cancel| async move {
        yield_now().await; // by then the check has its timer
        let (before, drops) = (waits(), Counter::new());
        let output = cancel.run(time::timeout(SECOND, holds(&drops))).await;
        assert!(output.is_none_or(|outcome| outcome.is_err()));
        assert_eq!((waits(), drops.get()), (before, 1));
    });
    assert_eq!(points, 2);
}
