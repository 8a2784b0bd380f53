//! # Register after checking
//!
//! What one sees: it works a thousand times and then hangs, under load or on another machine. A log
//! line in the right place cures it, or makes it worse.
//!
//! What gives it away: the awaited thing has happened during the task's last poll, and no code has
//! woken the task since. The crate cannot warn: the waker is stored, and its holder might still
//! call it.
//!
//! ```text
//!     task 0: polled
//! oven (another thread): done, and there is no waker
//!     task 0: pending
//! What is left:
//! task 0     waiting        1 …  something unknown; waiter
//! ```
//!
//! The cause: the future checks the flag first and stores its waker afterwards. If the other thread
//! sets the flag in between, it finds no waker, and it does not look for one again.
//!
//! The cure: store the waker first, then check. If the flag is set before the check, the check sees
//! it. If the flag is set after the check, the other thread finds the waker. (On one thread, no
//! other code runs between two lines without an `.await`. The queue for messages of other threads,
//! `remote.rs` of this crate, has the same two steps.)
//!
//! ```text
//!     task 0: polled
//! oven (another thread): done, and I call the waker
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

    fn store(&self, waker: &Waker) {
        self.waiting.lock().expect("no holder panics").replace(waker.clone());
    }

    /// What the other thread does. True if there was a waker to call.
    fn finish(&self) -> bool {
        self.done.store(true, Ordering::SeqCst);
        let waker = self.waiting.lock().expect("no holder panics").take();
        waker.map(Waker::wake).is_some()
    }
}

fn wrong(oven: &Arc<Oven>, cx: &mut Context<'_>) -> Poll<()> {
    if oven.is_done() {
        return Poll::Ready(());
    }
    bad_luck(oven);
    oven.store(cx.waker());
    Poll::Pending
}

fn cured(oven: &Arc<Oven>, cx: &mut Context<'_>) -> Poll<()> {
    oven.store(cx.waker());
    bad_luck(oven);
    if oven.is_done() {
        return Poll::Ready(());
    }
    Poll::Pending
}

/// The other thread does all of its work exactly here. In a real program that is rare.
fn bad_luck(oven: &Arc<Oven>) {
    let oven = Arc::clone(oven);
    let woken = thread::spawn(move || oven.finish()).join().expect("it does not panic");
    let then = if woken { "I call the waker" } else { "there is no waker" };
    say(format!("oven (another thread): done, and {then}"));
}

fn program(executor: &Executor, poll: fn(&Arc<Oven>, &mut Context<'_>) -> Poll<()>) {
    let oven = Arc::new(Oven::default());
    let _waiter = spawn(executor, "waiter", async move {
        poll_fn(|cx| poll(&oven, cx)).await;
        say("waiter: I serve the pizza");
    });
    // `run` would sleep for ever here, and this program has to end.
    executor.run_until_idle();
}
