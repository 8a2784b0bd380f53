//! Exercise 5. It is `select` of the future and a sleep, in that order.

use std::time::Duration;

use pizzaiolo::time::sleep;

use crate::ex04_select::{Either, select};

pub(crate) async fn timeout<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
    match select(future, sleep(duration)).await {
        Either::Left(output) => Some(output),
        Either::Right(()) => None,
    }
}

#[cfg(test)]
#[path = "../tests/ex05_timeout.rs"]
mod tests;
