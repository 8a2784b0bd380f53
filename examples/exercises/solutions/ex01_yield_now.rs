//! Exercise 1. The wake is called before Pending is returned: the task is put at the end of the
//! queue at once, and comes back when all that are there already have been polled.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

pub(crate) fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

pub(crate) struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
#[path = "../tests/ex01_yield_now.rs"]
mod tests;
