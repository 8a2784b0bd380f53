//! Exercise 3. A wake of either future polls both, because it does not say which of them it is for.
//! So a future must expect to be polled for nothing, and a join of a hundred polls a hundred for
//! each wake. Tasks do not.

use std::{future::poll_fn, pin::pin, task::Poll};

pub(crate) async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut left, mut right) = (None, None);
    poll_fn(|cx| {
        if left.is_none() {
            if let Poll::Ready(output) = a.as_mut().poll(cx) {
                left = Some(output);
            }
        }
        if right.is_none() {
            if let Poll::Ready(output) = b.as_mut().poll(cx) {
                right = Some(output);
            }
        }
        match (left.take(), right.take()) {
            (Some(left), Some(right)) => Poll::Ready((left, right)),
            missing => {
                (left, right) = missing;
                Poll::Pending
            }
        }
    })
    .await
}

#[cfg(test)]
#[path = "../tests/ex03_join.rs"]
mod tests;
