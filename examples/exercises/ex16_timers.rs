//! # Exercise 16: timers
//!
//! A timer is a deadline in a heap, and a waker. The executor must not sleep beyond the earliest
//! deadline. [`Clocked`] wraps the reactor in which it sleeps, and shortens the timeouts.
//!
//! - Run: `cargo test --example exercises -- --ignored ex16`
//! - Judge: `cargo run --example exercises -- judge 16`
//! - Hint: [`BinaryHeap`] returns the greatest entry; [`Reverse`] reverses the order.
//! - Hint: a search in a heap is slow. A sleep that is dropped removes only its waker; its deadline
//!   is skipped when it reaches the top.
//! - Hint: first collect the wakers whose deadline has passed, then call them with nothing
//!   borrowed.
//! - Hint: `now + duration` can overflow. A sleep as long as that never ends.
//! - In the crate: `src/reactor/timers.rs`, `src/time/sleep.rs`

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use crate::ex14_threads::Park;

/// The timers of one executor.
#[derive(Default)]
struct Timers {
    /// The deadlines, and the ids of their sleeps.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    /// The wakers of the sleeps that wait.
    wakers: BTreeMap<u64, Waker>,
    /// How many sleeps had to wait.
    ids: u64,
}

/// A park with timers.
pub(crate) struct Clocked<P> {
    park: P,
    timers: Rc<RefCell<Timers>>,
}

impl<P: Park> Clocked<P> {
    pub(crate) fn new(park: P) -> Clocked<P> {
        Clocked { park, timers: Rc::default() }
    }

    /// Returns the park inside.
    pub(crate) fn inner(&self) -> &P {
        &self.park
    }

    /// Creates a clock with which tasks sleep.
    pub(crate) fn clock(&self) -> Clock {
        Clock { timers: Rc::clone(&self.timers) }
    }
}

impl<P: Park> Park for Clocked<P> {
    fn enter(&self, f: &mut dyn FnMut()) {
        self.park.enter(f);
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        todo!("exercise 16")
    }

    fn unparker(&self) -> Waker {
        self.park.unparker()
    }
}

/// Makes sleeps.
#[derive(Clone)]
pub(crate) struct Clock {
    timers: Rc<RefCell<Timers>>,
}

impl Clock {
    /// Waits for this duration, from now on.
    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let deadline = Instant::now().checked_add(duration);
        Sleep { timers: Rc::clone(&self.timers), deadline, id: None }
    }
}

pub(crate) struct Sleep {
    timers: Rc<RefCell<Timers>>,
    /// `None` is never.
    deadline: Option<Instant>,
    /// Its id among the timers, from the first poll that had to wait.
    id: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!("exercise 16")
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // Exercise 16: a sleep that is dropped wakes nothing.
    }
}

#[cfg(test)]
#[path = "tests/ex16_timers.rs"]
mod tests;
