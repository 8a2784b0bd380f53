//! # Exercise 4: `select`
//!
//! Await the first of two futures. The other is dropped, however far it is by then: to drop a
//! future is to cancel it, and there is no other way.
//!
//! - Run: `cargo test --example exercises -- --ignored ex04`
//! - Hint: it is shorter than `join`. Which function owns the futures, and when are they dropped?
//! - In the crate: "Cancel safety", in the documentation of everything that can be awaited, says
//!   what is lost with a future that is dropped.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

/// The output of the one that was ready.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Either<A, B> {
    Left(A),
    Right(B),
}

/// Awaits the future that is ready first; `a`, if both are.
pub(crate) async fn select<A: Future, B: Future>(a: A, b: B) -> Either<A::Output, B::Output> {
    todo!("exercise 4")
}

#[cfg(test)]
#[path = "tests/ex04_select.rs"]
mod tests;
