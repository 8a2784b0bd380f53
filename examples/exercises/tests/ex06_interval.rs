use std::{cell::RefCell, pin::pin, rc::Rc, task::Waker, time::Duration};

use pizzaiolo::{
    spawn,
    time::{advance, now, sleep},
    yield_now,
};

use super::interval;
use crate::support::{poll, run};

const SECOND: Duration = Duration::from_secs(1);

/// Lets all others run until they wait.
async fn rest() {
    for _ in 0..10 {
        yield_now().await;
    }
}

/// Spawns a task that listens to a bell of 10 seconds, and is busy for `busy` after each ring.
/// Returns when it heard which ring, in seconds from now.
fn listen(busy: Duration) -> Rc<RefCell<Vec<(u64, u64)>>> {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let rings = Rc::clone(&heard);
    drop(spawn(async move {
        let start = now();
        let mut bell = interval(10 * SECOND);
        for _ in 0..5 {
            let due = bell.tick().await - start;
            rings.borrow_mut().push(((now() - start).as_secs(), due.as_secs()));
            sleep(busy).await;
        }
    }));
    heard
}

#[test]
#[ignore = "an exercise"]
fn the_first_ring_is_at_once_and_the_next_after_a_period() {
    run(async || {
        let heard = listen(Duration::ZERO);
        rest().await;
        assert_eq!(*heard.borrow(), [(0, 0)]);
        advance(9 * SECOND).await;
        rest().await;
        assert_eq!(*heard.borrow(), [(0, 0)], "not early");
        advance(SECOND).await;
        rest().await;
        assert_eq!(*heard.borrow(), [(0, 0), (10, 10)]);
    });
}

#[test]
#[ignore = "an exercise"]
fn it_does_not_drift_however_long_the_listener_takes() {
    run(async || {
        let heard = listen(3 * SECOND);
        for _ in 0..40 {
            rest().await;
            advance(SECOND).await;
        }
        rest().await;
        assert_eq!(*heard.borrow(), [(0, 0), (10, 10), (20, 20), (30, 30), (40, 40)]);
    });
}

#[test]
#[ignore = "an exercise"]
fn rings_that_were_missed_come_at_once() {
    run(async || {
        let heard = listen(Duration::ZERO);
        rest().await;
        advance(35 * SECOND).await;
        rest().await;
        advance(5 * SECOND).await;
        rest().await;
        assert_eq!(*heard.borrow(), [(0, 0), (35, 10), (35, 20), (35, 30), (40, 40)]);
    });
}

#[test]
#[ignore = "an exercise"]
fn who_gives_up_waiting_loses_no_ring() {
    run(async || {
        let start = now();
        let mut bell = interval(10 * SECOND);
        bell.tick().await;
        for _ in 0..3 {
            assert!(poll(pin!(bell.tick()), Waker::noop()).is_pending(), "it is not time yet");
        }
        advance(10 * SECOND).await;
        assert_eq!(bell.tick().await - start, 10 * SECOND);
    });
}
