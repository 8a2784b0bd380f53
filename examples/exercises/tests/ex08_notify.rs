use std::{
    cell::RefCell,
    pin::{Pin, pin},
    rc::Rc,
    task::Waker,
};

use pizzaiolo::{spawn, yield_now};

use super::Notify;
use crate::support::{Touch, bounded, counting_waker, poll, reenter, run, spy_calls};

const WAITS: &str = "notified must be Pending until it is notified, because it has no notification";
const READY: &str = "notified must be Ready once it was notified, because it waited for that";

#[test]
#[ignore = "an exercise"]
fn a_notification_is_for_the_one_that_has_waited_longest() {
    bounded(|| {
        let notify = Notify::default();
        let ((first, a), (second, b)) = (counting_waker(), counting_waker());
        let (mut early, mut late) = (pin!(notify.notified()), pin!(notify.notified()));
        assert!(poll(early.as_mut(), &a).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &b).is_pending(), "{WAITS}");
        notify.notify_one();
        let rule = "a notification must wake the one that has waited longest and no other, because \
                    it is for one";
        assert_eq!((first.times(), second.times()), (1, 0), "{rule}");
        assert!(poll(late.as_mut(), &b).is_pending(), "{WAITS}");
        assert!(poll(early.as_mut(), &a).is_ready(), "{READY}");
        notify.notify_one();
        assert_eq!((first.times(), second.times()), (1, 1), "{rule}");
        assert!(poll(late.as_mut(), &b).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn two_notifications_are_for_two() {
    bounded(|| {
        let notify = Notify::default();
        let ((first, a), (second, b)) = (counting_waker(), counting_waker());
        let (mut early, mut late) = (pin!(notify.notified()), pin!(notify.notified()));
        assert!(poll(early.as_mut(), &a).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &b).is_pending(), "{WAITS}");
        notify.notify_one();
        notify.notify_one();
        assert_eq!(
            (first.times(), second.times()),
            (1, 1),
            "two notifications must wake two, because one that was notified waits no longer"
        );
        assert!(poll(early.as_mut(), &a).is_ready(), "{READY}");
        assert!(poll(late.as_mut(), &b).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn without_a_waiter_one_notification_is_kept() {
    bounded(|| {
        let notify = Notify::default();
        notify.notify_one();
        notify.notify_one();
        assert!(
            poll(pin!(notify.notified()), Waker::noop()).is_ready(),
            "a notification must be kept if nothing waits, because it would be lost"
        );
        assert!(
            poll(pin!(notify.notified()), Waker::noop()).is_pending(),
            "not more than one notification must be kept, because Notify does not count"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_second_poll_keeps_the_place_in_the_queue_and_the_latest_waker() {
    bounded(|| {
        let notify = Notify::default();
        let (moved, waker) = counting_waker();
        let (mut early, mut late) = (pin!(notify.notified()), pin!(notify.notified()));
        assert!(poll(early.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(early.as_mut(), &waker).is_pending(), "{WAITS}");
        notify.notify_one();
        assert_eq!(
            moved.times(),
            1,
            "the waker of the latest poll must be called, because the future may have moved to \
             another task"
        );
        assert!(poll(early.as_mut(), &waker).is_ready(), "{READY}");
        notify.notify_one();
        assert!(
            poll(late.as_mut(), Waker::noop()).is_ready(),
            "a second poll must not add a second entry to the queue, because that would take a \
             notification from another"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn one_that_is_dropped_while_it_waits_is_not_notified() {
    bounded(|| {
        let notify = Notify::default();
        let (woken, waker) = counting_waker();
        let mut early = Box::pin(notify.notified());
        let mut late = pin!(notify.notified());
        assert!(poll(early.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &waker).is_pending(), "{WAITS}");
        drop(early);
        notify.notify_one();
        assert_eq!(
            woken.times(),
            1,
            "one that is dropped must leave the queue, because a notification for it would be lost"
        );
        assert!(poll(late.as_mut(), &waker).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn one_that_is_dropped_before_it_sees_its_notification_hands_it_on() {
    bounded(|| {
        let notify = Notify::default();
        let (woken, waker) = counting_waker();
        let mut early = Box::pin(notify.notified());
        let mut late = Box::pin(notify.notified());
        assert!(poll(early.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &waker).is_pending(), "{WAITS}");
        notify.notify_one();
        drop(early);
        let rule = "a notification must be passed on if its future is dropped before it sees it, \
                    because it would be lost";
        assert_eq!(woken.times(), 1, "{rule}");
        drop(late);
        assert!(poll(pin!(notify.notified()), Waker::noop()).is_ready(), "{rule}");
    });
}

#[test]
#[ignore = "an exercise"]
fn one_that_is_over_hands_nothing_on() {
    bounded(|| {
        let notify = Notify::default();
        let mut done = Box::pin(notify.notified());
        assert!(poll(done.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        notify.notify_one();
        assert!(poll(done.as_mut(), Waker::noop()).is_ready(), "{READY}");
        drop(done);
        assert!(
            poll(pin!(notify.notified()), Waker::noop()).is_pending(),
            "one that has ended must pass nothing on, because it has seen its notification"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_waker_is_cloned_dropped_or_called() {
    bounded(|| {
        for touch in [Touch::Cloned, Touch::Called, Touch::Dropped] {
            let notify = Rc::new(Notify::default());
            let other = Rc::clone(&notify);
            reenter(
                touch,
                move || {
                    let mut late = pin!(other.notified());
                    let _ = poll(late.as_mut(), Waker::noop());
                    other.notify_one();
                },
                |waker| {
                    let mut early = pin!(notify.notified());
                    let _ = poll(early.as_mut(), waker);
                    let _ = poll(early.as_mut(), Waker::noop());
                    let mut second = pin!(notify.notified());
                    let _ = poll(second.as_mut(), waker);
                    notify.notify_one();
                    notify.notify_one();
                },
            );
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn a_notification_that_comes_while_the_waker_is_cloned_is_not_lost() {
    bounded(|| {
        let notify = Rc::new(Notify::default());
        let other = Rc::clone(&notify);
        reenter(
            Touch::Cloned,
            move || other.notify_one(),
            |waker| {
                let mut early = pin!(notify.notified());
                let ready = poll(early.as_mut(), waker).is_ready();
                assert!(
                    ready || spy_calls() > 0,
                    "a notification that comes while the waker is cloned must be seen or wake the \
                     task, because it will not come again"
                );
            },
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn tasks_are_notified_in_the_order_in_which_they_came() {
    run(async || {
        let (notify, gone) = (Rc::new(Notify::default()), Rc::new(RefCell::new(Vec::new())));
        for guest in 1..=3 {
            let (notify, gone) = (Rc::clone(&notify), Rc::clone(&gone));
            spawn(async move {
                notify.notified().await;
                gone.borrow_mut().push(guest);
            })
            .detach();
        }
        yield_now().await;
        for guests in 1..=3 {
            notify.notify_one();
            yield_now().await;
            assert!(
                gone.borrow().iter().copied().eq(1..=guests),
                "each notification must let one task continue, in the order in which they came"
            );
        }
    });
}

/// A future can move until it is pinned, so a queue must not point into it.
#[test]
#[ignore = "an exercise"]
fn a_notified_that_has_moved_is_still_found() {
    bounded(|| {
        let notify = Notify::default();
        let mut before = notify.notified();
        assert!(poll(Pin::new(&mut before), Waker::noop()).is_pending(), "{WAITS}");
        let mut after = [before];
        notify.notify_one();
        assert!(poll(Pin::new(&mut after[0]), Waker::noop()).is_ready(), "{READY}");
    });
}
