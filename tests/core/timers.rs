//! Sleeps and intervals that are set anew, or that go on in another task.

use pizzaiolo::{Reactor, task::WaitsFor, time::MissedTickBehavior};

use crate::support::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);
const PERIOD: Duration = Duration::from_millis(10);

#[test]
fn a_timer_that_goes_on_in_another_task_is_listed_there_and_wakes_that_task() {
    let executor = paused();
    let sleep = Rc::new(RefCell::new(time::sleep(HOUR)));
    let polled = Rc::clone(&sleep);
    let first = executor.spawn(poll_fn(move |cx| {
        assert!(Pin::new(&mut *polled.borrow_mut()).poll(cx).is_pending());
        Poll::Ready(())
    }));
    executor.run_until_idle();
    assert!(first.is_finished());
    let second = executor.spawn(poll_fn(move |cx| Pin::new(&mut *sleep.borrow_mut()).poll(cx)));
    executor.run_until_idle();
    let tasks = executor.tasks();
    let info = tasks.iter().find(|info| info.id == second.id()).expect("it is alive");
    assert!(matches!(info.waits_for[..], [WaitsFor::Timer(Some(_))]), "{tasks}");
    executor.run();
    assert!(second.is_finished());
}

#[test]
fn a_timer_that_was_set_to_later_does_not_fire_at_its_first_deadline() {
    let executor = paused();
    executor.block_on(async {
        let mut sleep = time::sleep(HOUR);
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        sleep.reset(time::now() + 3 * HOUR);
        time::advance(2 * HOUR).await;
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        time::advance(HOUR).await;
        assert!(poll_with(&mut sleep, Waker::noop()).is_ready());
    });
}

#[test]
fn an_interval_that_is_reset_before_its_first_tick_waits_until_then() {
    paused().block_on(async {
        let mut interval = time::interval(PERIOD);
        let deadline = time::now() + 3 * PERIOD;
        interval.reset_at(deadline);
        assert_eq!(interval.tick().await, deadline);
        assert_eq!(time::now(), deadline);
    });
}

/// Takes a tick that is this late, and returns when the next one is, counted from the first.
fn after_a_late_tick(behavior: MissedTickBehavior, late: Duration) -> Duration {
    paused().block_on(async {
        let first = time::now() + PERIOD;
        let mut interval = time::interval_at(first, PERIOD);
        interval.set_missed_tick_behavior(behavior);
        time::advance(PERIOD + late).await;
        assert_eq!(interval.tick().await, first);
        let next: Instant = interval.tick().await;
        next - first
    })
}

#[test]
fn a_tick_that_is_five_milliseconds_late_delays_the_next() {
    let late = Duration::from_millis(5);
    assert_eq!(after_a_late_tick(MissedTickBehavior::Delay, late), PERIOD + late);
    let less = late.saturating_sub(Duration::from_nanos(1));
    assert_eq!(after_a_late_tick(MissedTickBehavior::Delay, less), PERIOD);
}

#[test]
fn a_tick_that_is_one_period_late_skips_the_one_that_is_due_now() {
    assert_eq!(after_a_late_tick(MissedTickBehavior::Skip, PERIOD), 2 * PERIOD);
    let less = PERIOD.saturating_sub(Duration::from_nanos(1));
    assert_eq!(after_a_late_tick(MissedTickBehavior::Skip, less), PERIOD);
}

#[test]
fn a_sleep_that_was_over_and_is_reset_unseen_waits_again() {
    paused().block_on(async {
        let mut sleep = time::sleep(PERIOD);
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        time::advance(2 * PERIOD).await;
        sleep.reset(time::now() + PERIOD);
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
    });
}

#[test]
fn a_sleep_that_is_reset_has_one_timer() {
    let reactor = Reactor::new().expect("the OS has descriptors");
    reactor.enter(|| {
        let mut sleep = time::sleep(Duration::from_secs(3600));
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        sleep.reset(time::now() + Duration::from_secs(7200));
        assert!(poll_with(&mut sleep, Waker::noop()).is_pending());
        drop(sleep);
        assert!(!reactor.has_waiters());
    });
}
