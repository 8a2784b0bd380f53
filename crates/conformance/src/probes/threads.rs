//! Wakes from other threads.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use crate::{
    LocalFuture,
    child::check,
    lab::{Lab, Signal, Watched, on_thread, pending_once, when_asleep},
};

/// How often a sleep is ended.
const ROUNDS: u32 = 5;

/// Waits for a wake that comes when all sleep, a few times.
async fn sleep_and_wake() {
    for _ in 0..ROUNDS {
        let event = Signal::new();
        let announced = event.clone();
        when_asleep(move |_| announced.set());
        event.await;
    }
}

pub(crate) fn wakes_root(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    Box::pin(sleep_and_wake())
}

pub(crate) fn wakes_task(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let end = Watched::new();
        let ended = end.clone();
        lab.spawn(async move {
            sleep_and_wake().await;
            ended.finish();
        });
        end.await;
    })
}

/// Wakes on another thread, and waits for that.
fn wake_afar(waker: &Waker, times: u32) {
    let waker = waker.clone();
    on_thread(move || (0..times).for_each(|_| waker.wake_by_ref()));
}

pub(crate) fn wakes_in_poll(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    Box::pin(pending_once(|waker| wake_afar(waker, 1)))
}

pub(crate) fn token_taken(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    Box::pin(pending_once(|waker| {
        wake_afar(waker, 1);
        // A channel or a lock inside the poll may do this: it takes the token of `unpark`.
        thread::park_timeout(Duration::from_millis(1));
    }))
}

pub(crate) fn many_threads(lab: Lab) -> LocalFuture<'static> {
    const THREADS: u32 = 8;
    const WAKES: u32 = 1000;
    let _ = lab;
    let count = Arc::new(AtomicU32::new(0));
    let slot = Arc::new(Mutex::new(None::<Waker>));
    let mut started = false;
    Box::pin(poll_fn(move |cx| {
        // First the waker, then the look: what is counted in between is woken for.
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        if !std::mem::replace(&mut started, true) {
            for _ in 0..THREADS {
                let (slot, count) = (Arc::clone(&slot), Arc::clone(&count));
                thread::spawn(move || (0..WAKES).for_each(|_| count_and_wake(&count, &slot)));
            }
        }
        let all = count.load(Ordering::SeqCst) == THREADS * WAKES;
        if all { Poll::Ready(()) } else { Poll::Pending }
    }))
}

fn count_and_wake(count: &AtomicU32, slot: &Mutex<Option<Waker>>) {
    count.fetch_add(1, Ordering::SeqCst);
    let waker = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(waker) = waker {
        waker.wake_by_ref();
    }
}

pub(crate) fn race(lab: Lab) -> LocalFuture<'static> {
    const ROUNDS: u32 = 5000;
    let _ = lab;
    Box::pin(async {
        let (ask, asked) = mpsc::channel::<(Waker, Arc<AtomicBool>)>();
        thread::spawn(move || {
            for (waker, answered) in asked {
                answered.store(true, Ordering::SeqCst);
                waker.wake();
            }
        });
        for _ in 0..ROUNDS {
            let answered = Arc::new(AtomicBool::new(false));
            let mut asking = true;
            poll_fn(|cx| {
                if std::mem::replace(&mut asking, false) {
                    let _ = ask.send((cx.waker().clone(), Arc::clone(&answered)));
                    return Poll::Pending;
                }
                if answered.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    })
}

pub(crate) fn never_blocks(lab: Lab) -> LocalFuture<'static> {
    let _ = lab;
    Box::pin(pending_once(|waker| wake_afar(waker, 20_000)))
}

pub(crate) fn spawns(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (home, end) = (thread::current().id(), Signal::new());
        let ended = end.clone();
        let seen = Arc::new(Mutex::new(None));
        let (spawn, there) = (lab.spawner(), Arc::clone(&seen));
        when_asleep(move |_| {
            spawn(Box::pin(async move {
                *there.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(thread::current().id());
                ended.set();
            }));
        });
        end.await;
        let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
        check(seen == Some(home), "the task runs on the executor's thread", "on another one");
    })
}
