//! What holds in every order in which ready tasks can be polled, and wherever a future is cancelled. The order that
//! the executor itself keeps is in `fairness`.

use std::collections::BTreeSet;

use pizzaiolo::{
    Handle, JoinError,
    task::{self, JoinSet, WaitsFor},
};
use pizzaiolo_testkit::{Cancel, check_cancel_safety, maybe_cancelled};

use crate::support::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// Runs a program in every order, and returns what came out of it: each output once, sorted. Checks how many orders
/// these are, as [`in_all_orders`] does.
#[track_caller]
fn seen_in_all_orders<T, F>(orders: u64, mut program: impl FnMut() -> F) -> Vec<T>
where
    T: Ord + 'static,
    F: Future<Output = T> + 'static,
{
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let all = Rc::clone(&seen);
    in_all_orders(orders, move || {
        let (program, seen) = (program(), Rc::clone(&seen));
        async move {
            let output = program.await;
            seen.borrow_mut().insert(output);
        }
    });
    all.take().into_iter().collect()
}

// Every order.

#[test]
fn a_task_that_ends_before_or_after_it_is_asked_is_joined() {
    let finished = seen_in_all_orders(33, || async {
        let (first, second) = (spawn(yield_now()), spawn(async { 7 }));
        turns(2).await;
        let seen = (first.is_finished(), second.is_finished());
        assert!(first.await.is_ok());
        assert!(matches!(second.await, Ok(7)));
        seen
    });
    let of_each = [(false, false), (false, true), (true, false), (true, true)];
    assert_eq!(finished, of_each);
}

#[test]
fn a_task_is_aborted_before_its_first_turn_or_its_last_or_has_its_output() {
    let ends = seen_in_all_orders(3, || async {
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
        (polls.get(), outcome.is_ok())
    });
    assert_eq!(ends, [(0, false), (1, false), (2, true)]);
}

#[test]
fn a_set_is_joined_in_the_order_in_which_its_tasks_end() {
    let orders = seen_in_all_orders(60, || async {
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
        joined
    });
    assert_eq!(orders.len(), 6);
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
fn a_shutdown_that_is_given_up_at_any_time_has_aborted_each_task() {
    in_all_orders(70, || async {
        let (mut set, drops) = (JoinSet::new(), Counter::new());
        for _ in 0..2 {
            set.spawn(holds(&drops));
        }
        yield_now().await;
        let is_over = maybe_cancelled(set.shutdown()).await.is_some();
        assert_eq!(set.is_empty(), is_over);
        // From here on, nothing else aborts them.
        set.detach_all();
        // The clock is paused: it moves on when no task is ready.
        time::sleep(SECOND).await;
        assert_eq!(drops.get(), 2);
    });
}

#[test]
fn a_task_that_two_others_wake_sees_both_and_is_polled_at_most_once_for_a_wake() {
    let polls = seen_in_all_orders(4, || async {
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
        polls.get()
    });
    assert_eq!(polls, [2, 3]);
}

#[test]
fn timers_of_one_deadline_end_at_it_and_a_timeout_gives_up_or_yields_what_ends_then() {
    let in_time = seen_in_all_orders(2, || async {
        let deadline = time::now() + SECOND;
        let mut task = spawn(async move {
            time::sleep_until(deadline).await;
            time::now()
        });
        let first = time::timeout_at(deadline, &mut task).await;
        assert_eq!(time::now(), deadline);
        let seen = first.is_ok();
        let ended = match first {
            Ok(ended) => ended,
            Err(_) => task.await,
        };
        assert_eq!(ended.unwrap(), deadline);
        seen
    });
    assert_eq!(in_time, [false, true]);
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
