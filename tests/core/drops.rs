//! Dropping things in awkward places.

use std::future::ready;

use pizzaiolo::block_on;

use crate::support::prelude::*;

/// A future that waits for ever and does something when it is dropped.
pub(crate) fn drops(code: impl FnMut() + 'static) -> impl Future<Output = ()> {
    let guard = OnDrop(code);
    async move {
        let _guard = guard;
        pending::<()>().await;
    }
}

// In the task's own hands.

#[test]
fn a_task_that_aborts_itself_is_dropped_after_that_poll() {
    let (executor, polls, dropped) = (executor(), Counter::new(), Counter::new());
    let handle = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let (own, counted, guard) = (Rc::clone(&handle), polls.clone(), dropped.on_drop());
    let task = executor.spawn(async move {
        let _guard = guard;
        counted.add();
        own.borrow().as_ref().unwrap().abort();
        counted.add();
        yield_now().await;
        counted.add();
    });
    *handle.borrow_mut() = Some(task);
    assert!(executor.tick());
    assert_eq!((polls.get(), dropped.get(), executor.task_count()), (2, 1, 0));
    let task = handle.take().unwrap();
    assert!(executor.block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn a_task_that_aborts_itself_in_its_last_poll_still_has_its_output() {
    let executor = executor();
    let handle = Rc::new(RefCell::new(None::<JoinHandle<&str>>));
    let own = Rc::clone(&handle);
    let task = executor.spawn(async move {
        own.borrow().as_ref().unwrap().abort();
        "baked"
    });
    *handle.borrow_mut() = Some(task);
    executor.run();
    let task = handle.take().unwrap();
    assert_eq!(executor.block_on(task).unwrap(), "baked");
}

#[test]
fn a_task_may_drop_its_own_handle() {
    let (executor, dropped) = (executor(), Counter::new());
    let handle = Rc::new(RefCell::new(None::<JoinHandle<pizzaiolo_testkit::CountDrop>>));
    let (own, output) = (Rc::clone(&handle), dropped.on_drop());
    *handle.borrow_mut() = Some(executor.spawn(async move {
        let handle = own.take();
        drop(handle);
        output
    }));
    executor.run();
    assert_eq!((dropped.get(), executor.task_count()), (1, 0));
}

/// Everything that a future's `Drop` can do to its executor, done in the middle of it: when the
/// task is aborted, when it has finished, and when the executor goes away.
#[test]
fn a_futures_drop_may_spawn_wake_and_abort() {
    for way in ["abort", "finish", "executor"] {
        let executor = Rc::new(executor());
        let (spawned, polled, woken) = (Counter::new(), Counter::new(), Counter::new());
        let victim_dropped = Counter::new();
        let victim = executor.spawn(holds(&victim_dropped));
        let (own_waker, other_waker) = (Slot::new(), Slot::new());
        drop(executor.spawn(woken.polls(other_waker.waits())));
        let wakers = [own_waker.clone(), other_waker.clone()];
        let (guards, child_polls) = (spawned.clone(), polled.clone());
        let handle = executor.handle();
        let unrelated = RefCell::new(Some(executor.spawn(pending::<()>())));
        let inner = Rc::downgrade(&executor);
        let guard = OnDrop(move || {
            let guard = || guards.on_drop();
            drop(spawn(child_polls.polls(ready(guard()))));
            handle.spawn(child_polls.polls(ready(guard())));
            for slot in &wakers {
                slot.waker().wake();
            }
            victim.abort();
            drop(unrelated.take());
            if let Some(executor) = inner.upgrade() {
                assert!(executor.task_count() >= 2);
            }
        });
        let mut guard = Some(guard);
        let task = executor.spawn(poll_fn(move |cx| {
            own_waker.put(cx);
            if way == "finish" {
                drop(guard.take());
                return Poll::Ready(());
            }
            let _ = &guard;
            Poll::Pending
        }));
        executor.run_until_idle();
        if way == "executor" {
            drop(executor);
            assert_eq!((spawned.get(), polled.get()), (2, 0), "spawned, dropped, never polled");
            assert_eq!((victim_dropped.get(), woken.get()), (1, 1));
            assert!(task.is_finished());
            continue;
        }
        task.abort();
        executor.run_until_idle();
        assert_eq!((spawned.get(), polled.get()), (2, 2), "{way}: both have run");
        assert_eq!((victim_dropped.get(), woken.get()), (1, 2), "{way}");
        // The one that was woken, and the one whose handle was dropped.
        assert_eq!(executor.task_count(), 2, "{way}");
    }
}

#[test]
fn an_outputs_drop_may_do_the_same() {
    let (executor, polled) = (executor(), Counter::new());
    let other = Rc::new(executor.spawn(pending::<()>()));
    let (victim, counted) = (Rc::clone(&other), polled.clone());
    let detached = executor.spawn(async move {
        OnDrop(move || {
            victim.abort();
            drop(spawn(counted.polls(async {})));
        })
    });
    drop(detached);
    executor.run();
    assert_eq!(polled.get(), 1);
    assert!(other.is_finished());
}

#[test]
fn a_futures_drop_that_blocks_panics_and_harms_nobody() {
    let executor = executor();
    let task = executor.spawn(drops(|| block_on(async {})));
    let other = executor.spawn(yield_now());
    executor.run_until_idle();
    task.abort();
    quietly(|| executor.run_until_idle()).unwrap();
    assert!(executor.block_on(task).unwrap_err().is_panic());
    executor.block_on(other).unwrap();
    drop(executor.spawn(drops(|| block_on(async {}))));
    quietly(|| drop(executor)).unwrap();
}

/// Rule 2 for a waker: its clone and its drop are code of others as well.
#[test]
fn the_clone_and_the_drop_of_a_joiners_waker_may_do_anything() {
    /// Its drop aborts and spawns.
    struct Meddling(Arc<AtomicBool>);

    impl Wake for Meddling {
        fn wake(self: Arc<Self>) {
            drop(spawn(async {}));
        }
    }

    impl Drop for Meddling {
        fn drop(&mut self) {
            drop(spawn(async {}));
            self.0.store(true, Ordering::SeqCst);
        }
    }

    block_on(async {
        for how in 0..3 {
            let dropped = Arc::new(AtomicBool::new(false));
            let waker = Waker::from(Arc::new(Meddling(Arc::clone(&dropped))));
            let mut task = spawn(yield_now());
            assert!(poll_with(&mut task, &waker).is_pending());
            drop(waker);
            match how {
                // Replaced, dropped with the handle, woken.
                0 => assert!(poll_with(&mut task, Waker::noop()).is_pending()),
                1 => drop(task),
                _ => {
                    yield_now().await;
                    yield_now().await;
                    assert!(task.is_finished());
                }
            }
            assert!(dropped.load(Ordering::SeqCst));
        }
    });
}
