use std::{pin::pin, task::Poll};

use super::{Either, select};
use crate::support::{bake, bounded, counting_waker, poll};

#[test]
#[ignore = "an exercise"]
fn the_first_that_is_ready_ends_it() {
    bounded(|| {
        for right_first in [false, true] {
            let (woken, waker) = counting_waker();
            let ((left, a), (right, b)) = (bake(), bake());
            let mut either = pin!(select(a, b));
            for _ in 0..2 {
                assert!(
                    poll(either.as_mut(), &waker).is_pending(),
                    "select must be Pending while both wait, because it has no output yet"
                );
            }
            assert_eq!(
                (left.polls(), right.polls()),
                (2, 2),
                "each poll must poll both futures, because nothing says which of them was woken"
            );
            assert_eq!(
                woken.times(),
                0,
                "select must not wake its own task while both wait, because that is a busy loop"
            );
            if right_first { &right } else { &left }.open();
            assert_eq!(
                woken.times(),
                1,
                "both futures must get the waker of the task that awaits select, because either of \
                 them has to wake it"
            );
            let first = if right_first { Either::Right("pizza") } else { Either::Left("pizza") };
            assert_eq!(
                poll(either.as_mut(), &waker),
                Poll::Ready(first),
                "select must be Ready with the output of the future that is ready, because one is \
                 enough"
            );
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn the_other_is_dropped_with_the_result_and_not_before() {
    bounded(|| {
        let (_, waker) = counting_waker();
        let ((left, a), (right, b)) = (bake(), bake());
        let mut either = pin!(select(a, b));
        assert!(
            poll(either.as_mut(), &waker).is_pending(),
            "select must be Pending while both wait, because it has no output yet"
        );
        assert!(
            !left.is_empty() && !right.is_empty(),
            "both futures must live while select waits, because either may still be the first"
        );
        left.open();
        assert!(
            poll(either.as_mut(), &waker).is_ready(),
            "select must be Ready when one future is, because one is enough"
        );
        assert_eq!(
            right.polls(),
            1,
            "the second future must not be polled once the first is ready, because its output would \
             be lost"
        );
        assert!(
            left.is_empty() && right.is_empty(),
            "both futures must be dropped when select is Ready, because to drop the second is to \
             cancel it"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn of_two_that_are_ready_it_is_the_left() {
    bounded(|| {
        let (_, waker) = counting_waker();
        let mut either = pin!(select(async { 1 }, async { "two" }));
        assert_eq!(
            poll(either.as_mut(), &waker),
            Poll::Ready(Either::Left(1)),
            "if both are ready the left one must win, because its caller relies on the order"
        );
    });
}
