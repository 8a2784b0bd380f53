//! # Exercise 1: `yield_now`
//!
//! A task keeps its thread until its future returns Pending. Write a future that returns Pending
//! once, so that every other ready task runs, and Ready when it is polled again.
//!
//! - Run: `cargo test --example exercises -- --ignored ex01`
//! - Hint: a future that returns Pending has to make sure that its waker is called later. Here no
//!   other code will call it.
//! - In the crate: `src/yield_now.rs`

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Lets every other ready task run before this one, once.
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
