//! Every interleaving of a thread that parks and two that unpark it.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release --lib --target-dir target/loom model
//! ```

use std::{io, sync::Arc};

use loom::sync::Notify;

/// mio's waker, and the event that it makes. An event that is not taken yet ends the next wait.
#[derive(Clone)]
pub(super) struct OsWaker(Arc<Notify>);

#[expect(clippy::unnecessary_wraps, reason = "the signatures are mio's")]
impl OsWaker {
    pub(super) fn new(_: &mio::Registry, _: mio::Token) -> io::Result<OsWaker> {
        Ok(OsWaker(Arc::new(Notify::new())))
    }

    pub(super) fn wake(&self) -> io::Result<()> {
        self.0.notify();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use loom::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;
    use crate::reactor::unparker::Unparker;

    /// A park that misses what an unpark brought would sleep for ever.
    #[test]
    fn a_park_sees_what_each_unpark_brought() {
        loom::model(|| {
            let os = OsWaker(Arc::new(Notify::new()));
            let unparker = Unparker::with(os.clone());
            let brought = Arc::new(AtomicUsize::new(0));
            for _ in 0..2 {
                let (unparker, brought) = (unparker.clone(), Arc::clone(&brought));
                thread::spawn(move || {
                    brought.fetch_add(1, Ordering::Relaxed);
                    unparker.unpark();
                });
            }
            while brought.load(Ordering::Relaxed) < 2 {
                os.0.wait();
                unparker.take();
            }
        });
    }
}
