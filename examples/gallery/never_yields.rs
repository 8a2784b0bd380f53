//! # A task that never yields
//!
//! What one sees: the program hangs, and one core is busy to the full.
//!
//! What gives it away: the trace ends with "polled": the poll does not end. Whom the task waits for
//! is ready, and never has its turn. No executor can warn from the thread that is being kept; the
//! warning comes when the poll ends, if it does.
//!
//! ```text
//!     task 0: polled
//! waiter: I have looked again and again, for 150 ms, and give up
//!     task 0: warning, "waiter", …: a poll took …, and no other task ran meanwhile
//!     task 1: polled
//! oven: done
//! ```
//!
//! The cause: the loop has no `.await` that ever returns Pending, so the executor, and with it
//! everybody else, waits for the task. (Here it gives up, so that the program ends.)
//!
//! The cure: await what is waited for. A computation that is just long calls
//! `yield_now` now and then. A loop around `yield_now` is no cure for a
//! wait: the others run, but the core burns on.
//!
//! ```text
//!     task 0: polled
//!     task 0: pending
//!     task 1: polled
//! oven: done
//!     task 0: woken by task 1
//! waiter: I serve the pizza
//! ```

use std::{
    cell::Cell,
    hint,
    rc::Rc,
    time::{Duration, Instant},
};

use pizzaiolo::Executor;

use super::{
    Exhibit,
    watch::{Bell, say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "never-yields",
    source: include_str!("never_yields.rs"),
    wrong: || watch(wrong),
    cured: || watch(cured),
};

/// The real mistake has no end. It would be for ever.
const PATIENCE: Duration = Duration::from_millis(150);

fn wrong(executor: &Executor) {
    let done = Rc::new(Cell::new(false));
    let looks = Rc::clone(&done);
    let _waiter = spawn(executor, "waiter", async move {
        let start = Instant::now();
        while !looks.get() {
            hint::spin_loop();
            if start.elapsed() > PATIENCE {
                say("waiter: I have looked again and again, for 150 ms, and give up");
                return;
            }
        }
        say("waiter: I serve the pizza");
    });
    let _oven = spawn(executor, "oven", async move {
        say("oven: done");
        done.set(true);
    });
    executor.run();
}

fn cured(executor: &Executor) {
    let done = Bell::default();
    let rings = done.clone();
    let _waiter = spawn(executor, "waiter", async move {
        done.await;
        say("waiter: I serve the pizza");
    });
    let _oven = spawn(executor, "oven", async move {
        say("oven: done");
        rings.ring();
    });
    executor.run();
}
