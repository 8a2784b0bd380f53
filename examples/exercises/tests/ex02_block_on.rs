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

use super::{ThreadWaker, block_on};
use crate::support::{bounded, ends};

#[test]
#[ignore = "an exercise"]
fn a_future_that_is_ready_needs_no_wake() {
    let rule = "block_on must poll before it parks, because a ready future calls no waker";
    ends(rule, || assert_eq!(block_on(async { "pizza" }), "pizza", "it must return the output"));
}

#[test]
#[ignore = "an exercise"]
fn a_wake_unparks_the_thread_that_polls() {
    let rule = "`wake` must unpark the thread that polls, because that thread sleeps until then";
    ends(rule, || {
        Waker::from(Arc::new(ThreadWaker { thread: thread::current() })).wake();
        thread::park();
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_that_comes_during_the_poll_is_not_lost() {
    let rule = "a wake during the poll must end the park after it, because the poll may have missed \
                what the wake is about";
    ends(rule, || {
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
    let rule = "a wake from another thread must end the park, because nothing else will";
    ends(rule, || {
        let (waiting, waits) = mpsc::channel::<Waker>();
        let baked = Arc::new(AtomicBool::new(false));
        let oven = Arc::clone(&baked);
        thread::spawn(move || {
            let waker = waits.recv().expect("the future waits");
            // Time for a busy loop to show. On a busy machine its thread may not have run in this time, so
            // this thread gives way to it as well.
            thread::sleep(Duration::from_millis(250));
            for _ in 0..50 {
                thread::yield_now();
            }
            oven.store(true, Ordering::SeqCst);
            waker.wake();
        });
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            // `park` may return for no reason, but it does so rarely.
            assert!(
                polls < 5,
                "block_on must sleep until the wake, because each poll before it is for nothing"
            );
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
        assert_eq!(
            dough,
            ["flour", "water", "salt"],
            "block_on must have run the future when it returns, because it may borrow from here"
        );
    });
}
