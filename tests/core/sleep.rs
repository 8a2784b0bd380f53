//! Wakes from other threads, and the sleep: none is lost, and none waits.

use pizzaiolo::Handle;

use crate::support::prelude::*;

/// "A wake from another thread is lost while the task is being put back" (compio#948): here one
/// that comes during the poll leads to another poll. The models in `src/executor/model.rs` look at every
/// moment of it.
#[test]
fn a_wake_from_another_thread_during_the_poll_is_one_more_poll() {
    let (executor, polls) = (executor(), Counter::new());
    let counted = polls.clone();
    let future = || {
        let counted = counted.clone();
        poll_fn(move |cx| {
            counted.add();
            if counted.get() % 2 == 0 {
                return Poll::Ready(());
            }
            wake_elsewhere(cx.waker());
            Poll::Pending
        })
    };
    drop(executor.spawn(future()));
    executor.run();
    assert_eq!(polls.get(), 2, "a task");
    executor.block_on(future());
    assert_eq!(polls.get(), 4, "the root future");
}

/// "Work queued just before parking is missed" (tokio#7835, #8222): here a wake before the
/// decision to park ends the park.
#[test]
fn a_wake_before_the_decision_to_park_is_seen() {
    let slot = Slot::default();
    let mut woken = Box::pin(slot.woken());
    block_on(poll_fn(|cx| {
        let poll = poll_with(&mut woken, cx.waker());
        // The letter is there when the queue is found empty.
        on_another_thread(|| slot.wake());
        poll
    }));
}

/// The same (tokio#7835, #8222) for one that comes after the decision, before the sleep: from
/// another thread, or from the observer on the executor's own.
#[test]
fn a_wake_between_the_decision_to_park_and_the_sleep_is_seen() {
    let slot = Slot::default();
    let (at_home, elsewhere) = (slot.clone(), slot.clone());
    let wakes: [Box<dyn Fn()>; 2] = [
        Box::new(move || at_home.wake()),
        Box::new(move || on_another_thread(|| elsewhere.wake())),
    ];
    for wake in wakes {
        let executor = made(Executor::builder().observer(at_park(move |_| wake())));
        executor.block_on(slot.woken());
        drop(executor.spawn(slot.woken()));
        executor.run();
    }
}

/// The same (tokio#7835, #8222) for one that comes when the thread sleeps, or nearly.
#[test]
fn a_wake_during_the_sleep_is_seen() {
    let (slot, (parked, parks)) = (Slot::default(), mpsc::channel());
    let sleeper = slot.clone();
    let waker = thread::spawn(move || parks.iter().for_each(|()| slot.wake()));
    let observer = at_park(move |_| parked.send(()).unwrap());
    let executor = made(Executor::builder().observer(observer));
    for _ in 0..1000 {
        executor.block_on(sleeper.woken());
    }
    drop(executor);
    waker.join().unwrap();
}

/// The same (tokio#7835, #8222) for a future that a handle sends at that moment.
#[test]
fn a_future_that_is_sent_between_the_decision_to_park_and_the_sleep_is_run() {
    let (slot, handle) = (Slot::default(), Arc::new(Mutex::new(None::<Handle>)));
    let (sleeper, its_handle) = (slot.clone(), Arc::clone(&handle));
    let observer = at_park(move |_| {
        if let Some(handle) = handle.lock().unwrap().take() {
            let slot = slot.clone();
            on_another_thread(|| handle.spawn(async move { slot.wake() }));
        }
    });
    let executor = made(Executor::builder().observer(observer));
    *its_handle.lock().unwrap() = Some(executor.handle());
    executor.block_on(sleeper.woken());
}

/// "A bounded queue makes `wake` block" (compio#1044): here `wake` never waits for the loop. The
/// loop waits for a hundred thousand of them to come to an end.
#[test]
fn wakes_from_another_thread_never_wait_for_the_loop() {
    const TASKS: usize = 100_000;
    let (executor, polls) = (executor(), Counter::new());
    let wakers = Rc::new(RefCell::new(Vec::with_capacity(TASKS)));
    for _ in 0..TASKS {
        let wakers = Rc::clone(&wakers);
        let gives = give_waker(move |waker| wakers.borrow_mut().push(waker));
        drop(executor.spawn(polls.polls(gives)));
    }
    executor.run_until_idle();
    let wakers = wakers.take();
    let handle = executor.handle();
    executor.block_on(async {
        on_another_thread(|| {
            for waker in wakers {
                waker.wake_by_ref();
                waker.wake();
                handle.spawn(async {});
            }
        });
    });
    executor.run();
    assert_eq!(polls.get(), 2 * TASKS);
}
