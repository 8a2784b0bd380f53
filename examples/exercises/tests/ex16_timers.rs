use std::{
    cell::RefCell,
    io,
    pin::pin,
    rc::Rc,
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use super::Clocked;
use crate::{
    ex14_threads::{Park, executor, run},
    support::{Touch, bounded, counting_waker, ends, poll, reenter, spy_calls},
};

const HOUR: Duration = Duration::from_secs(3600);

const WAITS: &str = "a sleep must be Pending before its time, because a timer is never early";
const ENDS: &str =
    "the park must end at the earliest deadline, because its waker is to be called then";

/// A park that records its timeouts, and sleeps for as long if it is short.
#[derive(Default)]
struct Script {
    timeouts: RefCell<Vec<Option<Duration>>>,
    /// Whether each park has a deadline to end at.
    always_timers: bool,
}

impl Script {
    /// The timeout of the last park.
    fn last(&self) -> Option<Duration> {
        self.timeouts.borrow().last().copied().flatten()
    }
}

impl Park for Script {
    fn enter(&self, f: &mut dyn FnMut()) {
        f();
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts.borrow_mut().push(timeout);
        assert!(
            self.timeouts.borrow().len() < 1000,
            "a sleep must not be polled before its time, because that is a busy loop"
        );
        assert!(timeout.is_some() || !self.always_timers, "{ENDS}");
        if let Some(timeout) = timeout {
            thread::sleep(timeout.min(Duration::from_millis(100)));
        }
        Ok(())
    }

    fn unparker(&self) -> Waker {
        Waker::noop().clone()
    }
}

#[test]
#[ignore = "an exercise"]
fn the_park_is_not_longer_than_until_the_earliest_deadline() {
    bounded(|| {
        let park = Clocked::new(Script::default());
        let clock = park.clock();
        let mut long = pin!(clock.sleep(2 * HOUR));
        let mut short = pin!(clock.sleep(HOUR));
        assert!(poll(long.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        park.park(None).expect("it parks");
        let timeout = park.inner().last();
        assert!(timeout.is_some_and(|timeout| timeout > HOUR && timeout <= 2 * HOUR), "{ENDS}");
        assert!(poll(short.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        park.park(None).expect("it parks");
        assert!(park.inner().last().is_some_and(|timeout| timeout <= HOUR), "{ENDS}");
        park.park(Some(Duration::ZERO)).expect("it looks");
        assert_eq!(
            park.inner().last(),
            Some(Duration::ZERO),
            "the park must not be longer than its own timeout, because its caller has more to do"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_sleep_that_is_dropped_is_no_deadline_any_more() {
    bounded(|| {
        let park = Clocked::new(Script::default());
        let clock = park.clock();
        let mut sleep = Box::pin(clock.sleep(HOUR));
        assert!(poll(sleep.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        drop(sleep);
        park.park(None).expect("it parks");
        assert_eq!(
            park.inner().last(),
            None,
            "a sleep that is dropped must not shorten the park, because nothing waits for it"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn only_the_sleeps_that_are_due_are_woken_and_by_the_latest_waker() {
    bounded(|| {
        let park = Clocked::new(Script { always_timers: true, ..Script::default() });
        let clock = park.clock();
        let ((early, first), (late, second), (never, third)) =
            (counting_waker(), counting_waker(), counting_waker());
        let mut short = pin!(clock.sleep(Duration::from_millis(20)));
        let mut long = pin!(clock.sleep(HOUR));
        let mut forever = pin!(clock.sleep(Duration::MAX));
        assert!(poll(long.as_mut(), &third).is_pending(), "{WAITS}");
        assert!(poll(forever.as_mut(), &third).is_pending(), "{WAITS}");
        let _ = poll(short.as_mut(), &first);
        let _ = poll(short.as_mut(), &second);
        park.park(Some(Duration::ZERO)).expect("it looks");
        assert_eq!(
            never.times(),
            0,
            "a sleep that is not due must not be woken, because its task would be polled for nothing"
        );
        // On a slow machine its time may be over by now, and the test is weaker.
        let mut parked = false;
        while poll(short.as_mut(), &second).is_pending() {
            parked = true;
            park.park(None).expect("it parks");
        }
        if parked {
            assert_eq!(
                (early.times(), late.times()),
                (0, 1),
                "a sleep that is due must be woken once and by its latest waker, because it may \
                 have moved to another task"
            );
        }
        assert!(poll(long.as_mut(), &third).is_pending(), "{WAITS}");
    });
}

#[test]
#[ignore = "an exercise"]
fn tasks_sleep_at_the_same_time_and_none_is_early() {
    ends("a sleep must end when it is due, because the park calls its waker then", || {
        let park = Clocked::new(Script { always_timers: true, ..Script::default() });
        let executor = executor(&park);
        let log = Rc::new(RefCell::new(Vec::new()));
        let start = Instant::now();
        for ms in [300, 100, 200] {
            let (clock, log) = (park.clock(), Rc::clone(&log));
            executor.spawn(async move {
                clock.sleep(Duration::from_millis(ms)).await;
                assert!(
                    start.elapsed() >= Duration::from_millis(ms),
                    "a sleep must not end before its time, because a program relies on that"
                );
                log.borrow_mut().push(ms);
            });
        }
        run(&executor, &park).expect("it runs");
        let mut log = log.borrow().clone();
        log.sort_unstable();
        assert_eq!(log, [100, 200, 300], "each sleep must end, because its task waits for it");
    });
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_waker_is_cloned_dropped_or_called() {
    bounded(|| {
        for touch in [Touch::Cloned, Touch::Called, Touch::Dropped] {
            let park = Clocked::new(Script { always_timers: true, ..Script::default() });
            let clock = park.clock();
            let other = clock.clone();
            reenter(
                touch,
                move || _ = poll(pin!(other.sleep(HOUR)), Waker::noop()),
                |waker| {
                    let nap = || Box::pin(clock.sleep(Duration::from_millis(50)));
                    let mut sleep = nap();
                    // On a slow machine it may be over at once.
                    while poll(sleep.as_mut(), waker).is_ready() {
                        sleep = nap();
                    }
                    let before = spy_calls();
                    while spy_calls() == before {
                        park.park(None).expect("it parks");
                    }
                    let mut sleep = Box::pin(clock.sleep(HOUR));
                    let _ = poll(sleep.as_mut(), waker);
                    let _ = poll(sleep.as_mut(), Waker::noop());
                    let _ = poll(sleep.as_mut(), waker);
                    drop(sleep);
                },
            );
        }
    });
}
