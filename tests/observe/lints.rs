//! Lints: warnings of tasks that slow the others down, if somebody asks for them.

use std::{future::poll_fn, task::Poll, thread, time::Duration};

use pizzaiolo::{Executor, TaskId, time, trace::Warning, yield_now};

use crate::support::{bounded, executor, logged, watched, watched_with};

const BLOCKED: Duration = Duration::from_millis(20);

/// A future that blocks the thread.
fn blocks() -> impl Future<Output = ()> {
    poll_fn(|_| {
        thread::sleep(BLOCKED);
        Poll::Ready(())
    })
}

/// A task that wakes itself `times` times, and so is polled once more often.
async fn wakes_itself(times: u32) {
    for _ in 0..times {
        yield_now().await;
    }
}

#[test]
fn a_slow_poll_is_warned_of_with_how_long_it_took_and_the_place() {
    bounded(|| {
        let (executor, events) = watched_with(Executor::builder().slow_poll(BLOCKED / 2));
        let (task, line) = (executor.spawn(blocks()), line!());
        executor.run();
        let warnings = events.warnings();
        let slow: Vec<_> = warnings.iter().filter(|warning| warning.0 == Some(task.id())).collect();
        let [(_, Warning::SlowPoll(took), about)] = slow.as_slice() else {
            panic!("one warning was expected: {warnings:?}");
        };
        assert!(*took >= BLOCKED, "{took:?}");
        assert!(about.starts_with(&format!("spawned at {}:{line}:", file!())), "{about}");
    });
}

#[test]
fn a_slow_poll_of_the_future_of_block_on_is_warned_of() {
    bounded(|| {
        let (executor, events) = watched_with(Executor::builder().slow_poll(BLOCKED / 2));
        executor.block_on(blocks());
        let warnings = events.warnings();
        assert!(matches!(warnings.as_slice(), [(_, Warning::SlowPoll(_), _)]), "{warnings:?}");
    });
}

#[test]
fn a_poll_below_the_limit_is_not_slow() {
    bounded(|| {
        let (executor, events) = watched_with(Executor::builder().slow_poll(Duration::MAX));
        executor.block_on(blocks());
        assert_eq!(events.warnings(), []);
    });
}

/// No promise is broken by a machine so slow that it takes 100 ms for nothing, so only the other
/// side of the limit can be tested.
#[test]
fn a_poll_of_more_than_100_ms_is_slow_unless_told_otherwise() {
    bounded(|| {
        let (executor, events) = watched_with(Executor::builder());
        executor.block_on(async { thread::sleep(Duration::from_millis(101)) });
        let warnings = events.warnings();
        assert!(matches!(warnings.as_slice(), [(_, Warning::SlowPoll(_), _)]), "{warnings:?}");
    });
}

/// The tasks that were warned of because they wake themselves.
fn busy(warnings: &[(Option<TaskId>, Warning, String)]) -> Vec<String> {
    let busy = warnings.iter().filter(|(_, warning, _)| *warning == Warning::WakesItself);
    busy.map(|(task, _, about)| {
        assert!(task.is_some());
        about.clone()
    })
    .collect()
}

#[test]
fn a_task_that_goes_on_waking_itself_is_warned_of_once() {
    bounded(|| {
        let (executor, events) = watched();
        let (_task, line) = (executor.spawn(wakes_itself(1000)), line!());
        executor.run();
        let warnings = busy(&events.warnings());
        let [about] = warnings.as_slice() else { panic!("one was expected: {warnings:?}") };
        assert!(about.starts_with(&format!("spawned at {}:{line}:", file!())), "{about}");
    });
}

#[test]
fn the_future_of_block_on_that_goes_on_waking_itself_is_warned_of_once_each_time() {
    bounded(|| {
        let (executor, events) = watched();
        for round in 1..=2 {
            executor.block_on(wakes_itself(1000));
            let warnings = busy(&events.warnings());
            assert_eq!(warnings.len(), round, "{warnings:?}");
            assert!(warnings[0].starts_with("the future given to `block_on`"), "{warnings:?}");
        }
    });
}

#[test]
fn a_few_turns_aside_are_no_busy_loop() {
    bounded(|| {
        let (executor, events) = watched();
        for _ in 0..100 {
            let _task = executor.spawn(wakes_itself(10));
        }
        executor.run();
        assert_eq!(busy(&events.warnings()), [""; 0]);
    });
}

#[test]
fn a_task_that_wakes_itself_in_a_third_of_its_polls_is_not_warned_of() {
    bounded(|| {
        let builder = Executor::builder().paused_clock(true);
        let (executor, events) = watched_with(builder);
        let task = executor.spawn(async {
            for _ in 0..200 {
                yield_now().await;
                time::sleep(Duration::from_secs(1)).await;
                time::sleep(Duration::from_secs(1)).await;
            }
        });
        executor.run();
        assert!(task.is_finished());
        assert_eq!(busy(&events.warnings()), [""; 0]);
    });
}

#[test]
fn the_lints_are_off_unless_someone_asks() {
    bounded(|| {
        let executor = executor();
        let lines = logged(|| {
            executor.block_on(wakes_itself(1000));
            let _task = executor.spawn(wakes_itself(1000));
            executor.block_on(async { thread::sleep(Duration::from_millis(101)) });
            executor.run();
        });
        assert_eq!(lines, [""; 0]);
    });
}

#[test]
fn a_flag_turns_them_on_and_the_log_has_them() {
    bounded(|| {
        for builder in [
            Executor::builder().lints(true),
            Executor::builder().slow_poll(Duration::from_millis(100)),
        ] {
            let executor = builder.build().expect("the OS has descriptors");
            let lines = logged(|| {
                let _task = executor.spawn(wakes_itself(1000));
                executor.block_on(async { thread::sleep(Duration::from_millis(101)) });
                executor.run();
            });
            let has = |start: &str, end: &str| {
                lines.iter().any(|line| line.starts_with(start) && line.ends_with(end))
            };
            assert!(
                has("WARN root: warning, the future given to `block_on`", "ran meanwhile"),
                "{lines:?}"
            );
            assert!(
                has(
                    "WARN task 0: warning, spawned at ",
                    ": it wakes itself in more than half of its polls: it may be a busy loop"
                ),
                "{lines:?}"
            );
        }
    });
}

/// Tasks that follow each other in one entry of the slab.
#[test]
fn a_task_is_not_judged_by_the_polls_of_the_one_before_it_in_its_entry() {
    bounded(|| {
        let (executor, events) = watched();
        for (wakes, warnings) in [(1000, 1), (1000, 2), (10, 2)] {
            let task = executor.spawn(wakes_itself(wakes));
            executor.run();
            assert!(task.is_finished());
            assert_eq!(busy(&events.warnings()).len(), warnings);
        }
        // Each is below the limit; together they are above it.
        for _ in 0..100 {
            executor.block_on(executor.spawn(wakes_itself(10))).expect("it does not panic");
        }
        assert_eq!(busy(&events.warnings()).len(), 2);
    });
}
