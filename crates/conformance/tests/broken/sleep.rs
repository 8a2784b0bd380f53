//! Timers.

use std::{
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use crate::{
    executor::current,
    fault::{self, nth},
};

/// A timer.
pub(crate) struct Sleep {
    duration: Duration,
    key: Option<(Instant, u64)>,
    armed: bool,
    /// It has waited in a way of its own.
    slept: bool,
    /// There was no room for it.
    lost: bool,
}

pub(crate) fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, key: None, armed: false, slept: false, lost: false }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.lost {
            return Poll::Pending;
        }
        let executor = current();
        let mut duration = self.duration;
        if fault::is("sleep-not-early") {
            duration = if duration < Duration::from_millis(10) { duration / 3 } else { duration };
        }
        let part = Duration::from_millis(500)..Duration::from_secs(1);
        if fault::is("sleep-order")
            && part.contains(&duration)
            && !std::mem::replace(&mut self.slept, true)
        {
            thread::sleep(duration);
            return Poll::Ready(());
        }
        let new = (deadline(duration), executor.reactor.number());
        let key = *self.key.get_or_insert(new);
        if Instant::now() >= key.0 && !(fault::is("sleep-zero") && duration.is_zero()) {
            return Poll::Ready(());
        }
        if fault::is("sleep-no-spin") && duration < Duration::from_millis(1) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if fault::is("sleep-zero") && duration.is_zero() {
            return Poll::Pending;
        }
        let mut timers = executor.reactor.timers.borrow_mut();
        if fault::is("sleep-moved") && std::mem::replace(&mut self.armed, true) {
            return Poll::Pending;
        }
        if fault::is("sleep-many") && timers.len() >= 500 {
            drop(timers);
            self.lost = true;
            return Poll::Pending;
        }
        timers.insert(key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if fault::is("sleep-dropped") && nth("sleep") <= 6 {
            return;
        }
        if let Some(key) = self.key {
            let old = current().reactor.timers.borrow_mut().remove(&key);
            drop(old);
        }
    }
}

/// A deadline that is later than any test.
fn deadline(duration: Duration) -> Instant {
    let now = Instant::now();
    if fault::is("sleep-far") {
        return now + duration;
    }
    now.checked_add(duration).unwrap_or(now + Duration::from_secs(1 << 30))
}
