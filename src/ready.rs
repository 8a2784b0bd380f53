//! The tasks that are ready, first in, first out.

use std::{
    cell::{Cell, RefCell, RefMut},
    mem,
};

use crate::id::TaskId;

/// Who is polled next. Only the executor's own thread touches it; other threads leave a letter in
/// the [`Inbox`](crate::inbox::Inbox).
///
/// A task is in it once at most: its [`Header`](crate::header::Header) has the mark.
pub(crate) struct ReadyQueue {
    queue: RefCell<Queue>,
    /// The state of the generator, if the order is to be one of chance.
    chance: Option<Cell<u64>>,
}

/// Two lists that take turns: one is read while the other is written. Each is a plain push or a
/// step forward, where a ring would have to look for its end.
#[derive(Default)]
struct Queue {
    /// The older ones, of which the first so many have had their turn.
    front: Vec<TaskId>,
    done: usize,
    /// Those who have come since.
    back: Vec<TaskId>,
}

impl ReadyQueue {
    /// First in, first out; or, with a seed, in an order of chance that the seed repeats.
    pub(crate) fn new(seed: Option<u64>) -> ReadyQueue {
        ReadyQueue { queue: RefCell::default(), chance: seed.map(Cell::new) }
    }

    #[inline]
    pub(crate) fn push(&self, id: TaskId) {
        self.queue.borrow_mut().back.push(id);
    }

    /// To push many, and nothing else meanwhile.
    #[inline]
    pub(crate) fn pushes(&self) -> Pushes<'_> {
        Pushes(self.queue.borrow_mut())
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<TaskId> {
        let mut queue = self.queue.borrow_mut();
        if let Some(chance) = &self.chance {
            queue.mix(chance);
        }
        queue.pop()
    }

    /// Who is in it. Without a seed, the first is polled next.
    pub(crate) fn list(&self) -> Vec<TaskId> {
        let queue = self.queue.borrow();
        [&queue.front[queue.done..], &queue.back].concat()
    }

    pub(crate) fn is_empty(&self) -> bool {
        let queue = self.queue.borrow();
        queue.done == queue.front.len() && queue.back.is_empty()
    }

    pub(crate) fn clear(&self) {
        self.queue.take();
    }
}

/// The queue, for who has it for itself.
pub(crate) struct Pushes<'a>(RefMut<'a, Queue>);

impl Pushes<'_> {
    #[inline]
    pub(crate) fn push(&mut self, id: TaskId) {
        self.0.back.push(id);
    }
}

impl Queue {
    #[inline]
    fn pop(&mut self) -> Option<TaskId> {
        let first = self.front.get(self.done).copied().or_else(|| self.turn_over())?;
        self.done += 1;
        Some(first)
    }

    /// Begins with those who have come meanwhile.
    fn turn_over(&mut self) -> Option<TaskId> {
        self.front.clear();
        self.done = 0;
        mem::swap(&mut self.front, &mut self.back);
        self.front.first().copied()
    }

    /// Lets chance choose who is first.
    fn mix(&mut self, chance: &Cell<u64>) {
        self.front.drain(..self.done);
        self.done = 0;
        self.front.append(&mut self.back);
        // Where there is no choice, no number is drawn: how often the executor looks in vain
        // depends on sockets and threads, and must not change the order.
        if self.front.len() > 1 {
            let len = u64::try_from(self.front.len()).unwrap_or(u64::MAX);
            let place = next_random(chance) % len;
            self.front.swap(0, usize::try_from(place).unwrap_or(0));
        }
    }
}

/// The next number of the generator `SplitMix64` (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
fn next_random(state: &Cell<u64>) -> u64 {
    let mut z = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    state.set(z);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
