//! The paused clock.

use std::time::{Duration, Instant};

use pizzaiolo::{Executor, time};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_clock_that_is_resumed_runs_on_from_where_it_stood() {
    let executor = Executor::builder().paused_clock(true).build().expect("descriptors");
    executor.block_on(async {
        let start = time::now();
        time::advance(HOUR).await;
        time::resume();
        let resumed = time::now();
        assert!(resumed >= start + HOUR);
        let (before, nap) = (Instant::now(), Duration::from_millis(20));
        time::sleep(nap).await;
        assert!(before.elapsed() >= nap, "the time is the OS's again");
        assert!(time::now() >= resumed + nap);
    });
}
