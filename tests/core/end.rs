//! When the executor goes away, so does all that it has: once, and on its thread.

use std::thread::ThreadId;

use crate::drops::drops;
use crate::support::prelude::*;

/// Fails if it is dropped on another thread, or twice.
struct Once(ThreadId, Rc<Cell<usize>>);

impl Drop for Once {
    fn drop(&mut self) {
        assert_eq!(self.0, thread::current().id());
        self.1.set(self.1.get() + 1);
    }
}

/// "Dropping the executor loops, or leaks what is pending" (tokio#1885, #3752): here every future
/// is dropped once, in the executor's thread, even if its `Drop` spawns or wakes.
#[test]
fn dropping_the_executor_drops_every_future_once_on_its_thread() {
    fn respawns(depth: usize, drops: Rc<Cell<usize>>, waker: Waker) -> impl Future<Output = ()> {
        let once = Once(thread::current().id(), Rc::clone(&drops));
        let guard = OnDrop(move || {
            waker.wake_by_ref();
            if depth > 0 {
                drop(spawn(respawns(depth - 1, Rc::clone(&drops), waker.clone())));
            }
        });
        async move {
            let _guards = (once, guard);
            pending::<()>().await;
        }
    }

    let (executor, drops) = (executor(), Rc::new(Cell::new(0)));
    let waker = executor.block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    for depth in 0..20 {
        drop(executor.spawn(respawns(depth, Rc::clone(&drops), waker.clone())));
        if depth % 2 == 0 {
            executor.run_until_idle();
        }
    }
    drop(executor);
    assert_eq!(drops.get(), (1..=20).sum());
}

/// The same (tokio#1885, #3752) for one that never stops: it does not hang the program.
#[test]
fn a_drop_that_spawns_itself_for_ever_does_not_hang_the_executors_drop() {
    fn respawns(drops: Counter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(self::drops(move || {
            drops.add();
            drop(spawn(respawns(drops.clone())));
        }))
    }

    let (executor, drops) = (executor(), Counter::new());
    drop(executor.spawn(respawns(drops.clone())));
    drop(executor);
    assert!(drops.get() > 100, "it had a fair chance to end: {}", drops.get());
}

/// The waker of a task that waits for a socket, or for a task, is called when the executor goes
/// away. What it spawns is dropped as well.
#[test]
fn what_a_waker_spawns_while_the_executor_goes_away_is_dropped() {
    struct Spawns(Counter);

    thread_local! {
        static SPAWNED: RefCell<Vec<JoinHandle<()>>> = const { RefCell::new(Vec::new()) };
    }

    impl Wake for Spawns {
        fn wake(self: Arc<Self>) {
            let task = spawn(holds(&self.0));
            SPAWNED.with_borrow_mut(|spawned| spawned.push(task));
        }
    }

    let (executor, dropped) = (executor(), Counter::new());
    let waker = Waker::from(Arc::new(Spawns(dropped.clone())));
    let listener = pizzaiolo::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut accept = Box::pin(listener.accept());
    let mut task = executor.spawn(pending::<()>());
    executor.block_on(async {
        assert!(poll_with(&mut accept, &waker).is_pending());
        assert!(poll_with(&mut task, &waker).is_pending());
    });
    drop(executor);
    let spawned = SPAWNED.take();
    assert_eq!((spawned.len(), dropped.get()), (2, 2));
    assert!(spawned.iter().all(JoinHandle::is_finished));
}

/// An executor whose wakers and handles are in use on other threads at that very time.
#[test]
fn the_executor_may_be_dropped_while_its_wakers_live_on_other_threads() {
    for _ in 0..50 {
        let (executor, dropped, sent) = (executor(), Counter::new(), Counter::new());
        let wakers = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..8 {
            let (wakers, guard) = (Rc::clone(&wakers), dropped.on_drop());
            drop(executor.spawn(poll_fn(move |cx| {
                let _guard = &guard;
                wakers.borrow_mut().push(cx.waker().clone());
                Poll::<()>::Pending
            })));
        }
        executor.run_until_idle();
        let (wakers, handle) = (wakers.take(), executor.handle());
        let stop = AtomicBool::new(false);
        let sends = thread::scope(|scope| {
            let sender = scope.spawn(|| {
                let mut sends = 0;
                loop {
                    wakers.iter().for_each(Waker::wake_by_ref);
                    let guard = sent.on_drop();
                    handle.spawn(async move { drop(guard) });
                    sends += 1;
                    // Not more than it can read.
                    while sends > sent.get() + 100 && !stop.load(Ordering::Relaxed) {
                        thread::yield_now();
                    }
                    if stop.load(Ordering::Relaxed) {
                        return sends;
                    }
                }
            });
            while sent.get() == 0 {
                executor.tick();
            }
            drop(executor);
            stop.store(true, Ordering::Relaxed);
            sender.join().unwrap()
        });
        assert_eq!((dropped.get(), sent.get()), (8, sends));
    }
}

#[test]
fn an_executor_may_be_dropped_by_a_panic_though_its_futures_panic_too() {
    let dropped = Counter::new();
    let counted = dropped.clone();
    let result = quietly(move || {
        let executor = executor();
        for number in 0..6 {
            let counted = counted.clone();
            drop(executor.spawn(drops(move || {
                counted.add();
                let counted = counted.clone();
                drop(spawn(drops(move || counted.add())));
                assert!(number % 2 == 0, "a future's drop, inside a panic");
            })));
        }
        executor.run_until_idle();
        let () = executor.block_on(async { panic!("no more dough") });
    });
    assert_eq!(crate::support::message_of(&*result.unwrap_err()), "no more dough");
    assert_eq!(dropped.get(), 12);
}

/// While it is dropped, the inner one is the executor that runs here; before and after, the outer.
#[test]
fn an_executor_may_be_dropped_inside_another_ones_task() {
    let (inner, outer) = (executor(), executor());
    let (inner_drops, slot) = (Counter::new(), Slot::new());
    let outer_waker = slot.clone();
    let counted = inner_drops.clone();
    drop(inner.spawn(drops(move || {
        // Onto the inner one, which drops it, too.
        drop(spawn(holds(&counted)));
        outer_waker.wake();
    })));
    let inner_task = inner.spawn(pending::<()>());
    let waits_for_it = outer.spawn(inner_task);
    let woken = slot.woken();
    let waits_for_wake = outer.spawn(async move {
        woken.await;
        "woken"
    });
    outer.run_until_idle();
    let dropper = outer.spawn(async move {
        drop(inner);
        // Here again.
        spawn(async { "outer" }).await.unwrap()
    });
    outer.run();
    assert_eq!(inner_drops.get(), 1);
    assert_eq!(outer.block_on(dropper).unwrap(), "outer");
    assert_eq!(outer.block_on(waits_for_wake).unwrap(), "woken");
    assert!(outer.block_on(waits_for_it).unwrap().unwrap_err().is_cancelled());
}

#[test]
fn an_executor_in_a_thread_local_goes_with_its_thread() {
    thread_local! {
        static EXECUTOR: RefCell<Option<Executor>> = const { RefCell::new(None) };
    }

    let dropped = Counter::new();
    let counted = dropped.clone();
    thread::spawn(move || {
        let executor = executor();
        drop(executor.spawn(drops(move || {
            counted.add();
            // There is perhaps no executor to spawn on any more, and then it panics.
            let spawned = quietly(|| drop(spawn(async {})));
            drop(spawned);
        })));
        executor.run_until_idle();
        EXECUTOR.set(Some(executor));
    })
    .join()
    .unwrap();
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_handle_may_be_dropped_or_aborted_after_its_executor() {
    let executor = executor();
    let (aborted, output) = (executor.spawn(pending::<()>()), Counter::new());
    let guard = output.on_drop();
    let finished = executor.spawn(async move { guard });
    executor.run_until_idle();
    drop(executor);
    aborted.abort();
    assert!(aborted.is_finished() && finished.is_finished());
    assert_eq!(output.get(), 0, "the handle may still ask for it");
    drop(finished);
    assert_eq!(output.get(), 1);
}

/// A future that holds the handle of another one, in a circle.
#[test]
fn tasks_that_wait_for_each_other_are_dropped_with_their_executor() {
    let (executor, dropped) = (executor(), Counter::new());
    let first = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let (guards, slot) = ((dropped.on_drop(), dropped.on_drop()), Rc::clone(&first));
    let second = executor.spawn(async move {
        let _guard = guards.0;
        yield_now().await;
        let first = slot.take().unwrap();
        first.await.unwrap();
    });
    *first.borrow_mut() = Some(executor.spawn(async move {
        let _guard = guards.1;
        second.await.unwrap();
    }));
    executor.run_until_idle();
    assert_eq!(executor.task_count(), 2);
    drop(executor);
    assert_eq!(dropped.get(), 2);
}

/// The context that a poll is given may go to another future: only its waker counts.
#[test]
fn a_future_that_is_moved_from_one_task_to_another_is_woken_there() {
    block_on(async {
        let mut inner = spawn(turns(2));
        assert!(poll_here(&mut inner).await.is_pending());
        spawn(inner).await.unwrap().unwrap();
    });
}
