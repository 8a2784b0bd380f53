//! Exercise 3. Either's wake polls both: nobody says whose it was. So a future must be ready to be
//! polled for nothing, and a join of a hundred polls a hundred for each wake. Tasks do not.

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
