//! Lints: warnings of tasks that slow the others down, if they are turned on.

use pizzaiolo::{
    TaskId,
    trace::{EventKind, Warning},
};

use crate::support::prelude::*;

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
    turns(times).await;
}

#[test]
fn a_slow_poll_is_warned_of_with_how_long_it_took_and_the_place() {
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
}

#[test]
fn a_slow_poll_of_the_future_of_block_on_is_warned_of() {
    let (executor, events) = watched_with(Executor::builder().slow_poll(BLOCKED / 2));
    executor.block_on(blocks());
    let warnings = events.warnings();
    assert!(matches!(warnings.as_slice(), [(_, Warning::SlowPoll(_), _)]), "{warnings:?}");
}

#[test]
fn a_poll_below_the_limit_is_not_slow() {
    let (executor, events) = watched_with(Executor::builder().slow_poll(Duration::MAX));
    executor.block_on(blocks());
    assert_eq!(events.warnings(), []);
}

/// No promise is broken by a machine so slow that it takes 100 ms for nothing, so only the other
/// side of the limit can be tested.
#[test]
fn a_poll_of_more_than_100_ms_is_slow_unless_told_otherwise() {
    let (executor, events) = watched_with(Executor::builder());
    executor.block_on(async { thread::sleep(Duration::from_millis(101)) });
    let warnings = events.warnings();
    assert!(matches!(warnings.as_slice(), [(_, Warning::SlowPoll(_), _)]), "{warnings:?}");
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
    let (executor, events) = watched();
    let (_task, line) = (executor.spawn(wakes_itself(1000)), line!());
    executor.run();
    let warnings = busy(&events.warnings());
    let [about] = warnings.as_slice() else { panic!("one was expected: {warnings:?}") };
    assert!(about.starts_with(&format!("spawned at {}:{line}:", file!())), "{about}");
}

#[test]
fn the_future_of_block_on_that_goes_on_waking_itself_is_warned_of_once_each_time() {
    let (executor, events) = watched();
    for round in 1..=2 {
        executor.block_on(wakes_itself(1000));
        let warnings = busy(&events.warnings());
        assert_eq!(warnings.len(), round, "{warnings:?}");
        assert!(warnings[0].starts_with("the future given to `block_on`"), "{warnings:?}");
    }
}

#[test]
fn a_few_turns_aside_are_no_busy_loop() {
    let (executor, events) = watched();
    for _ in 0..100 {
        let _task = executor.spawn(wakes_itself(10));
    }
    executor.run();
    assert_eq!(busy(&events.warnings()), [""; 0]);
}

#[test]
fn a_task_that_wakes_itself_in_a_third_of_its_polls_is_not_warned_of() {
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
}

#[test]
fn the_lints_are_off_unless_someone_asks() {
    let executor = executor();
    let lines = logged(|| {
        executor.block_on(wakes_itself(1000));
        let _task = executor.spawn(wakes_itself(1000));
        executor.block_on(async { thread::sleep(Duration::from_millis(101)) });
        executor.run();
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_flag_turns_them_on_and_the_log_has_them() {
    bound();
    for builder in
        [Executor::builder().lints(true), Executor::builder().slow_poll(Duration::from_millis(100))]
    {
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
}

/// Tasks that follow each other in one entry of the slab.
#[test]
fn a_task_is_not_judged_by_the_polls_of_the_one_before_it_in_its_entry() {
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
}

/// Returns how many polls of the task there were before each of its warnings.
fn polls_before_warnings(events: &Events, task: TaskId) -> Vec<usize> {
    let (mut polls, mut warnings) = (0, Vec::new());
    for event in events.all().iter().filter(|event| event.task() == Some(task)) {
        match event.kind() {
            EventKind::PollStarted => polls += 1,
            EventKind::Warned { warning: Warning::WakesItself, .. } => warnings.push(polls),
            _ => {}
        }
    }
    warnings
}

#[test]
fn a_task_that_always_wakes_itself_is_warned_of_once_in_its_64th_poll() {
    let (executor, events) = watched();
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls == 200 { Poll::Ready(()) } else { Poll::Pending }
    }));
    executor.run();
    assert_eq!(polls_before_warnings(&events, task.id()), [64]);
}

#[test]
fn a_task_that_wakes_itself_in_half_of_its_polls_is_no_busy_loop() {
    let (executor, events) = watched();
    let slot = Slot::default();
    let mine = slot.clone();
    let is_over = Rc::new(Cell::new(false));
    let over = Rc::clone(&is_over);
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |cx| {
        polls += 1;
        // In the first, the fourth, the sixth and so on: never in more than half of those so far.
        if polls == 1 || polls > 3 && polls % 2 == 0 {
            cx.waker().wake_by_ref();
        } else {
            mine.put(cx);
        }
        over.set(polls == 200);
        if polls == 200 { Poll::Ready(()) } else { Poll::Pending }
    }));
    while !is_over.get() {
        executor.run_until_idle();
        slot.wake();
    }
    executor.run();
    assert_eq!(polls_before_warnings(&events, task.id()), []);
}

#[test]
fn tasks_that_wake_each_other_are_no_busy_loop() {
    let (executor, events) = watched();
    let slots = [Slot::default(), Slot::default()];
    let tasks = [0, 1].map(|index| {
        let (mine, other) = (slots[index].clone(), slots[1 - index].clone());
        let mut polls = 0;
        executor.spawn(poll_fn(move |cx| {
            polls += 1;
            mine.put(cx);
            other.wake();
            if polls == 200 { Poll::Ready(()) } else { Poll::Pending }
        }))
    });
    // The second begins, for it finds the first asleep.
    executor.run_until_idle();
    for task in tasks {
        assert_eq!(polls_before_warnings(&events, task.id()), []);
    }
    assert!(executor.stats().polls > 300);
}

/// Wakes its task when it is dropped, which is after the task's last poll.
struct WakesOnDrop(Option<Waker>);

impl Future for WakesOnDrop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0 = Some(cx.waker().clone());
        Poll::Ready(())
    }
}

impl Drop for WakesOnDrop {
    fn drop(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

#[test]
fn a_wake_after_the_last_poll_of_a_task_is_not_counted_for_the_next_task() {
    let (executor, events) = watched();
    let task = executor.spawn(async {
        for _ in 0..200 {
            spawn(WakesOnDrop(None)).await.expect("it ends");
        }
    });
    executor.run();
    assert_eq!(polls_before_warnings(&events, task.id()), []);
}
