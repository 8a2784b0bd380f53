//! Exercise 4. The futures are this function's own, so its end drops them.

use std::{future::poll_fn, pin::pin, task::Poll};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Either<A, B> {
    Left(A),
    Right(B),
}

pub(crate) async fn select<A: Future, B: Future>(a: A, b: B) -> Either<A::Output, B::Output> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    poll_fn(|cx| match a.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Either::Left(output)),
        Poll::Pending => b.as_mut().poll(cx).map(Either::Right),
    })
    .await
}

#[cfg(test)]
#[path = "../tests/ex04_select.rs"]
mod tests;
