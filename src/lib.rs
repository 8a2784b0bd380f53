//! A small single-threaded async executor: read it in an afternoon, watch it while it runs,
//! depend on it.
//!
//! ```
//! use pizzaiolo::net::{TcpListener, TcpStream};
//!
//! # fn main() -> std::io::Result<()> {
//! pizzaiolo::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0")?;
//!     let addr = listener.local_addr()?;
//!
//!     let cook = pizzaiolo::spawn(async move {
//!         let (order, _) = listener.accept().await?;
//!         order.write_all(b"Thank you for ordering!\n").await
//!     });
//!
//!     let table = TcpStream::connect(addr).await?;
//!     let mut reply = [0; 24];
//!     table.read_exact(&mut reply).await?;
//!     assert_eq!(&reply, b"Thank you for ordering!\n");
//!     cook.await?
//! })
//! # }
//! ```
//!
//! # How it works
//!
//! - A **task** is a future that was given to [`spawn`]. The executor owns all futures, in a slab.
//!   All other code knows a task by its id.
//! - The **[executor](Executor)** takes the next task from the ready queue and polls it. If the future
//!   returns Pending, it goes back into the slab, and is not polled again until its waker is called.
//! - A **waker** puts its task's id into the ready queue: on the executor's own thread with a mark
//!   and a push; from another thread with a message, and an unpark if the executor sleeps.
//! - When the queue is empty, the executor **parks** in the **[reactor](Reactor)**: mio asks the OS
//!   which sockets have become ready.
//! - A **socket** tries first. If the OS says "would block", the task stores its waker in the socket's
//!   registration. When the socket may be ready, the reactor calls that waker. All sockets are made
//!   of [`Async`].
//! - A **timer** is a deadline in a heap, and a waker. The reactor sleeps until the next deadline at
//!   most, and then calls the waker.
//!
//! `async fn` writes the state machines, std defines how they are polled and woken, and the
//! executor is a loop: run what is ready, then park. All of it without one line of `unsafe`.
//!
//! Between executor and reactor there is [`Waker`](std::task::Waker), and nothing else. So either can
//! be used without the other: write an executor of your own on [`Reactor`], or drive [`Executor`] from
//! the loop of a GUI.
//!
//! # Where to read
//!
//! Never seen a waker? The [guide] leads from a blocking server to this crate in eleven steps.
//!
//! The source is in layers, and each imports only those below it. From the top: `runtime` (where
//! executor and reactor meet); `net`, `time` and `async_io.rs` (what tasks await, on the reactor
//! alone); `executor` (tasks, queues, wakers, the loop); `reactor` (sockets, timers, the sleep);
//! `current.rs` (the poll that runs now); `trace` (what happens, as events); plain data. [The
//! tour](guide::step12_tour) goes from the loop to the sleep; `docs/reading.md` lists all files in reading
//! order.
//!
//! # What it is not
//!
//! It is not a runtime for many threads: a task stays on the thread that spawned it. (For more
//! cores, run more executors, each on a thread of its own.) It reads no files and runs no blocking
//! work; the `blocking` crate does both, and its futures run here, as do those of every crate that
//! does not ask for one particular runtime.

// docs.rs labels what is behind a feature; it has the toolchain for it.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(unix, windows)))]
compile_error!(
    "pizzaiolo does not build for this target: it needs sockets that can be made and a thread that can \
     sleep until one of them is ready (epoll, kqueue or the like). wasm has neither. All of Unix and \
     Windows that mio supports has both."
);

// Where executor and reactor meet.
mod runtime;
pub mod task;

// What tasks await.
mod async_io;
pub mod net;
pub mod time;
mod yield_now;

// The two halves. Neither imports the other.
mod executor;
mod reactor;

// The poll that runs now, and the events.
mod current;
pub mod trace;

// Plain data.
mod clock;
mod id;
mod slab;
mod sync;
mod table;
mod user_code;

// How an executor works, in eleven steps: only documentation.
pub mod guide;

pub use crate::{
    async_io::Async,
    executor::{
        handle::Handle, join::JoinHandle, join_error::JoinError, remote_join::RemoteJoinHandle,
        spawn::spawn,
    },
    id::TaskId,
    reactor::{Reactor, Unparker},
    runtime::{Builder, Executor, Stats, block_on},
    yield_now::{YieldNow, yield_now},
};
