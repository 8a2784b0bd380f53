//! # Exercise 1: `yield_now`
//!
//! A task has its thread until it returns Pending. Write a future that does so once, so that the
//! others have their turn, and is ready when it is polled again.
//!
//! - Run: `cargo test --example exercises -- --ignored ex01`
//! - Hint: Pending is a promise that somebody will wake the task. Here nobody else will.
//! - In the crate: `src/yield_now.rs`

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Lets every other task that is ready go first, once.
pub(crate) fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

pub(crate) struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!("exercise 1")
    }
}

#[cfg(test)]
#[path = "tests/ex01_yield_now.rs"]
mod tests;
