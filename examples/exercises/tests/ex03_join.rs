use std::{pin::pin, task::Poll};

use super::join;
use crate::support::{bake, bounded, counting_waker, poll};

const NOT_BUSY: &str =
    "join must not wake its own task while a future waits, because that is a busy loop";

#[test]
#[ignore = "an exercise"]
fn both_begin_with_the_first_poll() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let ((left, a), (right, b)) = (bake(), bake());
        let mut both = pin!(join(a, b));
        assert!(
            poll(both.as_mut(), &waker).is_pending(),
            "join must be Pending while both wait, because it has no output yet"
        );
        assert_eq!(
            (left.polls(), right.polls()),
            (1, 1),
            "the first poll must poll both futures, because they wait at the same time"
        );
        assert_eq!(woken.times(), 0, "{NOT_BUSY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn whichever_is_ready_first_the_result_is_there_when_both_are() {
    bounded(|| {
        for right_first in [false, true] {
            let (woken, waker) = counting_waker();
            let ((left, a), (right, b)) = (bake(), bake());
            let mut both = pin!(join(a, b));
            assert!(
                poll(both.as_mut(), &waker).is_pending(),
                "join must be Pending while both wait, because it has no output yet"
            );
            let (first, second) = if right_first { (right, left) } else { (left, right) };
            assert_eq!(woken.times(), 0, "{NOT_BUSY}");
            first.open();
            let rule = "both futures must get the waker of the task that awaits join, because \
                        either of them has to wake it";
            assert_eq!(woken.times(), 1, "{rule}");
            // A second poll of the one that is ready panics.
            for _ in 0..3 {
                assert!(
                    poll(both.as_mut(), &waker).is_pending(),
                    "join must be Pending until both are ready, because it returns both outputs"
                );
            }
            assert_eq!(woken.times(), 1, "{NOT_BUSY}");
            second.open();
            assert_eq!(woken.times(), 2, "{rule}");
            assert_eq!(
                poll(both.as_mut(), &waker),
                Poll::Ready(("pizza", "pizza")),
                "join must be Ready with both outputs, because now it has them"
            );
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn two_that_are_ready_are_joined_at_once_and_in_their_order() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let mut both = pin!(join(async { 1 }, async { "two" }));
        assert_eq!(
            poll(both.as_mut(), &waker),
            Poll::Ready((1, "two")),
            "the first poll must return Ready if both futures do, because nothing would wake it"
        );
        assert_eq!(woken.times(), 0, "a future that is ready needs no wake");
    });
}
