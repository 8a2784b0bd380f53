//! Exercise 16. An id without a waker is a sleep that has ended or was dropped, so its deadline
//! counts for nothing.

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

impl Timers {
    /// The earliest deadline of a sleep that waits.
    fn next(&mut self) -> Option<Instant> {
        while let Some(&Reverse((deadline, id))) = self.deadlines.peek() {
            if self.wakers.contains_key(&id) {
                return Some(deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// Takes out a waker whose deadline has passed.
    fn due(&mut self, now: Instant) -> Option<Waker> {
        self.next().filter(|deadline| *deadline <= now)?;
        let Reverse((_, id)) = self.deadlines.pop()?;
        self.wakers.remove(&id)
    }
}

pub(crate) struct Clocked<P> {
    park: P,
    timers: Rc<RefCell<Timers>>,
}

impl<P: Park> Clocked<P> {
    pub(crate) fn new(park: P) -> Clocked<P> {
        Clocked { park, timers: Rc::default() }
    }

    pub(crate) fn inner(&self) -> &P {
        &self.park
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock { timers: Rc::clone(&self.timers) }
    }
}

impl<P: Park> Park for Clocked<P> {
    fn enter(&self, f: &mut dyn FnMut()) {
        self.park.enter(f);
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        let next = self.timers.borrow_mut().next();
        let left = next.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let shorter = timeout.into_iter().chain(left).min();
        self.park.park(shorter)?;
        let now = Instant::now();
        loop {
            // A statement of its own: the borrow ends before the waker is called.
            let due = self.timers.borrow_mut().due(now);
            let Some(waker) = due else { return Ok(()) };
            waker.wake();
        }
    }

    fn unparker(&self) -> Waker {
        self.park.unparker()
    }
}

#[derive(Clone)]
pub(crate) struct Clock {
    timers: Rc<RefCell<Timers>>,
}

impl Clock {
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
        let Some(deadline) = self.deadline else { return Poll::Pending };
        if deadline <= Instant::now() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let timers = Rc::clone(&self.timers);
        let mut timers = timers.borrow_mut();
        let id = *self.id.get_or_insert_with(|| {
            timers.ids += 1;
            let id = timers.ids;
            timers.deadlines.push(Reverse((deadline, id)));
            id
        });
        let old = timers.wakers.insert(id, waker);
        drop(timers);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let waker = self.timers.borrow_mut().wakers.remove(&id);
        drop(waker);
    }
}

#[cfg(test)]
#[path = "../tests/ex16_timers.rs"]
mod tests;
