//! What is left of an executor.

use std::{future::pending, pin::pin, sync::mpsc, thread, time::Duration};

use crate::{
    child::{self, check},
    lab::{Drops, Lab, OnDrop, Watched, on_thread},
    measure,
};

/// Ends the probe unless so many futures were dropped.
fn expect_drops(drops: &Drops, count: u64) {
    let seen = format!("{} drops", drops.count());
    check(drops.count() == count, format!("{count} drops when the executor is gone"), seen);
}

pub(crate) fn pending_ones(lab: Lab) {
    let drops = Drops::default();
    let counter = drops.clone();
    lab.block_on(async move {
        for _ in 0..100 {
            let token = counter.token();
            lab.spawn(async move {
                let _token = token;
                pending::<()>().await;
            });
        }
        lab.settle().await;
    });
    expect_drops(&drops, 100);
}

/// A future that waits with a token of `drops`.
fn waiting(drops: &Drops, watched: &Watched) -> impl Future<Output = ()> + use<> {
    let (token, watched) = (drops.token(), watched.clone());
    async move {
        let _token = token;
        watched.await;
    }
}

pub(crate) fn ready_ones(lab: Lab) {
    let drops = Drops::default();
    let counter = drops.clone();
    lab.block_on(async move {
        let tasks = [(); 10].map(|()| Watched::new());
        for task in &tasks {
            lab.spawn(waiting(&counter, task));
        }
        lab.settle().await;
        let wakers = tasks.map(|task| task.take_waker());
        wakers.into_iter().flatten().for_each(std::task::Waker::wake);
    });
    expect_drops(&drops, 10);
}

pub(crate) fn unpolled_ones(lab: Lab) {
    let drops = Drops::default();
    let counter = drops.clone();
    lab.block_on(async move {
        for _ in 0..10 {
            let token = counter.token();
            lab.spawn(async move {
                let _token = token;
                pending::<()>().await;
            });
        }
    });
    expect_drops(&drops, 10);
}

pub(crate) fn spawns(lab: Lab) {
    let drops = Drops::default();
    let counter = drops.clone();
    lab.block_on(async move {
        let token = counter.token();
        let spawner = OnDrop(move || {
            let token = counter.token();
            lab.spawn(async move {
                let _token = token;
                pending::<()>().await;
            });
        });
        lab.spawn(async move {
            let (_token, _spawner) = (token, spawner);
            pending::<()>().await;
        });
        lab.settle().await;
    });
    expect_drops(&drops, 2);
}

pub(crate) fn wakes(lab: Lab) {
    let drops = Drops::default();
    let counter = drops.clone();
    lab.block_on(async move {
        let tasks = [(); 3].map(|()| Watched::new());
        for task in &tasks {
            let all = tasks.clone();
            let waking = OnDrop(move || all.iter().for_each(Watched::finish));
            let waiting = waiting(&counter, task);
            lab.spawn(async move {
                let _waking = waking;
                pin!(waiting).await;
            });
        }
        lab.settle().await;
    });
    expect_drops(&drops, 3);
}

pub(crate) fn held(lab: Lab) {
    let (drops, watched) = (Drops::default(), Watched::new());
    let task = waiting(&drops, &watched);
    lab.block_on(async move {
        lab.spawn(task);
        lab.settle().await;
    });
    expect_drops(&drops, 1);
    let waker = watched.take_waker();
    on_thread(move || drop(waker));
    expect_drops(&drops, 1);
}

pub(crate) fn cycles(lab: Lab) {
    let drops = Drops::default();
    let counter = drops.clone();
    lab.block_on(async move {
        // Each owns its waker, in the state that nothing else shares any more.
        for _ in 0..10 {
            lab.spawn(waiting(&counter, &Watched::new()));
        }
        lab.settle().await;
    });
    expect_drops(&drops, 10);
}

pub(crate) fn waker_outlives(lab: Lab) {
    let watched = Watched::new();
    let (task, root) = (watched.clone(), Watched::new());
    let own = root.clone();
    lab.block_on(async move {
        lab.spawn(task);
        lab.settle().await;
        own.finish_quietly();
        own.await;
    });
    let Some(waker) = watched.take_waker() else { return };
    waker.wake_by_ref();
    let clone = waker.clone();
    on_thread(move || clone.wake());
    drop(waker);
}

pub(crate) fn run_again(lab: Lab) {
    let (first, second) = (Watched::new(), Watched::new());
    lab.with_executor(move |block_on| {
        let (task, end) = (first.clone(), second.clone());
        block_on(Box::pin(async move {
            let waiting = task.clone();
            lab.spawn(async move {
                waiting.await;
                end.finish();
            });
            lab.settle().await;
        }));
        let (task, end) = (first.clone(), second.clone());
        block_on(Box::pin(async move {
            task.finish();
            end.await;
        }));
    });
}

pub(crate) fn wake_between_runs(lab: Lab) {
    let (first, second) = (Watched::new(), Watched::new());
    lab.with_executor(move |block_on| {
        let (task, end) = (first.clone(), second.clone());
        block_on(Box::pin(async move {
            lab.spawn(async move {
                task.await;
                end.finish();
            });
            lab.settle().await;
        }));
        first.finish();
        block_on(Box::pin(second.clone()));
    });
}

/// How many executors are made to see a leak.
const EXECUTORS: usize = 20;
/// How often.
const ROUNDS: usize = 3;

/// Ends the probe unless `count` is the same before and after many executors.
fn expect_no_leak(lab: Lab, what: &str, count: fn() -> Option<usize>) {
    let run = || {
        lab.block_on(async move {
            if lab.can(crate::Capability::Spawn) {
                lab.spawn(pending());
            }
        });
    };
    (0..3).for_each(|_| run());
    let mut seen = String::new();
    // What is made once for the whole process is no leak, even if it comes late: a leak grows each time.
    for _ in 0..ROUNDS {
        let Some(before) = count() else { child::not_measured() };
        (0..EXECUTORS).for_each(|_| run());
        let after = settled(before, count);
        if after <= before {
            return;
        }
        seen = format!("{after} after {EXECUTORS} executors, and {before} before");
    }
    child::fail(format!("as many {what} as before"), seen);
}

/// Counts, and waits for the count to go down: threads may take their time to end.
fn settled(before: usize, count: fn() -> Option<usize>) -> usize {
    for _ in 0..100 {
        if count().is_some_and(|after| after <= before) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    count().unwrap_or_default()
}

pub(crate) fn descriptors(lab: Lab) {
    expect_no_leak(lab, "descriptors", measure::descriptor_count);
}

pub(crate) fn threads(lab: Lab) {
    expect_no_leak(lab, "threads", measure::thread_count);
}

pub(crate) fn waker_dropped_afar(lab: Lab) -> crate::LocalFuture<'static> {
    Box::pin(async move {
        let last = lab.late_waker().await;
        let (give, take) = mpsc::channel();
        let _ = give.send(last);
        on_thread(move || {
            let waker = take.recv();
            drop(waker.clone());
            drop(waker);
        });
        lab.settle().await;
    })
}
