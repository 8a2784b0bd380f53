//! Tests async code in every order of its tasks, with a paused clock and a network in memory.
//!
//! Tasks that are ready at the same time can run in any order. A program that is right in the order in
//! which they became ready may be wrong in another one, and a test sees one order only. [`explore`] runs
//! a program in all of them, and panics with the first that fails:
//!
//! ```should_panic
//! use std::{cell::Cell, rc::Rc};
//! use pizzaiolo::{spawn, yield_now};
//!
//! async fn sell(sold: Rc<Cell<i32>>) {
//!     let so_far = sold.get();
//!     yield_now().await; // another task may sell one here
//!     sold.set(so_far + 1);
//! }
//!
//! pizzaiolo_testkit::explore(|| async {
//!     let sold = Rc::new(Cell::new(0));
//!     let (his, hers) = (Rc::clone(&sold), Rc::clone(&sold));
//!     let anna = spawn(sell(hers));
//!     let bert = spawn(async {
//!         yield_now().await; // he comes later
//!         sell(his).await;
//!     });
//!     anna.await.unwrap();
//!     bert.await.unwrap();
//!     assert_eq!(sold.get(), 2);
//! });
//! ```
//!
//! The message has the cause, the order in as few unusual choices as possible with one poll a line, and the
//! line that repeats the order. `[1 of 0..2]` is a choice: two tasks were ready, and the one with index 1
//! was polled. (This is `examples/lost_sale.rs`.)
//!
//! ```text
//! the program panicked: assertion `left == right` failed
//!   left: 1
//!  right: 2, at lost_sale.rs:26:5
//! found in run 4; the order, one poll a line:
//!      1. main: spawns task 1 at lost_sale.rs:19:16, spawns task 2 at lost_sale.rs:20:16, pending
//!      2. task 1 [0 of 0..2]: wakes itself, pending
//!      3. task 2 [0 of 0..2]: wakes itself, pending
//!      4. task 2 [1 of 0..2]: wakes itself, pending
//!      5. task 1 [0 of 0..2]: ends, wakes main
//!      6. task 2 [0 of 0..2]: ends
//!      7. main: panics
//! again (no order with fewer choices other than 0 fails so):
//!   Explorer::new().replay("0,0,1").run(...)
//! ```
//!
//! If nothing fails, the [`Report`] says what was seen: `all 1,680 orders`. If there are too many to run, it
//! says how many were run, and estimates how many there are.
//!
//! # What is here
//!
//! - [`explore`], and [`Explorer`] with its bounds, its seed and its replay. [`choose`] adds choices of
//!   the program's own; [`maybe_cancelled`] drops a future at any await.
//! - [`check_cancel_safety`] cancels one future at each of its awaits in turn, in the usual order.
//! - [`net`]: a network in memory, with latency, bandwidth, partitions, resets, and reads and writes that
//!   come in pieces.
//! - [`assert_polls!`] and [`Counter`]: polls, wakes and drops, counted.
//! - [`poll_once`], [`poll_with`], [`poll_here`]: a future is polled by hand.
//!
//! # What can be explored
//!
//! Code that needs no particular runtime, and code on `pizzaiolo`. Each run is on one thread, so the
//! explorer finds races between awaits: another task can run where one waits, and nowhere else. For
//! races between threads, take loom or shuttle.
//!
//! The program must do the same for the same choices. With a thread, a real socket, a random number, a
//! static that a run changes, or the time of day, a run differs from the one that it repeats, and the
//! explorer says so ([`Cause::Diverged`]). The clock of [`pizzaiolo::time`] is paused: it advances to the
//! next timer when nothing else can happen.
//!
//! A program spawns with `spawn`. What it sends with a [`Handle`](pizzaiolo::Handle) is not received before the run ends, and
//! so it is reported as a deadlock.
//!
//! A task that yields until something happens has an order that never ends: the one in which it is always
//! chosen. Let it wait instead.
//!
//! All orders grow fast: three tasks with three polls each have 1,680, with four 34,650. Keep the program
//! small: two or three tasks, and one or two awaits where it matters.

mod cancel;
mod count;
mod explore;
pub mod net;
mod paused;
mod polls;
mod random;

pub use self::{
    cancel::{Cancel, check_cancel_safety, maybe_cancelled},
    count::{CountDrop, Counter, count_polls, counted},
    explore::{Cause, Explorer, Failure, Report, explore, plan::choose},
    polls::{poll_here, poll_once, poll_with},
};
