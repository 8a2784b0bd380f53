//! Which task is polled, and when.

use std::{
    cell::Cell,
    future::poll_fn,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use crate::{
    LocalFuture,
    child::{self, check, fail},
    lab::{Lab, Signal, Watched, when_asleep},
    measure::Seen,
};

pub(crate) fn root_not_polled_after_ready(lab: Lab) {
    child::ask_poll_after_ready();
    lab.block_on(async {});
}

pub(crate) fn wake_in_poll(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    let mut polls = 0;
    Box::pin(poll_fn(move |cx| {
        polls += 1;
        match polls {
            1 => cx.waker().wake_by_ref(),
            2 => {
                let waker = cx.waker().clone();
                waker.wake();
            }
            _ => return Poll::Ready(()),
        }
        Poll::Pending
    }))
}

pub(crate) fn task_wake_in_poll(lab: Lab) -> LocalFuture<'static> {
    let end = Watched::new();
    let spawned = end.clone();
    Box::pin(async move {
        lab.spawn(async move {
            wake_in_poll(lab).await;
            spawned.finish();
        });
        end.await;
    })
}

/// How often a task is polled while everything settles, without a wake: never, by a right executor.
async fn unwoken_polls(lab: Lab, task: &Watched) -> u64 {
    let before = task.polls();
    lab.settle().await;
    task.polls() - before
}

pub(crate) fn wakes_merge(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let [task] = lab.waiting::<1>().await;
        let unwoken = unwoken_polls(lab, &task).await;
        let (waker, before) = (task.waker(), task.polls());
        (0..10).for_each(|_| waker.wake_by_ref());
        lab.settle().await;
        let polls = (task.polls() - before).saturating_sub(unwoken);
        check(polls <= 1, "1 poll for ten wakes before it", format!("{polls} polls"));
    })
}

/// Ends the probe unless `task` was polled so often.
fn expect_polls(task: &Watched, polls: u64, rule: &str) {
    let seen = format!("{} polls", task.polls());
    check(task.polls() == polls, format!("{polls} polls: {rule}"), seen);
}

pub(crate) fn root_not_polled_unwoken(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let root = Watched::new();
        let end = root.clone();
        lab.spawn(async move {
            for _ in 0..100 {
                crate::lab::yield_now().await;
            }
            end.finish();
        });
        root.clone().await;
        expect_polls(&root, 2, "the first, and one after the only wake");
    })
}

pub(crate) fn root_wakes_merge(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    Box::pin(async move {
        let root = Signal::new();
        let mut other = root.clone();
        let mut woken = false;
        let end = root.clone();
        let slept = Arc::new(AtomicBool::new(false));
        let saw_sleep = Arc::clone(&slept);
        when_asleep(move |seen| {
            saw_sleep.store(matches!(seen, Seen::Sleep), Ordering::SeqCst);
            end.set();
        });
        poll_fn(move |cx| {
            if !std::mem::replace(&mut woken, true) {
                (0..10).for_each(|_| cx.waker().wake_by_ref());
            }
            std::pin::Pin::new(&mut other).poll(cx)
        })
        .await;
        // One that never sleeps polls millions of times: that is for `idle-root` to say.
        if slept.load(Ordering::SeqCst) {
            let seen = format!("{} polls", root.polls());
            check(root.polls() <= 3, "3 polls: ten wakes cost one, and the last wake one", seen);
        }
    })
}

pub(crate) fn task_not_polled_unwoken(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let tasks = lab.waiting::<3>().await;
        for _ in 0..5 {
            tasks[1].waker().wake_by_ref();
            lab.settle().await;
        }
        expect_polls(&tasks[0], 1, "only its neighbour was woken");
        expect_polls(&tasks[2], 1, "only its neighbour was woken");
    })
}

pub(crate) fn wake_forms(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let [task] = lab.waiting::<1>().await;
        let before = task.polls();
        task.waker().wake_by_ref();
        lab.settle().await;
        check(task.polls() > before, "`wake_by_ref` means a poll", "none");
        let before = task.polls();
        task.waker().wake();
        lab.settle().await;
        check(task.polls() > before, "`wake` means a poll", "none");
    })
}

pub(crate) fn root_old_waker(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    let mut first = None;
    let mut polls = 0;
    Box::pin(poll_fn(move |cx| {
        polls += 1;
        if polls == 3 {
            return Poll::Ready(());
        }
        first.get_or_insert_with(|| cx.waker().clone()).wake_by_ref();
        Poll::Pending
    }))
}

pub(crate) fn old_waker(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let [task] = lab.waiting::<1>().await;
        let old = task.waker();
        old.wake_by_ref();
        lab.settle().await;
        let before = task.polls();
        old.wake_by_ref();
        lab.settle().await;
        check(task.polls() > before, "a waker of an earlier poll wakes its task", "no poll");
    })
}

pub(crate) fn not_polled_after_ready(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        child::ask_poll_after_ready();
        lab.spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Ready(())
        }));
        lab.settle().await;
    })
}

pub(crate) fn late_wake(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        child::ask_poll_after_ready();
        let waker = lab.late_waker().await;
        waker.wake_by_ref();
        lab.settle().await;
    })
}

pub(crate) fn stale_waker(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let waker = lab.late_waker().await;
        let tasks = lab.waiting::<50>().await;
        let unwoken = unwoken_polls(lab, &tasks[0]).await;
        let before = tasks.clone().map(|task| task.polls());
        waker.wake();
        lab.settle().await;
        for (task, before) in tasks.iter().zip(before) {
            let polls = (task.polls() - before).saturating_sub(unwoken);
            check(polls == 0, "the waker of an ended task wakes no later one", "it did");
        }
    })
}

pub(crate) fn distinct_wakers(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let tasks = lab.waiting::<2>().await;
        if tasks[0].waker().will_wake(&tasks[1].waker()) {
            fail("`will_wake` of two tasks' wakers is false", "true");
        }
    })
}

pub(crate) fn wake_is_not_poll(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let [task] = lab.waiting::<1>().await;
        let before = task.polls();
        task.waker().wake_by_ref();
        check(task.polls() == before, "`wake` returns before the poll", "it polled the task");
    })
}

pub(crate) fn spawn_is_not_poll(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let polled = Rc::new(Cell::new(false));
        let task = Rc::clone(&polled);
        lab.spawn(async move { task.set(true) });
        check(!polled.get(), "`spawn` returns before the first poll", "it polled the task");
        lab.settle().await;
        check(polled.get(), "a spawned task is polled", "it was not");
    })
}
