//! No task waits for ever because another is always ready.

use std::net;

use pizzaiolo::net::TcpListener;

use crate::support::prelude::*;

/// After so many polls at most, the executor looks for events from outside.
const POLLS_A_LOOK: usize = 64;

/// A task that is always ready, and counts its polls.
fn spin(executor: &Executor, polls: &Counter) {
    let polls = polls.clone();
    drop(executor.spawn(poll_fn(move |cx| {
        polls.add();
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    })));
}

/// "Yielded tasks go to the front" (monoio#322): here they go to the end, first in, first out.
/// Two spinners differ by at most one turn.
#[test]
fn two_spinners_differ_by_at_most_one_turn() {
    let (executor, first, second) = (executor(), Counter::new(), Counter::new());
    spin(&executor, &first);
    spin(&executor, &second);
    for turn in 1..=1000 {
        assert!(executor.tick());
        assert_eq!(first.get() + second.get(), turn);
        assert!(first.get().abs_diff(second.get()) <= 1);
    }
}

/// The same (monoio#322), for the tasks that come to the queue in every way there is.
#[test]
fn who_yields_goes_behind_everybody_who_was_ready() {
    let (executor, order) = (executor(), Rc::new(RefCell::new(Vec::new())));
    let slot = Slot::new();
    let reported = |name| {
        let order = Rc::clone(&order);
        move || order.borrow_mut().push(name)
    };
    let (sleeper, woken) = (reported("woken"), slot.woken());
    drop(executor.spawn(async move {
        woken.await;
        sleeper();
    }));
    executor.run_until_idle();
    let (yields, child) = (reported("yielded"), reported("spawned"));
    drop(executor.spawn(async move {
        drop(spawn(async move { child() }));
        slot.wake();
        yield_now().await;
        yields();
    }));
    let other = reported("was ready");
    drop(executor.spawn(async move { other() }));
    executor.run();
    assert_eq!(*order.borrow(), ["was ready", "spawned", "woken", "yielded"]);
}

/// "A task in a tight wake loop starves I/O and the others" (tokio#2390, futures-rs#2047): here
/// the others run. Each of the spinner's turns is followed by one of theirs.
#[test]
fn a_task_that_is_always_ready_starves_no_other_task() {
    let (executor, spins) = (executor(), Counter::new());
    spin(&executor, &spins);
    let done = Rc::new(Cell::new(0));
    for _ in 0..10 {
        let done = Rc::clone(&done);
        drop(executor.spawn(async move {
            turns(100).await;
            done.set(done.get() + 1);
        }));
    }
    while done.get() < 10 {
        assert!(executor.tick());
        assert!(spins.get() <= 101, "the others did not have their turns");
    }
}

#[test]
fn a_root_future_that_is_always_ready_starves_no_task_and_is_starved_by_none() {
    let (executor, spins) = (executor(), Counter::new());
    spin(&executor, &spins);
    executor.block_on(async {
        for turn in 0..1000 {
            assert!(spins.get().abs_diff(turn) <= 1);
            yield_now().await;
        }
    });
}

/// A task that is never the same: each spawns the next one, and ends.
#[test]
fn tasks_that_spawn_tasks_for_ever_starve_nobody() {
    fn spawns(spawned: Counter) {
        spawned.add();
        drop(spawn(async move { spawns(spawned) }));
    }

    let spawned = Counter::new();
    block_on(async {
        spawns(spawned.clone());
        for turn in 0..1000 {
            assert!(spawned.get() <= turn + 1);
            yield_now().await;
        }
    });
}

/// "A task in a tight wake loop starves I/O and the others" (tokio#2390, futures-rs#2047), when
/// the others are woken or sent by other threads: the budget is 64 polls.
#[test]
fn a_task_that_is_always_ready_does_not_keep_letters_from_other_threads_away() {
    let (executor, spins) = (executor(), Counter::new());
    spin(&executor, &spins);
    // At every place between two looks.
    for place in 0..=POLLS_A_LOOK {
        let (woken, sent) = (Counter::new(), Counter::new());
        let (slot, counted) = (Slot::new(), woken.clone());
        let waits = slot.woken();
        drop(executor.spawn(async move {
            waits.await;
            counted.add();
        }));
        for _ in 0..3 * POLLS_A_LOOK + place {
            assert!(executor.tick());
        }
        let before = spins.get();
        // Not between two ticks, where the executor looks anyway.
        executor.block_on(async {
            let (waker, handle) = (slot.take().unwrap(), executor.handle());
            on_another_thread(|| {
                waker.wake();
                handle.spawn(sent.polls(async {}));
            });
            while woken.get() == 0 || sent.get() == 0 {
                yield_now().await;
                // Two turns each: the spinner's, and that of this future. Some more come from
                // the tasks that are in the queue before the event.
                let turns = 2 * (spins.get() - before);
                assert!(turns <= POLLS_A_LOOK + 8, "not after {turns} turns");
            }
        });
    }
}

/// The same (tokio#2390, futures-rs#2047) for sockets: the spinner stops when the client has been
/// accepted, so if it starves the reactor, it never does.
#[test]
fn a_task_that_is_always_ready_does_not_keep_sockets_away() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Rc::new(Cell::new(false));
        let accepts = Rc::clone(&accepted);
        let acceptor = spawn(async move {
            listener.accept().await.unwrap();
            accepts.set(true);
        });
        turns(2).await;
        let client = net::TcpStream::connect(address).unwrap();
        while !accepted.get() {
            yield_now().await;
        }
        acceptor.await.unwrap();
        drop(client);
    });
}

/// A look at the OS is a system call, so while tasks are ready there is one in 64 polls, and no more.
/// Each byte is there before the next look, for a pair of Unix sockets needs no time.
#[test]
#[cfg(unix)]
fn while_tasks_are_ready_the_os_is_asked_once_in_sixty_four_polls() {
    let (executor, polls) = (executor(), Counter::new());
    let (reader, mut writer) = unix_pair();
    let (reader, counted) = (pizzaiolo::Async::from_fd(reader), polls.clone());
    let task = executor.spawn(async move {
        let mut between = Vec::new();
        for _ in 0..10 {
            let mut read = pin!(reader.read_with(|mut socket| socket.read(&mut [0])));
            assert!(poll_once(&mut read).is_pending());
            writer.write_all(b"!").unwrap();
            let before = counted.get();
            read.await.unwrap();
            between.push(counted.get() - before);
        }
        between
    });
    spin(&executor, &polls);
    let between = executor.block_on(task).unwrap();
    // Of the 64 polls, the reader has one. The first look comes when it comes.
    assert_eq!(between[1..], [POLLS_A_LOOK - 1; 9]);
}

/// A thread that never stops waking one task, and sending others.
#[test]
fn a_flood_of_letters_starves_no_task() {
    let (executor, over) = (executor(), AtomicBool::new(false));
    let (_waits, _, waker) = waiting_task(&executor);
    let task = executor.spawn(async {
        turns(1000).await;
    });
    let handle = executor.handle();
    let read = Counter::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut sent = 0;
            while !over.load(Ordering::Relaxed) {
                waker.wake_by_ref();
                // Not many more than are read, so that a slow machine has no more than 100,000 polls to make.
                if sent < read.get() + 100 {
                    handle.spawn(read.polls(async {}));
                    sent += 1;
                }
            }
        });
        executor.block_on(task).unwrap();
        over.store(true, Ordering::Relaxed);
    });
}
