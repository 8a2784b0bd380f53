//! Wakers: woken, cloned and dropped at any time, on any thread, by any code.

use std::thread::ThreadId;

use crate::support::prelude::*;

// Many wakes, one poll.

/// "The root future is polled more, or less, often than it is woken" (monoio#147, tokio#3582),
/// for tasks: many wakes before a turn are one poll, from wherever they come.
#[test]
fn a_task_that_is_woken_many_times_before_its_turn_is_polled_once() {
    let executor = executor();
    let (_task, polls, waker) = waiting_task(&executor);
    let wake = || (0..100).for_each(|_| waker.wake_by_ref());
    // While the executor does not run.
    wake();
    executor.run_until_idle();
    assert_eq!(polls.get(), 2);
    // From another thread.
    on_another_thread(wake);
    executor.run_until_idle();
    assert_eq!(polls.get(), 3);
    // On the executor's own thread.
    executor.block_on(async { wake() });
    executor.run_until_idle();
    assert_eq!(polls.get(), 4);
    // From several threads and on the executor's own, in turns.
    executor.block_on(async {
        on_another_thread(wake);
        wake();
        on_another_thread(wake);
        wake();
    });
    executor.run_until_idle();
    assert_eq!(polls.get(), 5);
    executor.run_until_idle();
    assert_eq!(polls.get(), 5);
}

/// A wake during a task's own poll is a new one, however many come; and it is served by one poll,
/// though one of them has come by letter.
#[test]
fn wakes_during_a_poll_are_one_more_poll() {
    type WakeOf = fn(&Waker);
    let here: WakeOf = |waker| (0..10).for_each(|_| waker.wake_by_ref());
    let elsewhere: WakeOf = wake_elsewhere;
    for wakes in [&[here][..], &[elsewhere], &[here, elsewhere], &[elsewhere, here]] {
        let (executor, polls) = (executor(), Counter::new());
        let (counted, wakes) = (polls.clone(), wakes.to_vec());
        drop(executor.spawn(poll_fn(move |cx| {
            counted.add();
            if counted.get() == 1 {
                for wake in &wakes {
                    wake(cx.waker());
                }
            }
            Poll::<()>::Pending
        })));
        executor.run_until_idle();
        executor.run_until_idle();
        assert_eq!(polls.get(), 2);
    }
}

/// "The second wake's data is not visible to the poll" (tokio#7622, futures-rs#2608): the models
/// in `src/executor/model.rs` prove it; here are many of them, all seen.
#[test]
fn the_poll_sees_what_every_wake_has_brought() {
    const SENDERS: usize = 4;
    const LETTERS: usize = 1000;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut started = false;
    block_on(poll_fn(|cx| {
        if !std::mem::replace(&mut started, true) {
            for sender in 0..SENDERS {
                let (seen, waker) = (Arc::clone(&seen), cx.waker().clone());
                thread::spawn(move || {
                    for letter in 0..LETTERS {
                        seen.lock().unwrap().push((sender, letter));
                        waker.wake_by_ref();
                    }
                });
            }
        }
        let all = seen.lock().unwrap().len() == SENDERS * LETTERS;
        if all { Poll::Ready(()) } else { Poll::Pending }
    }));
}

// Any thread.

/// Keeps the thread on which it was made, and fails if it is dropped on another.
struct AtHome(ThreadId, Counter, #[expect(dead_code, reason = "it is there to be !Send")] Rc<()>);

impl AtHome {
    fn new(drops: &Counter) -> AtHome {
        AtHome(thread::current().id(), drops.clone(), Rc::new(()))
    }
}

impl Drop for AtHome {
    fn drop(&mut self) {
        if thread::current().id() == self.0 {
            self.1.add();
        }
    }
}

/// "Wakers are taken to be local: unsound or panicking" (monoio#120, glommio): here they are
/// cloned, woken and dropped on any thread, while the future is dropped on its own.
#[test]
fn wakers_are_cloned_woken_and_dropped_on_any_thread_and_the_future_only_on_its_own() {
    let (executor, drops) = (executor(), Counter::new());
    let (give, wakers) = mpsc::channel::<Waker>();
    let others = thread::spawn(move || {
        let mut kept = Vec::new();
        for waker in wakers {
            let clone = waker.clone();
            waker.wake();
            clone.wake_by_ref();
            kept.push(thread::spawn(move || drop(clone.clone())));
        }
        for thread in kept {
            thread.join().unwrap();
        }
    });
    for _ in 0..100 {
        let (give, guard) = (give.clone(), AtHome::new(&drops));
        drop(executor.spawn(async move {
            let _guard = guard;
            give_waker(|waker| give.send(waker).unwrap()).await;
        }));
    }
    executor.run();
    assert_eq!(drops.get(), 100);
    drop((give, executor));
    others.join().unwrap();
}

/// The same (monoio#120, glommio) for the last waker: it owns no future.
#[test]
fn the_last_waker_that_goes_on_another_thread_takes_no_future_with_it() {
    let (executor, drops) = (executor(), Counter::new());
    let (guard, slot) = (AtHome::new(&drops), Slot::new());
    let waits = slot.waits();
    let task = executor.spawn(async move {
        let _guard = guard;
        waits.await;
    });
    executor.run_until_idle();
    let waker = slot.take().unwrap();
    on_another_thread(move || drop(waker));
    assert_eq!(drops.get(), 0);
    drop(task);
    drop(executor);
    assert_eq!(drops.get(), 1);
}

#[test]
fn an_executors_waker_works_while_another_executor_runs_on_the_thread() {
    let (mine, others) = (executor(), executor());
    let (_task, polls, waker) = waiting_task(&mine);
    let (_other_task, other_polls, _) = waiting_task(&others);
    others.block_on(async { waker.wake_by_ref() });
    others.run_until_idle();
    assert_eq!((polls.get(), other_polls.get()), (1, 1));
    mine.run_until_idle();
    assert_eq!((polls.get(), other_polls.get()), (2, 1));
}

/// At the end of a thread its thread-locals go, ours too: a waker that is woken then is no panic.
#[test]
fn a_waker_may_be_woken_while_its_thread_ends() {
    struct WakeOnDrop(RefCell<Option<Waker>>);

    impl Drop for WakeOnDrop {
        fn drop(&mut self) {
            self.0.take().unwrap().wake();
        }
    }

    thread_local! {
        // Made before our own thread-local is, so it goes after it, and the other one before.
        static EARLY: WakeOnDrop = const { WakeOnDrop(RefCell::new(None)) };
        static LATE: WakeOnDrop = const { WakeOnDrop(RefCell::new(None)) };
    }

    let executor = executor();
    let (_task, polls, waker) = waiting_task(&executor);
    thread::spawn(move || {
        EARLY.with(|early| *early.0.borrow_mut() = Some(waker.clone()));
        block_on(async {});
        LATE.with(|late| *late.0.borrow_mut() = Some(waker));
    })
    .join()
    .unwrap();
    executor.run_until_idle();
    assert_eq!(polls.get(), 2);
}

// Stale wakers.

#[test]
fn the_waker_of_a_finished_task_touches_no_task_that_comes_after_it() {
    let executor = executor();
    let task = executor.spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    let old = executor.block_on(task).unwrap();
    // Tasks in the same place, and beside it.
    let tasks: Vec<_> = (0..4).map(|_| waiting_task(&executor)).collect();
    old.wake_by_ref();
    executor.run_until_idle();
    wake_elsewhere(&old);
    executor.run_until_idle();
    executor.block_on(async { old.wake_by_ref() });
    executor.run_until_idle();
    for (_, polls, _) in &tasks {
        assert_eq!(polls.get(), 1);
    }
}

/// A wake that is on its way when its task finishes, and the place has a new task.
#[test]
fn a_letter_for_a_finished_task_touches_no_task_that_comes_after_it() {
    let executor = executor();
    for wake_again in [false, true] {
        drop(executor.spawn(poll_fn(move |cx| {
            wake_elsewhere(cx.waker());
            if wake_again {
                cx.waker().wake_by_ref();
            }
            Poll::Ready(())
        })));
        assert!(executor.tick());
        let polls = Counter::new();
        drop(executor.spawn(polls.polls(pending::<()>())));
        executor.run_until_idle();
        assert_eq!(polls.get(), 1);
    }
}

/// "A wake after the runtime is gone leaks or panics" (compio#489, tokio#542): here it is a no-op.
#[test]
fn a_wake_after_the_executor_is_gone_does_nothing() {
    let executor = executor();
    let drops = Counter::new();
    let guard = drops.on_drop();
    let (task, polls, waker) = waiting_task(&executor);
    let root = executor.block_on(poll_fn(|cx| {
        let _guard = &guard;
        Poll::Ready(cx.waker().clone())
    }));
    // One whose wake has been sent, and not read.
    wake_elsewhere(&waker);
    drop(executor);
    for waker in [waker, root] {
        waker.wake_by_ref();
        let clone = waker.clone();
        on_another_thread(move || {
            clone.wake_by_ref();
            let another = clone.clone();
            drop(clone);
            another.wake();
        });
        block_on(async { waker.wake() });
    }
    assert_eq!(polls.get(), 1);
    assert!(task.is_finished());
}

// Wakers of others.

/// A waker that panics, and says whether it was called.
struct Panicking(Counter);

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        self.0.add();
        panic!("a waker panics");
    }
}

/// "One panicking waker of others loses the others' wakes" (tokio#4069): here each is woken. These
/// wait for tasks.
#[test]
fn a_panicking_waker_of_one_joiner_loses_no_other_wake() {
    let executor = executor();
    let (panics, wakes) = (Counter::new(), Counter::new());
    let (bad, good) = (Waker::from(Arc::new(Panicking(panics.clone()))), wakes.waker());
    let pending: Vec<_> = [&bad, &good, &bad, &good]
        .map(|waker| {
            let mut task = executor.spawn(pending::<()>());
            assert!(poll_with(&mut task, waker).is_pending());
            task
        })
        .into();
    let ready: Vec<_> = [&bad, &good]
        .map(|waker| {
            let mut task = executor.spawn(async { "baked" });
            assert!(poll_with(&mut task, waker).is_pending());
            task
        })
        .into();
    quietly(|| executor.run_until_idle()).unwrap();
    assert_eq!((panics.get(), wakes.get()), (1, 1));
    for task in ready {
        assert_eq!(executor.block_on(task).unwrap(), "baked");
    }
    quietly(|| drop(executor)).unwrap();
    assert_eq!((panics.get(), wakes.get()), (3, 3));
    drop(pending);
}

/// The same (tokio#4069) for the tasks that wait for one direction of one socket.
#[test]
fn a_panicking_waker_of_one_waiter_loses_no_other_wake() {
    let listener = pizzaiolo::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (panics, wakes) = (Counter::new(), Counter::new());
    let (bad, good) = (Waker::from(Arc::new(Panicking(panics.clone()))), wakes.waker());
    let client = quietly(|| {
        block_on(async {
            let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(listener.accept())).collect();
            for (waiter, waker) in waiting.iter_mut().zip([&bad, &good, &bad, &good]) {
                assert!(poll_with(waiter, waker).is_pending());
            }
            let client = std::net::TcpStream::connect(address).unwrap();
            // This one is woken too, after the others.
            listener.accept().await.unwrap();
            client
        })
    });
    client.unwrap();
    assert_eq!((panics.get(), wakes.get()), (2, 2));
}

/// `will_wake` may always say no: a clone that leads elsewhere, of a waker that we know nothing of.
#[test]
fn nothing_depends_on_will_wake() {
    /// Wakes the waker in it. Two of these never know that they are the same.
    struct Around(Waker);

    impl Wake for Around {
        fn wake(self: Arc<Self>) {
            self.0.wake_by_ref();
        }
    }

    let (executor, polls) = (executor(), Cell::new(0));
    let mut task = executor.spawn(turns(10));
    let output = executor.block_on(poll_fn(|cx| {
        polls.set(polls.get() + 1);
        // Renewed within one poll, and between polls.
        for _ in 0..3 {
            let around = Waker::from(Arc::new(Around(cx.waker().clone())));
            let mut cx = Context::from_waker(&around);
            if let Poll::Ready(output) = Pin::new(&mut task).poll(&mut cx) {
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    }));
    assert_eq!((output.unwrap(), polls.get()), ((), 2));
}

/// "The old waker is woken when it is replaced: a busy loop" (async-io's reactor): here only the
/// last one that asked is woken, once.
#[test]
fn a_waker_that_is_replaced_is_dropped_and_not_woken() {
    let executor = executor();
    let (old, new) = (Counter::new(), Counter::new());
    let mut task = executor.spawn(pizzaiolo::yield_now());
    assert!(poll_with(&mut task, &old.waker()).is_pending());
    assert!(poll_with(&mut task, &new.waker()).is_pending());
    executor.run();
    assert_eq!((old.get(), new.get()), (0, 1));
}
