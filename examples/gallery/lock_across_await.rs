//! # A lock held across an await
//!
//! What one sees: with one client everything works. With two clients the whole program hangs,
//! without any load.
//!
//! What gives it away: the trace ends with "polled": the second task does not return from `lock`. A
//! debugger shows the thread in that call. Clippy finds the mistake before the run
//! (`await_holding_lock`). On an executor with many threads it often does not compile, because the
//! guard is not `Send`.
//!
//! ```text
//! guest 1: I have the till, and look for change
//!     task 0: pending
//!     task 1: polled
//! guest 2: I want the till
//! The thread hangs.
//! ```
//!
//! The cause: `guest 1` holds the lock while it waits. `guest 2` blocks the thread until the lock
//! is free, and `guest 1` needs this thread to continue.
//!
//! The cure: release the lock before each `.await`. If it has to be held across one, use a lock
//! whose `lock` is awaited (for example of the crate `async-lock`): then the task waits, and not
//! the thread.
//!
//! ```text
//! guest 1: I look for change
//! guest 2: I look for change
//! guest 1: 5 in the till
//! guest 2: 10 in the till
//! What is left:
//! no tasks
//! ```

use std::{rc::Rc, sync::Mutex};

use pizzaiolo::{Executor, yield_now};

use super::{
    Exhibit,
    watch::{say, spawn, watch, watch_what_may_hang},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "lock-across-await",
    source: include_str!("lock_across_await.rs"),
    wrong: || watch_what_may_hang(|executor| program(executor, wrong)),
    cured: || watch(|executor| program(executor, cured)),
};

type Till = Rc<Mutex<u32>>;

#[expect(clippy::await_holding_lock, reason = "this is the mistake, and clippy finds it")]
async fn wrong(guest: u32, till: Till) {
    say(format!("guest {guest}: I want the till"));
    let mut money = till.lock().expect("no guest panics");
    say(format!("guest {guest}: I have the till, and look for change"));
    yield_now().await;
    *money += 5;
    say(format!("guest {guest}: {money} in the till"));
}

async fn cured(guest: u32, till: Till) {
    say(format!("guest {guest}: I look for change"));
    yield_now().await;
    let mut money = till.lock().expect("no guest panics");
    *money += 5;
    say(format!("guest {guest}: {money} in the till"));
}

fn program<F: Future<Output = ()> + 'static>(executor: &Executor, pay: fn(u32, Till) -> F) {
    let till = Till::default();
    for guest in 1..=2 {
        let _guest = spawn(executor, &format!("guest {guest}"), pay(guest, Rc::clone(&till)));
    }
    executor.run();
}
