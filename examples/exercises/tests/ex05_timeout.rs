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
        let rule = "a future that is ready in time must have its output returned, because the time \
                    is only a limit";
        assert_eq!(timeout(SECOND, async { "pizza" }).await, Some("pizza"), "{rule}");
        let (oven, pizza) = bake();
        let guest = spawn(timeout(2 * SECOND, pizza));
        yield_now().await;
        advance(SECOND).await;
        oven.open();
        assert_eq!(guest.await.unwrap(), Some("pizza"), "{rule}");
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
        assert!(
            !guest.is_finished() && !oven.is_empty(),
            "the future must live until its time is over, because it may still be ready"
        );
        advance(SECOND).await;
        assert!(
            guest.is_finished(),
            "timeout must be Ready when its time is over, because the sleep wakes its task then"
        );
        assert!(
            oven.is_empty(),
            "the future must be dropped when its time is over, because that is how it is cancelled"
        );
        assert_eq!(guest.await.unwrap(), None, "the output must be None when the time is over");
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
        assert_eq!(
            guest.await.unwrap(),
            Some("pizza"),
            "the future must be polled before the sleep, because it counts if it is ready in time"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_poll_in_between_does_not_begin_the_time_anew() {
    run(async || {
        let (oven, pizza) = bake();
        let guest = spawn(timeout(2 * SECOND, pizza));
        yield_now().await;
        advance(SECOND).await;
        oven.wake();
        yield_now().await;
        advance(SECOND).await;
        let rule = "the time must count from the first poll, because a future may be polled any \
                    number of times before it has ended";
        assert!(guest.is_finished(), "{rule}");
        assert_eq!(guest.await.unwrap(), None, "{rule}");
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
        assert_eq!(
            oven.polls(),
            1,
            "timeout must not wake its own task while it waits, because nothing has happened"
        );
        guest.abort();
    });
}
