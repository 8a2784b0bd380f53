use std::{cell::RefCell, pin::pin, rc::Rc, task::Waker, time::Duration};

use pizzaiolo::{
    spawn,
    time::{advance, now, sleep},
    yield_now,
};

use super::interval;
use crate::support::{poll, run};

const SECOND: Duration = Duration::from_secs(1);

/// Lets all other tasks run until they wait.
async fn rest() {
    for _ in 0..10 {
        yield_now().await;
    }
}

/// Spawns a task that waits for an interval of 10 seconds, and is busy for `busy` after each tick.
/// Returns the time of each tick, and the time for which it was planned, in seconds from now.
fn listen(busy: Duration) -> Rc<RefCell<Vec<(u64, u64)>>> {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let rings = Rc::clone(&heard);
    spawn(async move {
        let start = now();
        let mut bell = interval(10 * SECOND);
        for _ in 0..5 {
            let due = bell.tick().await - start;
            rings.borrow_mut().push(((now() - start).as_secs(), due.as_secs()));
            sleep(busy).await;
        }
    })
    .detach();
    heard
}

#[test]
#[ignore = "an exercise"]
fn the_first_tick_is_at_once_and_the_next_after_a_period() {
    run(async || {
        let heard = listen(Duration::ZERO);
        rest().await;
        assert_eq!(
            *heard.borrow(),
            [(0, 0)],
            "the interval must tick once at its start, because its first deadline is its start"
        );
        advance(9 * SECOND).await;
        rest().await;
        assert_eq!(
            *heard.borrow(),
            [(0, 0)],
            "the interval must not tick before its period is over, because a timer is never early"
        );
        advance(SECOND).await;
        rest().await;
        assert_eq!(
            *heard.borrow(),
            [(0, 0), (10, 10)],
            "the interval must tick when its period is over, because its sleep ends then"
        );
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
        assert_eq!(
            *heard.borrow(),
            [(0, 0), (10, 10), (20, 20), (30, 30), (40, 40)],
            "each tick must be a whole number of periods after the start, because what the task \
             does in between must not move it"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn ticks_that_were_missed_come_at_once() {
    run(async || {
        let heard = listen(Duration::ZERO);
        rest().await;
        advance(35 * SECOND).await;
        rest().await;
        advance(5 * SECOND).await;
        rest().await;
        assert_eq!(
            *heard.borrow(),
            [(0, 0), (35, 10), (35, 20), (35, 30), (40, 40)],
            "a tick that was missed must come at once with its own time, because none is left out"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_tick_that_is_dropped_while_it_waits_loses_no_tick() {
    run(async || {
        let start = now();
        let mut bell = interval(10 * SECOND);
        bell.tick().await;
        for _ in 0..3 {
            assert!(
                poll(pin!(bell.tick()), Waker::noop()).is_pending(),
                "a tick must be Pending before its time, because a timer is never early"
            );
        }
        advance(10 * SECOND).await;
        let ring = spawn(async move { bell.tick().await - start });
        rest().await;
        let rule = "a tick that is dropped while it waits must lose no tick, because it has not \
                    returned one";
        assert!(ring.is_finished(), "{rule}");
        assert_eq!(ring.await.unwrap(), 10 * SECOND, "{rule}");
    });
}
