//! The synchronisation types of the code that several threads run, and the macro for thread-locals.
//!
//! In a normal build they are std's. Under `--cfg loom` they are loom's, so that the model checker
//! sees every access that the executor's remote queue and its wakers make.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, Ordering, fence},
};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, Ordering, fence},
};

/// Declares a thread-local. The threads of the model checker share one thread of the OS, so it has
/// thread-locals of its own.
macro_rules! thread_local_cell {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $init:expr;) => {
        #[cfg(not(loom))]
        std::thread_local! {
            $(#[$doc])*
            static $name: $type = const { $init };
        }
        #[cfg(loom)]
        loom::thread_local! {
            $(#[$doc])*
            static $name: $type = $init;
        }
    };
}
pub(crate) use thread_local_cell;
