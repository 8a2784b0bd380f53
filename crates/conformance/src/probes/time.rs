//! Timers.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};

use crate::{
    LocalFuture,
    child::{check, fail},
    lab::{Lab, Watched, keep_waiting, poll_now},
};

/// A time that no probe lives to see.
const NEVER: Duration = Duration::from_secs(3600);

pub(crate) fn not_early(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let wanted = Duration::from_micros(1990);
        for _ in 0..100 {
            let start = Instant::now();
            lab.sleep(wanted).await;
            let took = start.elapsed();
            check(took >= wanted, "1.99 ms, or more", format!("{took:?}"));
        }
    })
}

pub(crate) fn no_spin(lab: Lab) -> LocalFuture<'static> {
    const SLEEPS: u64 = 50;
    Box::pin(async move {
        let mut polls = 0;
        for _ in 0..SLEEPS {
            let mut sleep = lab.sleep(Duration::from_micros(300));
            poll_fn(|cx| {
                polls += 1;
                sleep.as_mut().poll(cx)
            })
            .await;
        }
        // Two are needed; the rest is for those that look once more.
        let seen = format!("{polls} polls");
        check(polls <= 5 * SLEEPS, format!("{} polls for {SLEEPS} sleeps", 2 * SLEEPS), seen);
    })
}

pub(crate) fn zero(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        for _ in 0..100 {
            lab.sleep(Duration::ZERO).await;
        }
    })
}

pub(crate) fn shorter_later(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        keep_waiting(lab.sleep(NEVER));
        // Now it sleeps until the long one is due, or would, if this did not come.
        lab.sleep(Duration::from_millis(20)).await;
    })
}

pub(crate) fn order(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let log = RefCell::new(Vec::new());
        let sleep = async |millis| {
            lab.sleep(Duration::from_millis(millis)).await;
            log.borrow_mut().push(millis);
        };
        both(sleep(700), sleep(20)).await;
        let seen = log.borrow().clone();
        check(seen == [20, 700], "20 ms end before 700 ms", format!("{seen:?}"));
    })
}

/// Waits for both.
async fn both(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut waits = [true; 2];
    poll_fn(|cx| {
        waits[0] = waits[0] && first.as_mut().poll(cx).is_pending();
        waits[1] = waits[1] && second.as_mut().poll(cx).is_pending();
        if waits == [false; 2] { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

pub(crate) fn many(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let mut sleeps: Vec<_> =
            (0..1000).map(|n| lab.sleep(Duration::from_millis(1 + n % 20))).collect();
        poll_fn(|cx| {
            sleeps.retain_mut(|sleep| sleep.as_mut().poll(cx).is_pending());
            if sleeps.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    })
}

pub(crate) fn dropped(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let mut counts = Vec::new();
        // Three times, because a machine that stands still for 40 ms merges the two wakes.
        while counts.len() < 3 {
            // A timeout that was not needed ends like this.
            let mut given_up = Some(lab.sleep(Duration::from_millis(20)));
            let mut sleep = lab.sleep(Duration::from_millis(60));
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                if let Some(mut sleep) = given_up.take() {
                    let _ = sleep.as_mut().poll(cx);
                }
                sleep.as_mut().poll(cx)
            })
            .await;
            // On a busy machine, the sleep can be over before its first poll, which says nothing.
            if polls > 1 {
                counts.push(polls);
            }
        }
        let seen = format!("{counts:?} polls");
        check(counts == [2; 3], "2 polls, three times: a dropped sleep wakes no task", seen);
    })
}

pub(crate) fn far(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        for duration in
            [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)]
        {
            let mut far = lab.sleep(duration);
            if poll_now(&mut far) {
                fail("a sleep of ages is late", "it was over at once");
            }
            lab.sleep(Duration::from_millis(1)).await;
        }
    })
}

pub(crate) fn moved(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let mut sleep = lab.sleep(Duration::from_millis(30));
        let _ = poll_now(&mut sleep);
        sleep.await;
    })
}

pub(crate) fn spinner(lab: Lab) -> LocalFuture<'static> {
    /// How many polls of the one that spins may come after the deadline.
    const PATIENCE: u32 = 100_000;
    Box::pin(async move {
        let fired = Rc::new(Cell::new(false));
        let stopped = Rc::clone(&fired);
        let end = Watched::new();
        let ended = end.clone();
        lab.spawn(async move {
            let deadline = Instant::now() + Duration::from_millis(20);
            let mut late = 0;
            poll_fn(|cx| {
                late += u32::from(Instant::now() > deadline);
                if stopped.get() {
                    return Poll::Ready(());
                }
                if late == PATIENCE {
                    fail(
                        "a timer fires while a task spins",
                        format!("{late} polls after it was due"),
                    );
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            ended.finish();
        });
        lab.sleep(Duration::from_millis(10)).await;
        fired.set(true);
        end.await;
    })
}
