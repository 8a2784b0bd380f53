//! A small single-threaded async executor.

mod async_io;
mod builder;
mod clock;
mod context;
mod diagnosis;
mod executor;
mod foreign;
mod handle;
mod id;
mod inbox;
mod join;
pub mod net;
mod reactor;
mod ready;
mod registration;
mod slots;
mod sync;
mod table;
pub mod task;
mod tasks;
pub mod time;
mod timers;
pub mod trace;
mod waker;
mod yield_now;

pub use crate::{
    async_io::Async,
    builder::Builder,
    context::spawn,
    executor::{Executor, block_on},
    handle::Handle,
    id::TaskId,
    join::{JoinError, JoinHandle},
    yield_now::{YieldNow, yield_now},
};
