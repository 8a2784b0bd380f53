//! Join handles: what they yield, when, and that everything is dropped once.

use std::error::Error;

use pizzaiolo::{JoinError, block_on};

use crate::support::prelude::*;

// What the handle yields.

#[test]
fn a_handle_yields_the_output() {
    assert_eq!(block_on(async { spawn(async { 42 }).await.unwrap() }), 42);
}

#[test]
fn a_handle_yields_an_output_that_was_ready_before_it_asked() {
    let executor = executor();
    let task = executor.spawn(async { String::from("margherita") });
    executor.run();
    assert!(task.is_finished());
    assert_eq!(executor.block_on(task).unwrap(), "margherita");
}

#[test]
fn a_handle_can_be_asked_again_and_again_until_it_answers() {
    let executor = executor();
    let mut task = executor.spawn(yield_now());
    assert!(poll_once(&mut task).is_pending());
    executor.run();
    assert!(poll_once(&mut task).is_ready());
    assert!(task.is_finished());
    let (message, _) = panic_of(|| poll_once(&mut task));
    assert!(message.contains("polled after it had returned"), "{message}");
}

#[test]
fn a_handle_can_be_awaited_in_another_executor_of_the_thread() {
    let (baker, waiter) = (executor(), executor());
    let task = baker.spawn(async { "baked" });
    let waiting = waiter.spawn(task);
    waiter.run_until_idle();
    assert!(!waiting.is_finished());
    baker.run();
    waiter.run();
    assert_eq!(waiter.block_on(waiting).unwrap().unwrap(), "baked");
}

#[test]
fn the_joiner_is_woken_once_by_the_end_of_the_task() {
    let (executor, wakes) = (executor(), Counter::new());
    let mut task = executor.spawn(yield_now());
    for _ in 0..3 {
        assert!(poll_with(&mut task, &wakes.waker()).is_pending());
    }
    executor.run();
    assert_eq!(wakes.get(), 1);
}

/// A future whose drop looks at its own handle, or whose drop is looked at.
#[test]
fn the_future_is_dropped_before_the_result_can_be_seen() {
    for abort in [false, true] {
        let (executor, drops) = (executor(), Counter::new());
        let handle = Rc::new(RefCell::new(None::<JoinHandle<()>>));
        let (own, dropped) = (Rc::clone(&handle), drops.clone());
        let guard = OnDrop(move || {
            if let Some(handle) = own.borrow_mut().as_mut() {
                assert!(!handle.is_finished());
                assert!(poll_once(handle).is_pending());
            }
            dropped.add();
        });
        let task = executor.spawn(async move {
            yield_now().await;
            drop(guard);
        });
        assert!(executor.tick());
        if abort {
            task.abort();
        }
        *handle.borrow_mut() = Some(task);
        executor.run();
        let mut task = handle.take().unwrap();
        assert_eq!((drops.get(), task.is_finished()), (1, true));
        let Poll::Ready(result) = poll_once(&mut task) else { panic!("it is finished") };
        assert_eq!(result.is_err(), abort);
        assert!(!abort || result.unwrap_err().is_cancelled(), "its drop has panicked");
    }
}

/// "An operation pending when its executor goes away hangs" (tokio#2903): here it ends with an
/// error, and the task that waits for it is woken.
#[test]
fn a_handle_whose_executor_goes_away_yields_cancelled() {
    let (baker, waiter) = (executor(), executor());
    let (woken, never_polled) = (baker.spawn(pending::<()>()), baker.spawn(pending::<()>()));
    let finished = baker.spawn(async { "baked" });
    let mut asked = baker.spawn(pending::<()>());
    let wakes = Counter::new();
    assert!(poll_with(&mut asked, &wakes.waker()).is_pending());
    let waiting = waiter.spawn(woken);
    waiter.run_until_idle();
    assert!(baker.tick());
    baker.run_until_idle();
    drop(baker);
    assert_eq!(wakes.get(), 1);
    waiter.run();
    assert!(waiter.block_on(waiting).unwrap().unwrap_err().is_cancelled());
    assert!(waiter.block_on(asked).unwrap_err().is_cancelled());
    assert!(waiter.block_on(never_polled).unwrap_err().is_cancelled());
    assert_eq!(waiter.block_on(finished).unwrap(), "baked", "what was done stays");
}

// Abort.

/// "`abort` whose handle is gone is ignored" (tokio#3964, #3929): here the future is dropped
/// within one turn of the loop, whether it waits, is ready, or was never polled.
#[test]
fn an_aborted_task_is_dropped_within_one_turn_though_its_handle_is_gone() {
    for polls_before in 0..=2 {
        let (executor, drops, polls) = (executor(), Counter::new(), Counter::new());
        let (guard, counted) = (drops.on_drop(), polls.clone());
        let task = executor.spawn(async move {
            let _guard = guard;
            counted.add();
            yield_now().await;
            counted.add();
            pending::<()>().await;
        });
        let busy = executor.spawn(async {
            loop {
                yield_now().await;
            }
        });
        for _ in 0..polls_before {
            // The task, and the busy one.
            assert!(executor.tick() && executor.tick());
        }
        task.abort();
        drop(task);
        assert_eq!(drops.get(), 0, "not in the middle of the task that aborts");
        // One turn: every task that is ready has had its own.
        assert!(executor.tick());
        executor.tick();
        assert_eq!((drops.get(), polls.get()), (1, polls_before.min(2)));
        assert_eq!(executor.task_count(), 1);
        drop(busy);
    }
}

#[test]
fn abort_ends_a_task_that_waits_and_wakes_its_joiner() {
    let wakes = Counter::new();
    let executor = executor();
    let mut task = executor.spawn(pending::<()>());
    executor.run_until_idle();
    assert!(poll_with(&mut task, &wakes.waker()).is_pending());
    task.abort();
    task.abort();
    assert!(!task.is_finished(), "it has a turn left");
    executor.run();
    assert_eq!(wakes.get(), 1);
    assert!(executor.block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn abort_of_a_task_that_was_never_polled_drops_it_unpolled() {
    let (executor, polls) = (executor(), Counter::new());
    let task = executor.spawn(polls.polls(async {}));
    task.abort();
    assert!(executor.block_on(task).unwrap_err().is_cancelled());
    assert_eq!(polls.get(), 0);
}

#[test]
fn abort_of_a_finished_task_does_nothing() {
    let executor = executor();
    let (done, fallen) = (executor.spawn(async { "baked" }), executor.spawn(async { panic!() }));
    quietly(|| executor.run()).unwrap();
    // A new task in what might be taken for its place.
    let other = executor.spawn(async { "other" });
    done.abort();
    fallen.abort();
    assert_eq!(executor.block_on(done).unwrap(), "baked");
    let fallen: Result<(), _> = executor.block_on(fallen);
    assert!(fallen.unwrap_err().is_panic());
    assert_eq!(executor.block_on(other).unwrap(), "other");
}

// Panics.

/// "A panic in one task ends the thread, or poisons the rest" (monoio#314, async-executor#135):
/// here the others go on, and the handle yields the payload.
#[test]
fn a_panic_in_a_task_stays_in_that_task() {
    let executor = executor();
    let first = executor.spawn(async { yield_now().await });
    let falls = executor.spawn(async {
        yield_now().await;
        std::panic::panic_any(7_u8)
    });
    let last = executor.spawn(async {
        turns(10).await;
        spawn(async { "baked" }).await.unwrap()
    });
    quietly(|| executor.run()).unwrap();
    executor.block_on(first).unwrap();
    let fallen: Result<(), _> = executor.block_on(falls);
    assert_eq!(*fallen.unwrap_err().into_panic().downcast::<u8>().unwrap(), 7);
    assert_eq!(executor.block_on(last).unwrap(), "baked");
    assert_eq!(executor.task_count(), 0);
}

/// The panic is caught first, so what the future owns is dropped as at any other end.
#[test]
fn the_future_of_a_task_that_panicked_is_dropped_after_the_catch() {
    let (executor, seen) = (executor(), Rc::new(Cell::new(None)));
    let panicking = Rc::clone(&seen);
    let ask = OnDrop(move || panicking.set(Some(thread::panicking())));
    let task = executor.spawn(PanicsWith(ask));
    quietly(|| executor.run()).unwrap();
    assert_eq!(seen.get(), Some(false));
    assert!(executor.block_on(task).unwrap_err().is_panic());
}

/// A future that owns this, and panics when it is polled: unlike the variables of an `async` block,
/// which the panic itself drops, what it owns stays until it is dropped.
struct PanicsWith<T>(T);

impl<T> Future for PanicsWith<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("burnt")
    }
}

#[test]
fn a_thousand_panicking_tasks_leave_an_executor_that_works() {
    let (executor, done) = (executor(), Counter::new());
    quietly(|| {
        executor.block_on(async {
            for _ in 0..1000 {
                drop(spawn(async { panic!("detached") }));
                drop(spawn(done.polls(async {})));
            }
            yield_now().await;
        });
    })
    .unwrap();
    executor.run();
    assert_eq!((done.get(), executor.task_count()), (1000, 0));
}

/// A payload that panics when it is dropped, with the same kind of payload some times more.
struct PanickingPayload(u8, Counter);

impl Drop for PanickingPayload {
    fn drop(&mut self) {
        self.1.add();
        if self.0 > 0 {
            std::panic::panic_any(PanickingPayload(self.0 - 1, self.1.clone()));
        }
    }
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_harms_nobody() {
    for depth in 0..4 {
        let (executor, drops) = (executor(), Counter::new());
        let fall = || {
            let payload = PanickingPayload(depth, drops.clone());
            async { std::panic::panic_any(payload) }
        };
        let (detached, kept) = (executor.spawn(fall()), executor.spawn(fall()));
        let survivor = executor.spawn(async {
            yield_now().await;
            "baked"
        });
        drop::<JoinHandle<()>>(detached);
        quietly(|| executor.run()).unwrap();
        assert!(drops.get() >= 1, "that of the detached task");
        let before = drops.get();
        // Dropped with its handle, which was never asked.
        quietly(|| drop::<JoinHandle<()>>(kept)).unwrap();
        assert!(drops.get() > before);
        assert_eq!(executor.block_on(survivor).unwrap(), "baked");
    }
}

// The error.

fn cancelled() -> JoinError {
    block_on(async {
        let task = spawn(pending::<()>());
        task.abort();
        task.await.unwrap_err()
    })
}

fn panicked(with: impl FnOnce() + 'static) -> JoinError {
    quietly(|| block_on(async { spawn(async { with() }).await.unwrap_err() })).unwrap()
}

#[test]
fn a_join_error_says_why() {
    let (cancelled, text) = (cancelled(), panicked(|| panic!("no more dough")));
    assert!(cancelled.is_cancelled() && !cancelled.is_panic());
    assert!(!text.is_cancelled() && text.is_panic());
    assert_eq!(cancelled.to_string(), "the task was cancelled");
    assert_eq!(text.to_string(), "the task panicked: no more dough");
    let (dough, other) = (7, panicked(|| std::panic::panic_any(7)));
    let formatted = panicked(move || panic!("no more dough {dough}"));
    assert_eq!(formatted.to_string(), "the task panicked: no more dough 7");
    assert_eq!(other.to_string(), "the task panicked");
    assert!(format!("{other:?} {cancelled:?}").contains("the task panicked"));
    assert_eq!(message_of(&*text.into_panic()), "no more dough");
}

#[test]
fn into_panic_of_a_cancelled_task_panics_and_names_the_remedy() {
    let error = cancelled();
    let (message, file) = panic_of(|| error.into_panic());
    assert!(message.contains("ask `is_panic()` first"), "{message}");
    assert!(file.starts_with("tests"), "the caller is blamed: {file}");
}

#[test]
fn a_join_error_crosses_threads_and_passes_for_an_io_error() {
    fn is_error<E: Error + Send + Sync + 'static>(error: E) -> E {
        error
    }

    let error = is_error(panicked(|| panic!("no more dough")));
    let error = std::thread::spawn(move || error).join().unwrap();
    let error = io::Error::from(error);
    assert_eq!(error.to_string(), "the task panicked: no more dough");
    assert!(error.get_ref().unwrap().downcast_ref::<JoinError>().unwrap().is_panic());
}

#[test]
fn a_joiner_that_is_dropped_while_it_waits_is_woken_no_more() {
    let (executor, wakes) = (executor(), Counter::new());
    let mut task = executor.spawn(yield_now());
    assert!(poll_with(&mut task, &wakes.waker()).is_pending());
    drop(task);
    executor.run();
    assert_eq!(wakes.get(), 0);
}

#[test]
fn a_join_handle_that_is_polled_when_its_task_is_done_is_ready_at_once() {
    executor().block_on(async {
        let mut task = spawn(async { 3 });
        while !task.is_finished() {
            yield_now().await;
        }
        let poll = poll_once(&mut task);
        assert!(matches!(poll, Poll::Ready(Ok(3))));
    });
}
