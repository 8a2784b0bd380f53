//! # A future polled once and then dropped
//!
//! What one sees: a hand-written `poll`, or a `poll_fn`, that calls the `poll` of another future
//! hangs in its first wait. With a future that is ready at once, it works.
//!
//! What gives it away: the task is pending on something (here a timer), and the same poll ends that
//! wait: the executor warns that nothing holds the waker. The timer never fires.
//!
//! ```text
//!     task 0: polled
//!     task 0: pending on a timer
//!     task 0: pending
//!     task 0: warning, "cook", …: it returned Pending, but nothing holds its waker: it can never run again
//! It panics: deadlock: run waits for ever: …
//! task 0     waiting        1 …  something unknown; cook
//! ```
//!
//! The cause: each poll makes a new inner future and drops it at its end. A future does nothing
//! while it is not polled, and its wait ends when it is dropped.
//!
//! The cure: make the inner future once, keep it (pinned) from poll to poll, and poll the same one
//! again. In most cases this means: `.await` it.
//!
//! ```text
//!     task 0: pending on a timer
//!     task 0: its timer has fired
//!     task 0: woken by a timer
//! cook: it is done
//! What is left:
//! no tasks
//! ```

use std::{future::poll_fn, pin::pin, time::Duration};

use pizzaiolo::{Executor, time};

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "polled-once",
    source: include_str!("polled_once.rs"),
    wrong: || watch(|executor| program(executor, wrong())),
    cured: || watch(|executor| program(executor, cured())),
};

const BAKING: Duration = Duration::from_secs(90);

async fn wrong() {
    poll_fn(|cx| {
        let baking = pin!(time::sleep(BAKING));
        baking.poll(cx)
    })
    .await;
}

async fn cured() {
    let mut baking = pin!(time::sleep(BAKING));
    poll_fn(|cx| baking.as_mut().poll(cx)).await;
}

fn program(executor: &Executor, baking: impl Future<Output = ()> + 'static) {
    let _cook = spawn(executor, "cook", async move {
        baking.await;
        say("cook: it is done");
    });
    executor.run();
}
