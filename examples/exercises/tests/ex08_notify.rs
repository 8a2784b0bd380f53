use std::{
    cell::RefCell,
    pin::{Pin, pin},
    rc::Rc,
    task::Waker,
};

use pizzaiolo::{spawn, yield_now};

use super::Notify;
use crate::support::{bounded, counting_waker, poll, run};

#[test]
#[ignore = "an exercise"]
fn a_notification_lets_one_go() {
    bounded(|| {
        let notify = Notify::default();
        let ((first, a), (second, b)) = (counting_waker(), counting_waker());
        let (mut early, mut late) = (pin!(notify.notified()), pin!(notify.notified()));
        assert!(poll(early.as_mut(), &a).is_pending());
        assert!(poll(late.as_mut(), &b).is_pending());
        notify.notify_one();
        assert_eq!((first.times(), second.times()), (1, 0), "it has waited longest");
        assert!(poll(late.as_mut(), &b).is_pending());
        assert!(poll(early.as_mut(), &a).is_ready());
        notify.notify_one();
        assert_eq!((first.times(), second.times()), (1, 1));
        assert!(poll(late.as_mut(), &b).is_ready());
    });
}

#[test]
#[ignore = "an exercise"]
fn one_for_nobody_is_kept_and_not_more_than_one() {
    bounded(|| {
        let notify = Notify::default();
        notify.notify_one();
        notify.notify_one();
        assert!(poll(pin!(notify.notified()), Waker::noop()).is_ready());
        assert!(poll(pin!(notify.notified()), Waker::noop()).is_pending());
    });
}

#[test]
#[ignore = "an exercise"]
fn to_be_polled_again_is_to_keep_ones_place() {
    bounded(|| {
        let notify = Notify::default();
        let (moved, waker) = counting_waker();
        let (mut early, mut late) = (pin!(notify.notified()), pin!(notify.notified()));
        assert!(poll(early.as_mut(), Waker::noop()).is_pending());
        assert!(poll(late.as_mut(), Waker::noop()).is_pending());
        assert!(poll(early.as_mut(), &waker).is_pending());
        notify.notify_one();
        assert_eq!(moved.times(), 1, "the waker of the latest poll counts");
        assert!(poll(late.as_mut(), Waker::noop()).is_pending());
        assert!(poll(early.as_mut(), &waker).is_ready());
    });
}

#[test]
#[ignore = "an exercise"]
fn who_gives_up_waiting_is_not_notified() {
    bounded(|| {
        let notify = Notify::default();
        let (woken, waker) = counting_waker();
        let mut early = Box::pin(notify.notified());
        let mut late = pin!(notify.notified());
        assert!(poll(early.as_mut(), Waker::noop()).is_pending());
        assert!(poll(late.as_mut(), &waker).is_pending());
        drop(early);
        notify.notify_one();
        assert_eq!(woken.times(), 1);
        assert!(poll(late.as_mut(), &waker).is_ready());
    });
}

#[test]
#[ignore = "an exercise"]
fn who_is_let_go_and_dropped_hands_it_on() {
    bounded(|| {
        let notify = Notify::default();
        let (woken, waker) = counting_waker();
        let mut early = Box::pin(notify.notified());
        let mut late = Box::pin(notify.notified());
        assert!(poll(early.as_mut(), Waker::noop()).is_pending());
        assert!(poll(late.as_mut(), &waker).is_pending());
        notify.notify_one();
        drop(early);
        assert_eq!(woken.times(), 1, "to the next who waits");
        drop(late);
        assert!(poll(pin!(notify.notified()), Waker::noop()).is_ready(), "or to come");
    });
}

#[test]
#[ignore = "an exercise"]
fn who_is_done_hands_nothing_on() {
    bounded(|| {
        let notify = Notify::default();
        let mut done = Box::pin(notify.notified());
        assert!(poll(done.as_mut(), Waker::noop()).is_pending());
        notify.notify_one();
        assert!(poll(done.as_mut(), Waker::noop()).is_ready());
        drop(done);
        assert!(poll(pin!(notify.notified()), Waker::noop()).is_pending());
    });
}

#[test]
#[ignore = "an exercise"]
fn tasks_are_let_go_in_the_order_in_which_they_came() {
    run(async || {
        let (notify, gone) = (Rc::new(Notify::default()), Rc::new(RefCell::new(Vec::new())));
        for guest in 1..=3 {
            let (notify, gone) = (Rc::clone(&notify), Rc::clone(&gone));
            drop(spawn(async move {
                notify.notified().await;
                gone.borrow_mut().push(guest);
            }));
        }
        yield_now().await;
        for guests in 1..=3 {
            assert_eq!(gone.borrow().len(), guests - 1);
            notify.notify_one();
            yield_now().await;
        }
        assert_eq!(*gone.borrow(), [1, 2, 3]);
    });
}

/// A future can move until it is pinned, so a queue must not point into it.
#[test]
#[ignore = "an exercise"]
fn a_notified_that_has_moved_is_still_found() {
    bounded(|| {
        let notify = Notify::default();
        let mut before = notify.notified();
        assert!(poll(Pin::new(&mut before), Waker::noop()).is_pending());
        let mut after = [before];
        notify.notify_one();
        assert!(poll(Pin::new(&mut after[0]), Waker::noop()).is_ready());
    });
}
