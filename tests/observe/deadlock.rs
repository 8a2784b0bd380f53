//! A proven deadlock is a panic with the table of stuck tasks; nothing else is.

use std::net;

use pizzaiolo::net::TcpListener;

use crate::support::prelude::*;

// What is one.

#[test]
fn run_with_nothing_but_lost_tasks_is_a_deadlock() {
    // On a paused clock, so that the two tables have the same times.
    let executor = paused();
    for name in ["first", "second"] {
        drop(spawn_named(&executor, name, pending::<()>()));
    }
    let message = deadlock(|| executor.run());
    assert!(message.starts_with("deadlock: run waits for ever"), "{message}");
    assert!(message.ends_with(&executor.tasks().to_string()), "{message}");
    for task in ["something unknown; first", "something unknown; second"] {
        assert!(message.contains(task), "{message}");
    }
}

#[test]
fn block_on_a_lost_future_is_a_deadlock() {
    let executor = executor();
    let message = deadlock(|| executor.block_on(pending::<()>()));
    assert!(message.starts_with("deadlock: block_on's own future waits for ever"), "{message}");
}

#[test]
fn block_on_a_lost_task_is_a_deadlock() {
    let executor = executor();
    let message = deadlock(|| {
        let lost = spawn_named(&executor, "lost", pending::<()>());
        executor.block_on(async { drop(lost.await) });
    });
    assert!(message.contains("  the end of task 0; "), "{message}");
    assert!(message.contains("  something unknown; lost"), "{message}");
}

/// Spawns tasks, each of which waits for the end of the next, and the last for the first.
fn ring(executor: &Executor, names: &[&str]) {
    let handles: Rc<RefCell<Vec<Option<JoinHandle<()>>>>> = Rc::default();
    for (place, name) in names.iter().enumerate() {
        let (all, next) = (Rc::clone(&handles), (place + 1) % names.len());
        let task = spawn_named(executor, name, async move {
            let next = all.borrow_mut()[next].take().expect("each is joined by one");
            let _ = next.await;
        });
        handles.borrow_mut().push(Some(task));
    }
}

#[test]
fn tasks_that_join_each_other_in_a_ring_are_a_deadlock() {
    let executor = executor();
    ring(&executor, &["dough", "sauce", "oven"]);
    let message = deadlock(|| executor.run());
    for task in ["the end of task 1; dough", "the end of task 2; sauce", "the end of task 0; oven"]
    {
        assert!(message.contains(task), "{message}");
    }
}

#[test]
fn a_task_that_joins_itself_is_a_deadlock() {
    let executor = executor();
    ring(&executor, &["snake"]);
    let message = deadlock(|| executor.run());
    assert!(message.contains("the end of task 0; snake"), "{message}");
}

#[test]
fn block_on_a_ring_is_a_deadlock() {
    let executor = executor();
    ring(&executor, &["dough", "sauce"]);
    deadlock(|| executor.block_on(pending::<()>()));
}

#[test]
fn a_sleep_without_end_is_a_deadlock() {
    for paused in [false, true] {
        let executor = made(Executor::builder().paused_clock(paused));
        let message = deadlock(|| executor.block_on(time::sleep(Duration::MAX)));
        assert!(message.contains("no timer will fire"), "{message}");
        assert!(message.contains("\nroot       waiting        1 "), "{message}");
        assert!(message.contains("s  a timer that never fires; "), "{message}");
        let _task = executor.spawn(time::sleep(Duration::MAX));
        let message = deadlock(|| executor.run());
        assert!(message.contains("a timer that never fires; "), "{message}");
    }
}

/// A socket that is registered, but that no task waits for, brings no one back.
#[test]
fn a_socket_that_nobody_waits_for_does_not_hide_a_deadlock() {
    let executor = executor();
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    executor.block_on(async {
        let waits = time::timeout(Duration::from_millis(1), listener.accept()).await;
        assert!(waits.is_err(), "no client connects");
    });
    deadlock(|| executor.block_on(pending::<()>()));
    drop(listener);
}

#[test]
fn after_the_panic_the_executor_is_still_usable() {
    let (executor, _) = that_tells_when_it_sleeps();
    let lost = executor.spawn(pending::<()>());
    for _ in 0..2 {
        deadlock(|| executor.run());
        deadlock(|| executor.block_on(pending::<()>()));
        assert_eq!(executor.task_count(), 1);
        assert_eq!(executor.block_on(async { spawn(works()).await.ok() }), Some(5));
    }
    lost.abort();
    executor.run();
    assert_eq!(executor.task_count(), 0);
}

/// A socket, a timer, another thread and a turn aside all do their work.
async fn works() -> u8 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let addr = listener.local_addr().expect("it is bound");
    let peer = thread::spawn(move || net::TcpStream::connect(addr)?.write_all(&[5]));
    yield_now().await;
    time::sleep(Duration::from_millis(1)).await;
    let (stream, _) = listener.accept().await.expect("the thread connects");
    let mut number = [0];
    stream.read_exact(&mut number).await.expect("the thread writes");
    peer.join().expect("it does not panic").expect("it connects and writes");
    number[0]
}

// What is none.

thread_local! {
    /// A task that only `abort` can end.
    static LOST: RefCell<Option<JoinHandle<()>>> = const { RefCell::new(None) };
}

/// Aborts the lost task of this thread. It is `Send`, so it can be sent to it.
fn abort_the_lost_task() -> impl Future<Output = ()> + Send {
    poll_fn(|_| {
        LOST.take().expect("there is one").abort();
        Poll::Ready(())
    })
}

#[test]
fn a_live_handle_is_waited_for() {
    let (executor, sleeps) = that_tells_when_it_sleeps();
    LOST.set(Some(executor.spawn(pending())));
    let handle = executor.handle();
    let thread = thread::spawn(move || {
        sleeps.recv().expect("the executor sleeps");
        handle.spawn(abort_the_lost_task());
    });
    // It comes to its end because the last task does.
    executor.run();
    thread.join().expect("it does not panic");
}

/// The letter and the drop of the handle race with the decision to sleep, and with the look for a
/// deadlock.
#[test]
fn a_letter_that_is_sent_just_before_the_last_handle_goes_is_read() {
    for round in 0..500 {
        let executor = executor();
        LOST.set(Some(executor.spawn(pending())));
        let handle = executor.handle();
        let thread = thread::spawn(move || {
            for _ in 0..round {
                std::hint::spin_loop();
            }
            handle.spawn(abort_the_lost_task());
        });
        executor.run();
        thread.join().expect("it does not panic");
    }
}

#[test]
fn a_waker_that_another_thread_holds_is_waited_for() {
    for of_a_task in [false, true] {
        let (executor, sleeps) = that_tells_when_it_sleeps();
        let (give, take) = mpsc::channel::<Waker>();
        let thread = thread::spawn(move || {
            let waker = take.recv().expect("it is given one");
            sleeps.recv().expect("the executor sleeps");
            waker.wake();
        });
        let woken = give_waker(move |waker| give.send(waker).expect("the thread listens"));
        if of_a_task {
            let _task = executor.spawn(woken);
            executor.run();
        } else {
            executor.block_on(woken);
        }
        thread.join().expect("it does not panic");
    }
}

/// The wake and the drop of the last waker race with the look for a deadlock.
#[test]
fn a_wake_by_the_last_waker_there_is_ends_the_sleep() {
    for round in 0..500 {
        let executor = executor();
        let mut thread = None;
        executor.block_on(give_waker(|waker| {
            thread = Some(thread::spawn(move || {
                for _ in 0..round {
                    std::hint::spin_loop();
                }
                waker.wake();
            }));
        }));
        thread.expect("it was polled").join().expect("a wake does not panic");
    }
}

/// A listener, and the thread that connects to it when the executor sleeps.
fn a_client_comes_when(
    sleeps: mpsc::Receiver<()>,
) -> (TcpListener, thread::JoinHandle<io::Result<net::TcpStream>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let addr = listener.local_addr().expect("it is bound");
    let peer = thread::spawn(move || {
        sleeps.recv().expect("the executor sleeps");
        net::TcpStream::connect(addr)
    });
    (listener, peer)
}

/// Here the task that holds the bell waits for a socket, so that it could ring it one day.
#[test]
fn a_socket_that_is_waited_for_may_bring_everyone_back() {
    let (executor, sleeps) = that_tells_when_it_sleeps();
    let (listener, peer) = a_client_comes_when(sleeps);
    let bell = Bell::default();
    let rings = bell.clone();
    let _task = executor.spawn(async move {
        listener.accept().await.expect("the thread connects");
        rings.ring();
    });
    executor.block_on(bell);
    peer.join().expect("it does not panic").expect("it connects");
}

/// What waits for the socket is none of the executor's tasks. But what it does when it is woken may
/// be anything.
#[test]
fn a_socket_that_a_foreign_waker_waits_for_is_waited_for() {
    struct AbortsTheLostTask;

    impl Wake for AbortsTheLostTask {
        fn wake(self: Arc<Self>) {
            LOST.take().expect("there is one").abort();
        }
    }

    let (executor, sleeps) = that_tells_when_it_sleeps();
    let (listener, peer) = a_client_comes_when(sleeps);
    let other = Waker::from(Arc::new(AbortsTheLostTask));
    LOST.set(Some(executor.spawn(async move {
        let mut accept = pin!(listener.accept());
        let cx = &mut Context::from_waker(&other);
        assert!(accept.as_mut().poll(cx).is_pending());
        pending::<()>().await;
    })));
    executor.run();
    peer.join().expect("it does not panic").expect("it connects");
}

/// A task that can never run again holds the bell. That it rings it when it is dropped, say, is
/// nothing that can be ruled out.
#[test]
fn a_waker_that_another_task_holds_is_no_proof() {
    let bell = Bell::default();
    let rings = bell.clone();
    // When the executor is about to sleep; it would have panicked by then.
    let observer = at_park(move |timeout| {
        if timeout.is_none() {
            rings.ring();
        }
    });
    let executor = made(Executor::builder().observer(observer));
    let held = bell.clone();
    let _task = executor.spawn(async move {
        pending::<()>().await;
        held.ring();
    });
    executor.block_on(bell);
}

#[test]
fn a_timer_may_bring_everyone_back() {
    for paused in [false, true] {
        let executor = made(Executor::builder().paused_clock(paused));
        let _lost = executor.spawn(pending::<()>());
        let bell = Bell::default();
        let rings = bell.clone();
        let _task = executor.spawn(async move {
            time::sleep(Duration::from_millis(2)).await;
            rings.ring();
        });
        executor.block_on(bell);
        // Here nothing holds a waker but a join handle and the timer.
        let sleeps = executor.spawn(time::sleep(Duration::from_millis(2)));
        executor.block_on(sleeps).expect("it does not panic");
    }
}

#[test]
fn a_program_that_ends_is_no_deadlock_whatever_is_left() {
    let executor = executor();
    let _lost = executor.spawn(pending::<()>());
    assert_eq!(executor.block_on(async { spawn(async { 1 }).await.ok() }), Some(1));
    executor.run_until_idle();
    assert!(!executor.tick());
}

#[test]
fn after_a_deadlock_block_on_has_no_future_any_more() {
    let executor = executor();
    deadlock(|| executor.block_on(pending::<()>()));
    assert_eq!(executor.tasks().iter().count(), 0);
}

#[test]
fn a_join_with_a_waker_of_others_says_nothing_of_who_holds_the_tasks_own() {
    // Where the clock is paused, a deadlock is proven at once.
    let executor = paused();
    let mut lost = executor.spawn(pending::<()>());
    let mut is_first = true;
    executor.block_on(poll_fn(|cx| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        assert!(poll_with(&mut lost, Waker::noop()).is_pending());
        let waker = cx.waker().clone();
        thread::spawn(move || {
            // A wrong proof has the time to show.
            thread::sleep(Duration::from_millis(50));
            waker.wake();
        });
        Poll::Pending
    }));
}
