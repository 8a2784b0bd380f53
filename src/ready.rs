//! The tasks that are ready, first in, first out.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

use crate::id::TaskId;

/// Who is polled next. Only the executor's own thread touches it; other threads leave a letter in
/// the [`Inbox`](crate::inbox::Inbox).
///
/// A task is in it once at most: its [`Header`](crate::header::Header) has the mark.
pub(crate) struct ReadyQueue {
    queue: RefCell<VecDeque<TaskId>>,
    /// The state of the generator, if the order is to be one of chance.
    chance: Option<Cell<u64>>,
}

impl ReadyQueue {
    /// First in, first out; or, with a seed, in an order of chance that the seed repeats.
    pub(crate) fn new(seed: Option<u64>) -> ReadyQueue {
        ReadyQueue { queue: RefCell::new(VecDeque::new()), chance: seed.map(Cell::new) }
    }

    pub(crate) fn push(&self, id: TaskId) {
        self.queue.borrow_mut().push_back(id);
    }

    pub(crate) fn pop(&self) -> Option<TaskId> {
        let mut queue = self.queue.borrow_mut();
        if let Some(chance) = &self.chance {
            // Where there is no choice, no number is drawn: how often the executor looks in vain
            // depends on sockets and threads, and must not change the order.
            if queue.len() > 1 {
                let len = u64::try_from(queue.len()).unwrap_or(u64::MAX);
                let place = next_random(chance) % len;
                queue.swap(0, usize::try_from(place).unwrap_or(0));
            }
        }
        queue.pop_front()
    }

    /// Who is in it. Without a seed, the first is polled next.
    pub(crate) fn list(&self) -> Vec<TaskId> {
        self.queue.borrow().iter().copied().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.borrow().is_empty()
    }

    pub(crate) fn clear(&self) {
        self.queue.borrow_mut().clear();
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
