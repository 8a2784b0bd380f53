use std::time::Duration;

use pizzaiolo::{
    spawn,
    time::{advance, sleep},
    yield_now,
};

use super::timeout;
use crate::support::{bake, run};

const SECOND: Duration = Duration::from_secs(1);

#[test]
#[ignore = "an exercise"]
fn what_is_ready_in_time_counts() {
    run(async || {
        assert_eq!(timeout(SECOND, async { "pizza" }).await, Some("pizza"));
        let (oven, pizza) = bake();
        let guest = spawn(timeout(2 * SECOND, pizza));
        yield_now().await;
        advance(SECOND).await;
        oven.open();
        assert_eq!(guest.await.unwrap(), Some("pizza"));
    });
}

#[test]
#[ignore = "an exercise"]
fn what_is_not_ready_in_time_is_dropped() {
    run(async || {
        let (oven, pizza) = bake();
        let guest = spawn(timeout(2 * SECOND, pizza));
        yield_now().await;
        advance(SECOND).await;
        assert!(!guest.is_finished() && !oven.is_empty(), "there is still time");
        advance(SECOND).await;
        assert!(guest.is_finished() && oven.is_empty(), "the time is over");
        assert_eq!(guest.await.unwrap(), None);
    });
}

#[test]
#[ignore = "an exercise"]
fn what_is_ready_at_the_last_moment_still_counts() {
    run(async || {
        let guest = spawn(timeout(SECOND, async {
            sleep(SECOND).await;
            "pizza"
        }));
        yield_now().await;
        advance(SECOND).await;
        assert_eq!(guest.await.unwrap(), Some("pizza"));
    });
}

#[test]
#[ignore = "an exercise"]
fn a_future_that_waits_is_left_alone() {
    run(async || {
        let (oven, pizza) = bake();
        let guest = spawn(timeout(SECOND, pizza));
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(oven.polls(), 1, "nothing has happened, so there is nothing to poll for");
        guest.abort();
    });
}
