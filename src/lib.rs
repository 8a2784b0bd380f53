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
//! - A **task** is a future that was given to [`spawn`]. The executor owns all futures, in a slab
//!   (`tasks.rs`); what others hold of a task is its name.
//! - The **[executor](Executor)** takes the next task from the queue of those that are ready
//!   (`ready.rs`) and polls it. If the future returns Pending, it goes back into the slab, and
//!   nobody looks at it until it is woken (`executor.rs`).
//! - A **waker** puts its task's name back into the queue. At home, on the executor's own thread,
//!   that is a mark and a push (`waker.rs`); from another thread it is a letter in the inbox, and
//!   a ring if the executor sleeps (`inbox.rs`).
//! - When the queue is empty, the executor **parks** in the **reactor** (`reactor.rs`): mio asks
//!   the OS which sockets have become ready.
//! - A **socket** tries first. If the OS says "would block", the task waits at its
//!   **registration** (`registration.rs`): it leaves its name there, or a waker that is not its own
//!   (`waiters.rs`). When the socket may be ready, the reactor puts that name into the queue, or
//!   calls that waker. All sockets are made of [`Async`] (`async_io.rs`).
//! - A **timer** is a deadline in a heap and a waker beside it (`timers.rs`); the executor sleeps
//!   no longer than until the next deadline.
//!
//! `async fn` writes the state machines, std defines how they are polled and woken, and the
//! executor is a loop: run what is ready, then park. All of it without one line of `unsafe`.
//!
//! # Where to read
//!
//! Never seen a waker? The [guide] leads from a blocking server to this crate in eight steps.
//!
//! From the bottom up, each file after what it is made of:
//! `slots.rs`, `header.rs`, `by_waker.rs`, `tasks.rs`, `join.rs` (plain data); `ready.rs`,
//! `inbox.rs` (who runs next); `turn.rs`, `home.rs` (whose turn it is, and what an executor shares
//! with all that belongs to it); `waiters.rs`, `registration.rs`, `reactor.rs`, `timers.rs` (who
//! waits for what); `context.rs` (the one thread-local: which executor runs here); `waker.rs`;
//! `event_loop.rs`, `executor.rs` (the loop); and, on top, what tasks await: `async_io.rs`, `net`,
//! `time`. What awaits never imports the executor. The README has the same order as a table.
//!
//! # What it is not
//!
//! It is not a runtime for many threads: a task stays on the thread that spawned it. (For more
//! cores, run more executors, each on a thread of its own.) It reads no files and runs no blocking
//! work; the `blocking` crate does both, and its futures run here, as do those of every crate that
//! does not ask for one particular runtime.

// What tasks await.
mod async_io;
pub mod net;
pub mod time;
mod yield_now;

// The loop, and what it can say about itself.
mod builder;
mod diagnosis;
mod event_loop;
mod executor;
mod handle;

// Which executor runs here, and how anyone wakes a task.
mod context;
mod waker;

// Who waits for what.
mod reactor;
mod registration;
mod timers;
mod waiters;

// Who runs next.
mod inbox;
mod ready;

// Plain data.
mod by_waker;
mod clock;
mod foreign;
mod header;
mod home;
mod id;
mod join;
mod lints;
mod root;
mod slots;
mod sync;
mod table;
pub mod task;
mod tasks;
pub mod trace;
mod turn;

// How all this came about, in eight steps: only documentation.
pub mod guide;

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
