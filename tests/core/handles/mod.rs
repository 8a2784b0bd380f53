//! Handles of tasks: aborting from anywhere, sets of tasks, spawning from other threads, and what a
//! task knows of itself.

mod abort;
mod inside;
mod join_set;
mod remote;
mod spawn;

use pizzaiolo::Unparker;

use crate::support::prelude::*;

/// Reports the sleeps of an executor that proves a deadlock before it sleeps, and can end one without any work for it.
struct Sleeps {
    /// Has a message for each park that begins.
    parks: mpsc::Receiver<()>,
    unparker: Unparker,
}

/// An executor with a paused clock, so that it proves a deadlock before its first sleep.
fn sleeper() -> (Executor, Sleeps) {
    let (sender, parks) = mpsc::channel();
    // The receiver may be gone by then.
    let observer = at_park(move |_| _ = sender.send(()));
    let executor = made(Executor::builder().observer(observer).paused_clock(true));
    let unparker = executor.reactor().unparker();
    (executor, Sleeps { parks, unparker })
}

impl Sleeps {
    /// Runs code on another thread, once the executor has slept. So it has looked for a deadlock before, and if it
    /// has found one, it is gone, and this thread panics.
    fn then(self, code: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
        thread::spawn(move || {
            self.parks.recv().expect("it parks");
            self.unparker.unpark();
            // The first park has ended.
            self.parks.recv().expect("it parks again");
            code();
        })
    }
}
