//! The synchronisation types of the one path that several threads use.
//!
//! In a normal build they are std's. Under `--cfg loom` they are loom's, so that the model
//! checker sees every access that [`inbox`](crate::inbox) and [`Header`](crate::tasks::Header)
//! make, in the real code.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering, fence},
};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering, fence},
};
