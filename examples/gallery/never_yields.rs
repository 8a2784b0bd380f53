//! # A task that never yields
//!
//! What one sees: the program hangs, and one core is fully busy.
//!
//! What gives it away: the trace ends with "polled": the poll does not end. The task that could end
//! the wait is ready, but it is never polled. No executor can warn while its own thread is busy.
//! The warning comes when the poll ends, if it ends.
//!
//! ```text
//!     task 0: polled
//! waiter: I have looked again and again, for 150 ms, and give up
//!     task 0: warning, "waiter", …: a poll took …, and no other task ran meanwhile
//!     task 1: polled
//! oven: done
//! ```
//!
//! The cause: no `.await` in the loop ever returns Pending. So the executor and all other tasks
//! wait for this task. (Here the loop gives up after 150 ms, so that the program ends.)
//!
//! The cure: await the event. A computation that is only long calls `yield_now` now and then. A
//! loop around `yield_now` is no cure for a wait: the other tasks run, but the core stays busy.
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

/// A real program would loop for ever.
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
