//! # Exercise 4: `select`
//!
//! Await the first of two futures. The other one is dropped, even if it has made progress. To
//! cancel a future is to drop it; there is no other way.
//!
//! - Run: `cargo test --example exercises -- --ignored ex04`
//! - Hint: it is shorter than `join`. Which function owns the futures, and when are they dropped?
//! - In the crate: the section "Cancel safety" in the documentation of each operation says what a
//!   dropped future loses.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

/// The output of the future that was ready first.
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
