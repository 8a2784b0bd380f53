//! # A blocking call in a task
//!
//! What one sees: now and then all clients stop for the same time, and then all continue. The tasks
//! do nothing wrong, and the processor is idle.
//!
//! What gives it away: one task is polled, and nothing at all happens until that poll ends. The
//! executor warns about polls that take longer than 100 ms, if an observer or `Builder::lints` asks
//! for it.
//!
//! ```text
//!     task 0: polled
//! cook: I stand at the oven
//! cook: it is done
//!     task 0: warning, "cook", …: a poll took …, and no other task ran meanwhile
//!     task 1: polled
//! waiter: welcome, guest 1
//! waiter: welcome, guest 3
//! ```
//!
//! The cause: there is one thread, and `thread::sleep` blocks it. Other blocking calls do the same:
//! a file on a slow disk, the lookup of a host name, `recv` of a std channel, a long computation.
//!
//! The cure: wait with an operation that can be awaited, here a timer. Run code that has to block
//! on another thread: the `blocking` crate does that, and its futures can be awaited here.
//!
//! ```text
//! cook: I set the timer
//!     task 0: pending
//! waiter: welcome, guest 1
//! waiter: welcome, guest 3
//!     task 0: its timer has fired
//! cook: it is done
//! ```

use std::{thread, time::Duration};

use pizzaiolo::{Executor, time, yield_now};

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "blocking-call",
    source: include_str!("blocking_call.rs"),
    wrong: || watch(|executor| program(executor, wrong())),
    cured: || watch(|executor| program(executor, cured())),
};

const BAKING: Duration = Duration::from_millis(150);

#[expect(clippy::unused_async, reason = "the mistake is that it awaits nothing")]
async fn wrong() {
    say("cook: I stand at the oven");
    thread::sleep(BAKING);
    say("cook: it is done");
}

async fn cured() {
    say("cook: I set the timer");
    time::sleep(BAKING).await;
    say("cook: it is done");
}

fn program(executor: &Executor, cook: impl Future<Output = ()> + 'static) {
    let _cook = spawn(executor, "cook", cook);
    let _waiter = spawn(executor, "waiter", async {
        for guest in 1..=3 {
            say(format!("waiter: welcome, guest {guest}"));
            yield_now().await;
        }
    });
    executor.run();
}
