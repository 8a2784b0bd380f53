//! # A lock held across an await
//!
//! What one sees: with one client all is well; with two, the whole program hangs, every client of
//! it, with no load at all.
//!
//! What gives it away: the trace ends with "polled": the second task never comes back from `lock`.
//! A debugger shows the thread in it. Clippy sees the mistake before the run
//! (`await_holding_lock`), and on an executor of many threads it would often not compile, for the
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
//! The cause: `guest 1` holds the lock while it waits. `guest 2` blocks the thread until the lock is
//! free, and the thread is the one that `guest 1` needs to go on.
//!
//! The cure: let the lock go before each `.await`. Where it has to be held across one, a lock whose
//! `lock` is awaited (of the crate `async-lock`, say): then the second task waits, not the thread.
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

#[expect(clippy::await_holding_lock, reason = "it is the mistake, and clippy sees it")]
async fn wrong(guest: u32, till: Till) {
    say(format!("guest {guest}: I want the till"));
    let mut money = till.lock().expect("nobody panics here");
    say(format!("guest {guest}: I have the till, and look for change"));
    yield_now().await;
    *money += 5;
    say(format!("guest {guest}: {money} in the till"));
}

async fn cured(guest: u32, till: Till) {
    say(format!("guest {guest}: I look for change"));
    yield_now().await;
    let mut money = till.lock().expect("nobody panics here");
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
