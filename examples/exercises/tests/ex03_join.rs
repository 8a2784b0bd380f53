use std::{pin::pin, task::Poll};

use super::join;
use crate::support::{bake, bounded, counting_waker, poll};

#[test]
#[ignore = "an exercise"]
fn both_begin_with_the_first_poll() {
    bounded(|| {
        let (_, waker) = counting_waker();
        let ((left, a), (right, b)) = (bake(), bake());
        let mut both = pin!(join(a, b));
        assert!(poll(both.as_mut(), &waker).is_pending());
        assert_eq!((left.polls(), right.polls()), (1, 1), "one after the other is not join");
    });
}

#[test]
#[ignore = "an exercise"]
fn whichever_is_ready_first_the_result_is_there_when_both_are() {
    bounded(|| {
        for right_first in [false, true] {
            let (woken, waker) = counting_waker();
            let ((left, a), (right, b)) = (bake(), bake());
            let mut both = pin!(join(async { (a.await, 'a') }, async { (b.await, 'b') }));
            assert!(poll(both.as_mut(), &waker).is_pending());
            let (first, second) = if right_first { (right, left) } else { (left, right) };
            first.open();
            assert_eq!(woken.times(), 1, "each of the two has the waker");
            // A second poll of what is ready already panics.
            for _ in 0..3 {
                assert!(poll(both.as_mut(), &waker).is_pending(), "one is still missing");
            }
            second.open();
            assert_eq!(woken.times(), 2, "each of the two has the waker");
            let ready = Poll::Ready((("pizza", 'a'), ("pizza", 'b')));
            assert_eq!(poll(both.as_mut(), &waker), ready);
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn two_that_are_ready_are_joined_at_once() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let mut both = pin!(join(async { 1 }, async { "two" }));
        assert_eq!(poll(both.as_mut(), &waker), Poll::Ready((1, "two")));
        assert_eq!(woken.times(), 0);
    });
}
