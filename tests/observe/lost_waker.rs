//! A future that returns Pending while nothing holds its waker can never run again.

use pizzaiolo::{
    task::{self, TaskState},
    trace::{TaskId, Warning},
};

use crate::support::prelude::*;

/// The one warning there is: of a lost waker. Returns the task, and what is said of it.
fn the_one_lost(warnings: &[(Option<TaskId>, Warning, String)]) -> (Option<TaskId>, &str) {
    match warnings {
        [(task, Warning::LostWaker, about)] => (*task, about),
        _ => panic!("one warning of a lost waker was expected: {warnings:?}"),
    }
}

#[test]
fn a_lost_task_is_warned_of_once_with_its_name_and_place() {
    let (executor, events) = watched();
    let line = line!() + 1;
    let task = task::Builder::new().name("forgotten").spawn_on(&executor, pending::<()>());
    executor.run_until_idle();
    // Others come and go.
    executor.block_on(spawned_and_yielded());
    executor.run_until_idle();

    let warnings = events.warnings();
    let (lost, about) = the_one_lost(&warnings);
    assert_eq!(lost, Some(task.id()));
    let place = format!("\"forgotten\", spawned at {}:{line}:", file!());
    assert!(about.starts_with(&place), "{about}");
}

async fn spawned_and_yielded() {
    spawn(yield_now()).await.expect("it does not panic");
}

#[test]
fn a_task_without_a_name_is_warned_of_by_its_place() {
    let (executor, events) = watched();
    let (_task, line) = (executor.spawn(pending::<()>()), line!());
    executor.run_until_idle();
    let warnings = events.warnings();
    let (_, about) = the_one_lost(&warnings);
    assert!(about.starts_with(&format!("spawned at {}:{line}:", file!())), "{about}");
}

#[test]
fn a_task_that_a_handle_has_sent_is_warned_of_by_the_place_that_sent_it() {
    let (executor, events) = watched();
    let handle = executor.handle();
    let sent = thread::spawn(move || {
        handle.spawn(pending::<()>());
        line!() - 1
    });
    let line = sent.join().expect("it does not panic");
    executor.run_until_idle();
    let warnings = events.warnings();
    let (_, about) = the_one_lost(&warnings);
    assert!(about.starts_with(&format!("spawned at {}:{line}:", file!())), "{about}");
}

#[test]
fn the_future_of_block_on_is_warned_of_once() {
    let (executor, events) = watched();
    let line = line!() + 1;
    deadlock(|| executor.block_on(pending::<()>()));
    let warnings = events.warnings();
    let (root, about) = the_one_lost(&warnings);
    assert_eq!(root.map(|root| root.to_string()).as_deref(), Some("root"));
    let place = format!("the future given to `block_on` at {}:{line}:", file!());
    assert!(about.starts_with(&place), "{about}");
}

#[test]
fn without_an_observer_the_log_has_the_warning() {
    let executor = executor();
    let lines = logged(|| {
        let _task = executor.spawn(pending::<()>());
        executor.run_until_idle();
    });
    let [line] = lines.as_slice() else { panic!("one line was expected: {lines:?}") };
    assert!(line.starts_with("WARN task 0: warning, spawned at "), "{line}");
    assert!(
        line.ends_with(
            ": it returned Pending, but nothing holds its waker: it can never run again"
        ),
        "{line}"
    );
}

/// A waker that is dropped later is not seen at the end of a poll: the task is not polled then.
/// But the table shows the task as one that waits for something unknown, and a deadlock is
/// proven all the same.
#[test]
fn a_waker_that_is_dropped_later_is_found_by_the_deadlock() {
    let (executor, events) = watched();
    let slot = Slot::new();
    let _task = executor.spawn(slot.waits());
    executor.run_until_idle();
    slot.take();
    executor.run_until_idle();
    assert_eq!(events.warnings(), []);
    deadlock(|| executor.run());
}

/// Runs a task until nothing is ready. It waits then, and there is no warning of it.
fn waits_in_peace(future: impl Future<Output = ()> + 'static) {
    let (executor, events) = watched();
    let _task = spawn_named(&executor, "waits", future);
    executor.run_until_idle();
    assert_eq!(named(&executor, "waits").state, TaskState::Waiting);
    assert_eq!(events.warnings(), []);
}

#[test]
fn a_task_that_waits_for_a_socket_is_not_warned_of() {
    bound();
    let (stream, _peer) = pair().expect("loopback");
    waits_in_peace(async move {
        // The peer does not write.
        let _ = stream.read(&mut [0; 1]).await;
    });
}

#[test]
fn a_task_that_waits_for_a_timer_is_not_warned_of() {
    waits_in_peace(time::sleep(Duration::from_secs(3600)));
}

#[test]
fn a_task_that_waits_for_a_timer_that_never_fires_is_not_warned_of() {
    waits_in_peace(time::sleep(Duration::MAX));
}

#[test]
fn a_task_that_waits_for_another_is_not_warned_of() {
    bound();
    waits_in_peace(async {
        spawn(time::sleep(Duration::from_secs(3600))).await.expect("it does not panic");
    });
}

#[test]
fn a_task_whose_waker_another_thread_holds_is_not_warned_of() {
    bound();
    let (give, take) = mpsc::channel::<Waker>();
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _waker = take.recv();
        // Until the test is over.
        let _ = ended.recv();
    });
    waits_in_peace(poll_fn(move |cx| {
        give.send(cx.waker().clone()).expect("the thread listens");
        Poll::Pending
    }));
    drop(end);
    thread.join().expect("it does not panic");
}

#[test]
fn a_task_whose_waker_is_in_an_rc_elsewhere_is_not_warned_of() {
    bound();
    let bell = Bell::default();
    waits_in_peace(bell.clone());
    drop(bell);
}

#[test]
fn a_task_that_has_woken_itself_is_not_warned_of() {
    let (executor, events) = watched();
    // It keeps no waker, but its name is in the queue.
    let task = executor.spawn(async {
        turns(10).await;
    });
    executor.run_until_idle();
    assert!(task.is_finished());
    assert_eq!(events.warnings(), []);
}

/// The last waker went before the poll ended, but it was used up by a wake.
#[test]
fn a_task_that_another_thread_has_woken_meanwhile_is_not_warned_of() {
    let (executor, events) = watched();
    let task = executor.spawn(give_waker(|waker| on_another_thread(|| waker.wake())));
    executor.run_until_idle();
    assert!(task.is_finished());
    assert_eq!(events.warnings(), []);
}

/// The waker that is left belongs to the task that had the entry before.
#[test]
fn a_lost_task_is_warned_of_though_a_waker_of_its_entry_is_left() {
    let (executor, events) = watched();
    let first = executor.spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    let id = first.id();
    let _left = executor.block_on(first).expect("it does not panic");
    let lost = executor.spawn(pending::<()>());
    assert_eq!(lost.id().to_string(), format!("{id}.1"), "it has the same entry");
    executor.run_until_idle();
    assert_eq!(the_one_lost(&events.warnings()).0, Some(lost.id()));
}
