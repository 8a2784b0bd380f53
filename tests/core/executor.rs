//! What the executor promises: when it runs which task, how often, and when it stops.

use pizzaiolo::{block_on, trace::EventKind};

use crate::support::prelude::*;

// What runs, and for how long.

#[test]
fn block_on_returns_the_output_of_a_future_that_borrows() {
    let orders = String::from("margherita");
    let first = executor().block_on(async { &orders[..1] });
    assert_eq!(first, "m");
}

#[test]
fn block_on_leaves_pending_tasks_for_the_next_call() {
    let executor = executor();
    let handle = executor.block_on(poll_fn(|_| Poll::Ready(spawn(turns(5)))));
    assert_eq!(executor.task_count(), 1);
    executor.block_on(handle).unwrap();
}

#[test]
fn run_returns_when_no_task_is_left() {
    let (executor, done) = (executor(), Counter::new());
    executor.run();
    let waiter = done.clone();
    drop(executor.spawn(async move {
        spawn(waiter.polls(async {})).await.unwrap();
        // Sleeps until another thread wakes it.
        give_waker(|waker| drop(thread::spawn(move || waker.wake()))).await;
        waiter.add();
    }));
    executor.run();
    assert_eq!((done.get(), executor.task_count()), (2, 0));
}

/// "A self-wake, or a spawn inside poll, is not seen before idle" (futures-rs#1737, #2593): here
/// `run_until_idle` runs them all.
#[test]
fn run_until_idle_runs_what_is_woken_and_spawned_meanwhile() {
    let (executor, done) = (executor(), Counter::new());
    let counted = done.clone();
    drop(executor.spawn(async move {
        for _ in 0..1000 {
            yield_now().await;
            let counted = counted.clone();
            drop(spawn(async move {
                yield_now().await;
                drop(spawn(counted.polls(async {})));
            }));
        }
    }));
    executor.run_until_idle();
    assert_eq!((done.get(), executor.task_count()), (1000, 0));
}

#[test]
fn run_until_idle_never_sleeps() {
    let executor = executor();
    let waiting = executor.spawn(pending::<()>());
    executor.run_until_idle();
    assert!(!waiting.is_finished());
    assert_eq!(executor.task_count(), 1);
}

/// The same for wakes and futures that other threads have sent before.
#[test]
fn run_until_idle_collects_what_other_threads_have_sent() {
    let (executor, done) = (executor(), Counter::new());
    let handle = executor.handle();
    on_another_thread(|| handle.spawn(done.polls(async {})));
    executor.run_until_idle();
    assert_eq!(done.get(), 1);
}

#[test]
fn tick_polls_one_ready_task_once() {
    let (executor, polls) = (executor(), Counter::new());
    for _ in 0..2 {
        drop(executor.spawn(polls.polls(yield_now())));
    }
    for polled in 1..=4 {
        assert!(executor.tick());
        assert_eq!(polls.get(), polled);
    }
    assert!(!executor.tick());
}

#[test]
fn tick_polls_nobody_if_only_aborted_tasks_are_ready() {
    let (executor, drops) = (executor(), Counter::new());
    executor.spawn(holds(&drops)).abort();
    assert!(!executor.tick());
    assert_eq!((drops.get(), executor.task_count()), (1, 0));
}

#[test]
fn task_count_counts_ready_running_and_waiting_tasks() {
    let executor = Rc::new(executor());
    let (inner, seen) = (Rc::clone(&executor), Rc::new(Cell::new(0)));
    let seen_inside = Rc::clone(&seen);
    drop(executor.spawn(pending::<()>()));
    let running = executor.spawn(async move { seen_inside.set(inner.task_count()) });
    assert_eq!(executor.task_count(), 2);
    executor.run_until_idle();
    assert_eq!((seen.get(), executor.task_count()), (2, 1));
    assert!(running.is_finished(), "a finished task is not alive, though its handle is");
}

// In which order, and how often.

#[test]
fn tasks_run_in_the_order_in_which_they_were_spawned_and_woken() {
    let (executor, order) = (executor(), Rc::new(RefCell::new(Vec::new())));
    let wakers = Rc::new(RefCell::new(Vec::<Waker>::new()));
    for number in 0..10 {
        let (order, wakers) = (Rc::clone(&order), Rc::clone(&wakers));
        drop(executor.spawn(poll_fn(move |cx| {
            order.borrow_mut().push(number);
            wakers.borrow_mut().push(cx.waker().clone());
            Poll::<()>::Pending
        })));
    }
    executor.run_until_idle();
    let wakers = wakers.take();
    let others = [7, 3, 3, 9, 0];
    drop(executor.spawn(async move { others.map(|number| wakers[number].wake_by_ref()) }));
    executor.run_until_idle();
    assert_eq!(*order.borrow(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 3, 9, 0]);
}

#[test]
fn the_root_future_takes_its_turn_among_the_tasks() {
    let (executor, order) = (executor(), Rc::new(RefCell::new(Vec::new())));
    for name in ["first", "second"] {
        let order = Rc::clone(&order);
        drop(executor.spawn(async move {
            order.borrow_mut().push(name);
            yield_now().await;
            order.borrow_mut().push(name);
        }));
    }
    executor.block_on(async {
        order.borrow_mut().push("root");
        yield_now().await;
        order.borrow_mut().push("root");
    });
    assert_eq!(*order.borrow(), ["first", "second", "root", "first", "second", "root"]);
}

/// "The root future is polled more, or less, often than it is woken" (monoio#147, tokio#3582):
/// here it is polled once at the start, and once for each turn in which it was woken.
#[test]
fn the_root_future_is_polled_exactly_as_often_as_it_is_woken() {
    let (executor, polls) = (executor(), Cell::new(0));
    executor.block_on(async {
        let (tasks, mut done) = (50, false);
        let finished = Counter::new();
        let mut root = None;
        poll_fn(|cx| {
            polls.set(polls.get() + 1);
            if !std::mem::replace(&mut done, true) {
                root = Some(cx.waker().clone());
                for number in 0..tasks {
                    let (root, finished) = (cx.waker().clone(), finished.clone());
                    drop(spawn(async move {
                        turns(10).await;
                        finished.add();
                        if number == tasks - 1 {
                            // Three wakes, one turn.
                            root.wake_by_ref();
                            root.wake_by_ref();
                            root.wake();
                        }
                    }));
                }
                return Poll::Pending;
            }
            assert_eq!(finished.get(), tasks, "the root future was polled without a wake");
            Poll::Ready(())
        })
        .await;
    });
    assert_eq!(polls.get(), 2);
}

/// The same for a wake of its own: each is one more poll.
#[test]
fn the_root_future_that_wakes_itself_is_polled_once_more_each_time() {
    bound();
    let polls = Cell::new(0);
    block_on(poll_fn(|cx| {
        polls.set(polls.get() + 1);
        if polls.get() == 100 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    assert_eq!(polls.get(), 100);
}

/// The waker of an earlier `block_on` is woken in a later one, from here and from another thread.
#[test]
fn the_waker_of_an_earlier_root_future_touches_no_later_one() {
    let executor = executor();
    let old = executor.block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    let (polls, over) = (Cell::new(0), Counter::new());
    executor.block_on(poll_fn(|cx| {
        polls.set(polls.get() + 1);
        if over.get() == 1 {
            return Poll::Ready(());
        }
        old.wake_by_ref();
        let (old, new) = (old.clone(), cx.waker().clone());
        let over = over.clone();
        drop(spawn(async move {
            turns(10).await;
            over.add();
            // The letter for the old one comes before the one that counts.
            thread::spawn(move || {
                old.wake();
                new.wake();
            })
            .join()
            .unwrap();
        }));
        Poll::Pending
    }));
    assert_eq!(polls.get(), 2);
}

/// "More tasks are ready than one pass takes, then the loop sleeps" (tokio#1899): here it never
/// parks while one is ready.
#[test]
fn the_executor_never_parks_while_a_task_is_ready() {
    const TASKS: usize = 10_000;
    let (executor, events) = watched();
    let done = Counter::new();
    for _ in 0..TASKS {
        let done = done.clone();
        drop(executor.spawn(async move {
            yield_now().await;
            done.add();
        }));
    }
    executor.block_on(async {
        while done.get() < TASKS {
            yield_now().await;
        }
    });
    executor.run();
    assert_eq!(events.count(|kind| matches!(kind, EventKind::Parked { .. })), 0);
}

/// "The old waker is woken when it is replaced: a busy loop" (async-io's reactor): here a read
/// that waits is polled when it is asked for, and never again by itself.
#[test]
fn a_read_that_waits_costs_one_poll_however_its_waker_changes() {
    let (socket, silent) = pair().unwrap();
    let (executor, polls, wakes) = (executor(), Counter::new(), Counter::new());
    let (counted, woken) = (polls.clone(), wakes.clone());
    let reader = executor.spawn(async move {
        let mut buffer = [0; 8];
        let mut read = Box::pin(socket.read(&mut buffer));
        poll_fn(|cx| {
            counted.add();
            // A waker of others first: it is replaced by our own.
            assert!(poll_with(&mut read, &woken.waker()).is_pending());
            poll_with(&mut read, cx.waker())
        })
        .await
        .unwrap()
    });
    for _ in 0..100 {
        executor.run_until_idle();
    }
    // The socket is writable from the start, which is no reader's business.
    assert_eq!((polls.get(), wakes.get()), (1, 0));
    drop(reader);
    drop(silent);
}

// Panics of the root future, and of who uses the executor wrongly.

#[test]
fn a_panic_of_the_root_future_passes_through_and_the_executor_goes_on() {
    let (executor, drops) = (executor(), Counter::new());
    let task = executor.spawn(async {
        yield_now().await;
        yield_now().await;
        "still here"
    });
    let guard = drops.on_drop();
    let (message, _) = panic_of(|| {
        executor.block_on(async {
            let _guard = guard;
            yield_now().await;
            panic!("no more dough")
        })
    });
    assert_eq!(message, "no more dough");
    assert_eq!(drops.get(), 1, "the future is dropped");
    assert_eq!(executor.task_count(), 1);
    assert_eq!(executor.block_on(task).unwrap(), "still here");
    executor.run();
}

/// "A nested `block_on` shares the parker and hangs" (async-std#799): here it is a panic that
/// says what to do instead, whichever way the executor is entered.
#[test]
fn running_an_executor_inside_one_panics_and_says_what_to_do_instead() {
    let outer = Rc::new(executor());
    let inside = Rc::clone(&outer);
    let other = executor();
    outer.block_on(async move {
        let ways: [(&str, &dyn Fn()); 6] = [
            ("a free block_on", &|| block_on(async {})),
            ("the same block_on", &|| inside.block_on(async {})),
            ("another's block_on", &|| other.block_on(async {})),
            ("run", &|| inside.run()),
            ("run_until_idle", &|| other.run_until_idle()),
            ("tick", &|| assert!(!inside.tick())),
        ];
        for (name, way) in ways {
            let (message, file) = panic_of(way);
            assert!(message.contains("already runs on this thread"), "{name}: {message}");
            assert!(message.contains("`.await` the future, or spawn it"), "{name}: {message}");
            assert!(file.ends_with("executor.rs") && file.starts_with("tests"), "{file}");
        }
        // Nothing is broken by it.
        spawn(async { yield_now().await }).await.unwrap();
    });
    outer.block_on(async {});
}

#[test]
fn a_nested_block_on_inside_a_task_is_that_tasks_panic() {
    let executor = executor();
    let task = executor.spawn(async { block_on(async {}) });
    quietly(|| executor.run()).unwrap();
    assert!(executor.block_on(task).unwrap_err().is_panic());
}

#[test]
fn spawning_outside_an_executor_panics_and_names_the_remedy() {
    let (message, file) = panic_of(|| spawn(async {}));
    assert!(message.contains("`spawn` was called, but no"), "{message}");
    assert!(message.contains("`pizzaiolo::block_on`"), "{message}");
    assert!(message.contains("`Executor::spawn`") && message.contains("`Handle`"), "{message}");
    assert!(file.starts_with("tests"), "the caller is blamed: {file}");
    let executor = executor();
    executor.block_on(async { spawn(async {}).await.unwrap() });
    // Not even between two runs.
    panic_of(|| spawn(async {}));
}

/// Each call makes an executor, and ends it: nothing of one call is left in the next.
#[test]
fn the_free_block_on_makes_an_executor_for_each_call() {
    let drops = Counter::new();
    for calls in 0..3 {
        assert_eq!(drops.get(), calls);
        let (id, tasks) = block_on(async {
            let task = spawn(holds(&drops));
            let tasks = pizzaiolo::task::table().len();
            let id = task.id();
            task.detach();
            yield_now().await;
            (id.to_string(), tasks)
        });
        assert_eq!((&*id, tasks), ("task 0", 2), "the first task of a new executor");
    }
    assert_eq!(drops.get(), 3);
}
