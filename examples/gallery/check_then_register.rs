//! # Register after checking
//!
//! What one sees: it works a thousand times and then hangs, under load or on another machine. A
//! line of logging in the right place cures it, or makes it worse.
//!
//! What gives it away: what was waited for has happened between the task's last poll and its end,
//! and nobody has woken the task since. The crate cannot warn here: the waker is kept, and whoever
//! keeps it might still use it.
//!
//! ```text
//!     task 0: polled
//! oven (another thread): done, and nobody waits
//!     task 0: pending
//! What is left:
//! task 0     waiting        1 …  something unknown; waiter
//! ```
//!
//! The cause: the future looks at the flag first and leaves its waker after that. If the other
//! thread sets the flag in between, it finds no waker, and the future leaves one that nobody will
//! look for.
//!
//! The cure: leave the waker first, then look. Whoever sets the flag before the look is seen by it;
//! whoever sets it after finds the waker. (On one thread nothing comes between two lines without an
//! `.await`. This crate's own inbox for other threads, `inbox.rs`, has the same two steps.)
//!
//! ```text
//!     task 0: polled
//! oven (another thread): done, and I wake who waits
//! waiter: I serve the pizza
//! What is left:
//! no tasks
//! ```

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
};

use pizzaiolo::Executor;

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "check-then-register",
    source: include_str!("check_then_register.rs"),
    wrong: || watch(|executor| program(executor, wrong)),
    cured: || watch(|executor| program(executor, cured)),
};

#[derive(Default)]
struct Oven {
    done: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Oven {
    fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }

    fn leave(&self, waker: &Waker) {
        self.waiting.lock().expect("nobody panics here").replace(waker.clone());
    }

    /// What the other thread does. True if there was anybody to wake.
    fn finish(&self) -> bool {
        self.done.store(true, Ordering::SeqCst);
        let waker = self.waiting.lock().expect("nobody panics here").take();
        waker.map(Waker::wake).is_some()
    }
}

fn wrong(oven: &Arc<Oven>, cx: &mut Context<'_>) -> Poll<()> {
    if oven.is_done() {
        return Poll::Ready(());
    }
    bad_luck(oven);
    oven.leave(cx.waker());
    Poll::Pending
}

fn cured(oven: &Arc<Oven>, cx: &mut Context<'_>) -> Poll<()> {
    oven.leave(cx.waker());
    bad_luck(oven);
    if oven.is_done() {
        return Poll::Ready(());
    }
    Poll::Pending
}

/// Just here the other thread does all of its work. That is rare, but here it is sure.
fn bad_luck(oven: &Arc<Oven>) {
    let oven = Arc::clone(oven);
    let woken = thread::spawn(move || oven.finish()).join().expect("it does not panic");
    let who = if woken { "I wake who waits" } else { "nobody waits" };
    say(format!("oven (another thread): done, and {who}"));
}

fn program(executor: &Executor, poll: fn(&Arc<Oven>, &mut Context<'_>) -> Poll<()>) {
    let oven = Arc::new(Oven::default());
    let _waiter = spawn(executor, "waiter", async move {
        poll_fn(|cx| poll(&oven, cx)).await;
        say("waiter: I serve the pizza");
    });
    // `run` would sleep for ever here, and this is to end.
    executor.run_until_idle();
}
