//! The synchronisation types of the one path that several threads use.
//!
//! In a normal build they are std's, and mio's. Under `--cfg loom` they are loom's, so that the
//! model checker sees every access that [`inbox`](crate::inbox) and
//! [`Header`](crate::header::Header) make, in the real code, and stand-ins where the OS would be
//! asked to sleep or to wake.

#[cfg(not(loom))]
pub(crate) use {
    mio::{Poll, Waker},
    std::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering, fence},
    },
};

#[cfg(loom)]
pub(crate) use {
    self::stand_in::{Poll, Waker},
    loom::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering, fence},
    },
};

/// mio's `Poll` and `Waker` without sockets: a sleep that the model checker can see.
#[cfg(loom)]
#[expect(clippy::unnecessary_wraps, reason = "the signatures are mio's")]
mod stand_in {
    use std::{io, ops::Deref, sync::Arc, time::Duration};

    use loom::sync::Notify;

    pub(crate) struct Poll(Registry);

    /// Leads to mio's own, which compiles the rest of the reactor and does nothing here.
    pub(crate) struct Registry {
        mio: mio::Poll,
        rung: Arc<Notify>,
    }

    impl Poll {
        pub(crate) fn new() -> io::Result<Poll> {
            let (mio, rung) = (mio::Poll::new()?, Arc::new(Notify::new()));
            Ok(Poll(Registry { mio, rung }))
        }

        pub(crate) fn registry(&self) -> &Registry {
            &self.0
        }

        /// Sleeps until somebody rings, or, as real sleepers do, for no reason at all.
        pub(crate) fn poll(
            &self,
            _: &mut mio::Events,
            timeout: Option<Duration>,
        ) -> io::Result<()> {
            if timeout.is_none() {
                self.0.rung.wait();
            }
            Ok(())
        }
    }

    impl Deref for Registry {
        type Target = mio::Registry;

        fn deref(&self) -> &mio::Registry {
            self.mio.registry()
        }
    }

    pub(crate) struct Waker(Arc<Notify>);

    impl Waker {
        pub(crate) fn new(registry: &Registry, _: mio::Token) -> io::Result<Waker> {
            Ok(Waker(Arc::clone(&registry.rung)))
        }

        pub(crate) fn wake(&self) -> io::Result<()> {
            self.0.notify();
            Ok(())
        }
    }
}
