//! The timer, as hyper uses it: behind `dyn Sleep`, on a clock that the tests move.

mod support;

use std::{panic::AssertUnwindSafe, pin::Pin, thread, time::Duration};

use futures_util::poll;
use hyper::rt::{Sleep, Timer as _};
use pizzaiolo::time;
use pizzaiolo_protocols::Timer;

use crate::support::run_paused;

const MINUTE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(1);

/// Moves the clock, and says whether `sleep` ends after `duration`, and not a tick earlier.
async fn ends_after(duration: Duration, sleep: &mut Pin<Box<dyn Sleep>>) -> bool {
    if poll!(sleep.as_mut()).is_ready() {
        return false;
    }
    time::advance(duration.saturating_sub(TICK)).await;
    if poll!(sleep.as_mut()).is_ready() {
        return false;
    }
    time::advance(TICK).await;
    poll!(sleep.as_mut()).is_ready()
}

#[test]
fn a_sleep_ends_at_its_time_on_the_executors_clock() {
    run_paused(async || {
        let mut sleep = Timer.sleep(MINUTE);
        assert!(ends_after(MINUTE, &mut sleep).await);
        let mut sleep = Timer.sleep_until(Timer.now() + MINUTE);
        assert!(ends_after(MINUTE, &mut sleep).await);
        Ok(())
    });
}

#[test]
fn now_is_the_executors_time() {
    run_paused(async || {
        let before = Timer.now();
        time::advance(MINUTE).await;
        assert_eq!(Timer.now(), before + MINUTE);
        Ok(())
    });
}

#[test]
fn a_reset_moves_the_deadline_and_keeps_the_box() {
    run_paused(async || {
        let mut sleep = Timer.sleep(MINUTE);
        assert!(poll!(sleep.as_mut()).is_pending());
        let place: *const dyn Sleep = &raw const *sleep;
        Timer.reset(&mut sleep, Timer.now() + 2 * MINUTE);
        assert!(std::ptr::addr_eq(place, &raw const *sleep), "there is a new box");
        assert!(ends_after(2 * MINUTE, &mut sleep).await, "later");
        Timer.reset(&mut sleep, Timer.now() + MINUTE);
        assert!(ends_after(MINUTE, &mut sleep).await, "again, after its end");
        Ok(())
    });
}

/// A sleep of another crate.
struct OtherSleep;

impl Sleep for OtherSleep {}

impl Future for OtherSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        std::task::Poll::Ready(())
    }
}

#[test]
fn a_reset_of_a_sleep_of_another_crate_makes_one_of_ours() {
    run_paused(async || {
        let mut sleep: Pin<Box<dyn Sleep>> = Box::pin(OtherSleep);
        Timer.reset(&mut sleep, Timer.now() + MINUTE);
        assert!(ends_after(MINUTE, &mut sleep).await);
        Ok(())
    });
}

/// This is the price of being `Send` by name, and why it is safe.
#[test]
fn a_sleep_that_is_used_on_another_thread_panics_there() {
    run_paused(async || {
        let mut sleep = Timer.sleep(MINUTE);
        assert!(poll!(sleep.as_mut()).is_pending());
        let panic = thread::spawn(move || {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let polled = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let _ = sleep.as_mut().poll(&mut cx);
            }));
            let dropped = std::panic::catch_unwind(AssertUnwindSafe(|| drop(sleep)));
            polled.is_err() && dropped.is_err()
        });
        assert!(panic.join().expect("both panics were caught"));
        Ok(())
    });
}
