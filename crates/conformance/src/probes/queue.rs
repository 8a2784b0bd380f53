//! Which task runs next, and what happens to tasks that have ended.

use std::{cell::Cell, cell::RefCell, future::poll_fn, rc::Rc, task::Poll, thread};

use crate::{
    LocalFuture,
    child::check,
    lab::{Drops, Lab, OnDrop, Watched, yield_now},
};

/// How often a future that never pauses is polled before it gives up.
const PATIENCE: u32 = 100_000;

pub(crate) fn spawn_in_task(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let end = Watched::new();
        let inner = end.clone();
        lab.spawn(async move { lab.spawn(async move { inner.finish() }) });
        end.await;
    })
}

/// What was polled, in order.
type Log = Rc<RefCell<Vec<usize>>>;

fn expect_log(log: &Log, expected: &[usize]) {
    let log = log.borrow();
    check(*log == expected, format!("{:?}", head(expected)), format!("{:?}", head(&log)));
}

/// The first few, for the message.
fn head(log: &[usize]) -> &[usize] {
    &log[..log.len().min(12)]
}

pub(crate) fn fifo_spawn(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let log = Log::default();
        for number in 0..100 {
            let log = Rc::clone(&log);
            lab.spawn(async move { log.borrow_mut().push(number) });
        }
        lab.settle().await;
        expect_log(&log, &(0..100).collect::<Vec<_>>());
    })
}

pub(crate) fn fifo_wake(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let log = Log::default();
        let tasks = [(); 10].map(|()| Watched::new());
        for (number, task) in tasks.iter().cloned().enumerate() {
            let log = Rc::clone(&log);
            lab.spawn(async move {
                task.await;
                log.borrow_mut().push(number);
            });
        }
        lab.settle().await;
        let order = [7, 3, 9, 0, 1, 8, 2, 5, 4, 6];
        for &number in &order {
            tasks[number].finish();
        }
        lab.settle().await;
        expect_log(&log, &order);
    })
}

pub(crate) fn yield_goes_last(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let log = Log::default();
        for number in 0..3 {
            let log = Rc::clone(&log);
            lab.spawn(async move {
                for _ in 0..3 {
                    log.borrow_mut().push(number);
                    yield_now().await;
                }
            });
        }
        lab.settle().await;
        expect_log(&log, &[0, 1, 2, 0, 1, 2, 0, 1, 2]);
    })
}

/// Wakes itself in every poll until `stop` says so, or its patience is over. Returns the polls.
async fn spin(stop: impl Fn() -> bool) -> u32 {
    let mut polls = 0;
    poll_fn(|cx| {
        if stop() || polls == PATIENCE {
            return Poll::Ready(polls);
        }
        polls += 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Ends the probe if one that spins has lost its patience.
fn expect_turn(polls: u32, who: &str) {
    let seen = format!("{polls} polls of the one that spins, and none of {who}");
    check(polls < PATIENCE, format!("{who} gets its turn"), seen);
}

pub(crate) fn spinner_and_task(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (stop, end) = (Rc::new(Cell::new(false)), Watched::new());
        let (stopped, ended) = (Rc::clone(&stop), end.clone());
        lab.spawn(async move {
            expect_turn(spin(|| stopped.get()).await, "the other task");
            ended.finish();
        });
        lab.spawn(async move {
            for _ in 0..100 {
                yield_now().await;
            }
            stop.set(true);
        });
        end.await;
    })
}

pub(crate) fn spinner_and_root(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (root, stop) = (Watched::new(), Rc::new(Cell::new(false)));
        let (woken, stopped) = (root.clone(), Rc::clone(&stop));
        lab.spawn(async move {
            let calls = Cell::new(0);
            let stop = || {
                calls.set(calls.get() + 1);
                // By then it is known to spin.
                if calls.get() == 100 {
                    woken.finish();
                }
                stopped.get()
            };
            expect_turn(spin(stop).await, "the root future");
        });
        root.await;
        stop.set(true);
    })
}

pub(crate) fn root_spinner(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let stop = Rc::new(Cell::new(false));
        let stopped = Rc::clone(&stop);
        lab.spawn(async move {
            for _ in 0..100 {
                yield_now().await;
            }
            stop.set(true);
        });
        expect_turn(spin(|| stopped.get()).await, "the task");
    })
}

pub(crate) fn many_ready(lab: Lab) -> LocalFuture<'static> {
    const TASKS: u32 = 10_000;
    Box::pin(async move {
        let (left, end) = (Rc::new(Cell::new(TASKS)), Watched::new());
        for _ in 0..TASKS {
            let (left, end) = (Rc::clone(&left), end.clone());
            lab.spawn(async move {
                left.set(left.get() - 1);
                if left.get() == 0 {
                    end.finish();
                }
            });
        }
        end.await;
    })
}

pub(crate) fn freed_at_end(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let drops = Drops::default();
        let token = drops.token();
        // It keeps the token until it is dropped, not until it has ended.
        let mut task = Box::pin(async {});
        lab.spawn(poll_fn(move |cx| {
            let _ = &token;
            task.as_mut().poll(cx)
        }));
        lab.settle().await;
        let seen = format!("{} drops", drops.count());
        check(drops.count() == 1, "1 drop when the future has ended", seen);
    })
}

pub(crate) fn waker_keeps_nothing(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (drops, task) = (Drops::default(), Watched::new());
        let (token, mut inner) = (drops.token(), task.clone());
        lab.spawn(poll_fn(move |cx| {
            let _ = &token;
            std::pin::Pin::new(&mut inner).poll(cx)
        }));
        lab.settle().await;
        let waker = task.waker();
        task.finish();
        lab.settle().await;
        let seen = "it lives as long as the waker";
        check(drops.count() == 1, "a waker keeps no ended future alive", seen);
        drop(waker);
    })
}

pub(crate) fn spawn_in_drop(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let end = Watched::new();
        let inner = end.clone();
        let spawner = OnDrop(move || {
            let inner = inner.clone();
            lab.spawn(async move { inner.finish() });
        });
        lab.spawn(poll_fn(move |_| {
            let _ = &spawner;
            Poll::Ready(())
        }));
        end.await;
    })
}

pub(crate) fn wake_in_drop(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let end = Watched::new();
        let inner = end.clone();
        let waking = OnDrop(move || inner.finish());
        lab.spawn(poll_fn(move |_| {
            let _ = &waking;
            Poll::Ready(())
        }));
        end.await;
    })
}

pub(crate) fn spawn_local(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let end = Watched::new();
        let (inner, home) = (end.clone(), thread::current().id());
        let dropped = OnDrop(move || check_home(home));
        lab.spawn_local(async move {
            let _dropped = dropped;
            for _ in 0..3 {
                check_home(home);
                yield_now().await;
            }
            inner.finish();
        });
        end.await;
    })
}

fn check_home(home: thread::ThreadId) {
    let here = thread::current().id() == home;
    check(here, "a task that is not `Send` stays on its thread", "it was on another one");
}
