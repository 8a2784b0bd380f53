use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use super::block_on;
use crate::support::bounded;

#[test]
#[ignore = "an exercise"]
fn a_future_that_is_ready_needs_no_wake() {
    bounded(|| assert_eq!(block_on(async { "pizza" }), "pizza"));
}

#[test]
#[ignore = "an exercise"]
fn a_wake_that_comes_during_the_poll_is_not_lost() {
    bounded(|| {
        let mut left = 3;
        block_on(poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
    });
}

#[test]
#[ignore = "an exercise"]
fn another_thread_wakes_it_and_until_then_it_sleeps() {
    bounded(|| {
        let (waiting, waits) = mpsc::channel::<Waker>();
        let baked = Arc::new(AtomicBool::new(false));
        let oven = Arc::clone(&baked);
        thread::spawn(move || {
            let waker = waits.recv().expect("the future waits");
            // Time for a busy loop to show. On a slow machine it may not, and the test is weaker.
            thread::sleep(Duration::from_millis(50));
            oven.store(true, Ordering::SeqCst);
            waker.wake();
        });
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            assert!(polls < 100, "it polls again and again instead of sleeping");
            if polls == 1 {
                waiting.send(cx.waker().clone()).expect("the oven waits");
            }
            if baked.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        }));
    });
}

#[test]
#[ignore = "an exercise"]
fn it_can_borrow_from_its_caller() {
    bounded(|| {
        let mut dough = vec!["flour", "water"];
        block_on(async { dough.push("salt") });
        assert_eq!(dough, ["flour", "water", "salt"]);
    });
}
