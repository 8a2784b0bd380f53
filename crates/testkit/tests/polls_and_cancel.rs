//! Counting polls and wakes, and cancelling at each await.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use pizzaiolo::{spawn, time, yield_now};
use pizzaiolo_testkit::{
    Cause, Counter, Explorer, assert_polls, check_cancel_safety, counted, maybe_cancelled,
    poll_here, poll_once, poll_with,
};

#[test]
fn a_sleep_is_polled_twice() {
    assert_polls!(time::sleep(Duration::from_secs(60)), 2);
    assert_eq!(assert_polls!(async { 7 }, 1), 7);
}

#[test]
#[should_panic(expected = "`yield_now()` was polled 2 times")]
fn a_wrong_number_of_polls_is_reported() {
    assert_polls!(yield_now(), 1);
}

#[test]
fn a_counter_counts_wakes_and_the_wakers_that_are_left() {
    let (wakes, kept) = Counter::with_waker();
    kept.wake_by_ref();
    wakes.waker().wake();
    assert_eq!((wakes.get(), wakes.wakers(), wakes.clone().wakers()), (2, 1, 1));
    drop(kept);
    assert_eq!((wakes.get(), wakes.wakers()), (2, 0));
}

#[test]
fn a_counter_counts_calls_drops_and_polls() {
    let count = Counter::new();
    count.clone().add();
    drop(count.on_drop());
    assert_eq!(count.get(), 2);
    let (polls, future) = counted(yield_now());
    assert_eq!((polls.get(), assert_polls!(future, 2), polls.get()), (0, (), 2));
}

#[test]
fn poll_once_and_poll_with_poll_once() {
    let (mut first, mut second) = (pin!(yield_now()), pin!(yield_now()));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut first).is_ready());
    let (count, waker) = Counter::with_waker();
    assert!(poll_with(&mut second, &waker).is_pending());
    assert_eq!(count.get(), 1);
    assert!(poll_once(yield_now()).is_pending(), "a future that is not needed again");
}

#[test]
fn poll_here_polls_with_the_waker_of_its_task() {
    let waits_for_the_wake = async {
        assert!(poll_here(yield_now()).await.is_pending());
        let mut polls = [Poll::Pending, Poll::Ready(())].into_iter();
        poll_fn(|_| polls.next().unwrap()).await;
    };
    assert_polls!(waits_for_the_wake, 2);
}

#[test]
fn each_await_is_cancelled_at_once_and_when_it_is_woken() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let points = check_cancel_safety(|cancel| {
        let seen = Rc::clone(&seen);
        async move {
            let (steps, dropped_at) = (Cell::new(0), time::now());
            let output = cancel
                .run(async {
                    for _ in 0..2 {
                        time::sleep(Duration::from_secs(1)).await;
                        steps.set(steps.get() + 1);
                    }
                })
                .await;
            let after = (time::now() - dropped_at).as_secs();
            seen.borrow_mut().push((steps.get(), after, output.is_some()));
        }
    });
    assert_eq!(points, 4);
    let expected = [(0, 0, false), (0, 1, false), (1, 1, false), (1, 2, false), (2, 2, true)];
    assert_eq!(*seen.borrow(), expected);
}

#[test]
fn a_check_that_fails_at_one_point_fails() {
    let failed = catch_unwind(AssertUnwindSafe(|| {
        check_cancel_safety(|cancel| async move {
            let taken = Cell::new(false);
            let read = async {
                taken.set(true);
                yield_now().await; // what it has taken is lost here
            };
            let output = cancel.run(read).await;
            assert_eq!(output.is_some(), taken.get());
        })
    }));
    assert!(failed.is_err());
}

#[test]
#[should_panic(expected = "the future waits for ever")]
fn a_check_that_waits_for_ever_is_reported_though_its_waker_is_held() {
    check_cancel_safety(|_cancel| async {
        let kept = RefCell::new(None);
        poll_fn(|cx| {
            *kept.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        })
        .await;
    });
}

/// The task has ended, so the check would go on if anything polled it.
#[test]
#[should_panic(expected = "the future waits for ever")]
fn a_check_whose_wake_is_lost_waits_for_ever() {
    check_cancel_safety(|_cancel| async {
        let mut task = spawn(yield_now());
        poll_fn(|_| poll_once(&mut task)).await.unwrap();
    });
}

#[test]
#[should_panic(expected = "has to call `Cancel::run`")]
fn a_check_that_cancels_nothing_is_refused() {
    check_cancel_safety(|_cancel| async {});
}

/// Only a future that is dropped between the wake and its poll loses the token.
#[test]
fn the_explorer_cancels_when_the_future_is_woken() {
    let failure = Explorer::new()
        .check(|| async {
            let (token, done) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
            let (put, has_ended) = (Rc::clone(&token), Rc::clone(&done));
            let giver = spawn(async move {
                yield_now().await;
                if !has_ended.get() {
                    put.set(1);
                }
            });
            let take = async {
                giver.await.unwrap();
                token.set(token.get() - 1);
            };
            let output = maybe_cancelled(take).await;
            done.set(true);
            yield_now().await;
            assert!(output.is_some() || token.get() == 0, "the token is lost");
        })
        .unwrap_err();
    assert!(matches!(failure.cause(), Cause::Panicked(_)), "{failure}");
    // The choice 2 is to drop it when it is woken.
    assert!(failure.choices().contains('2'), "{failure}");
    assert_eq!(failure.deviations(), 1, "{failure}");
}
