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
                assert!(poll(either.as_mut(), &waker).is_pending());
            }
            assert_eq!((left.polls(), right.polls()), (2, 2), "each poll is one for both");
            if right_first { &right } else { &left }.open();
            assert_eq!(woken.times(), 1, "each of the two has the waker");
            let first = if right_first { Either::Right("pizza") } else { Either::Left("pizza") };
            assert_eq!(poll(either.as_mut(), &waker), Poll::Ready(first));
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
        assert!(poll(either.as_mut(), &waker).is_pending());
        assert!(!left.is_empty() && !right.is_empty(), "both are still in the race");
        left.open();
        assert!(poll(either.as_mut(), &waker).is_ready());
        assert!(left.is_empty() && right.is_empty(), "the `select` is there, but they are not");
        assert_eq!(right.polls(), 1, "who has lost is not polled any more");
    });
}

#[test]
#[ignore = "an exercise"]
fn of_two_that_are_ready_it_is_the_left() {
    bounded(|| {
        let (_, waker) = counting_waker();
        let mut either = pin!(select(async { 1 }, async { "two" }));
        assert_eq!(poll(either.as_mut(), &waker), Poll::Ready(Either::Left(1)));
    });
}
