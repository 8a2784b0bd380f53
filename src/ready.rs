//! The tasks that are ready, first in, first out.

use std::{
    cell::{Cell, RefCell, RefMut},
    mem,
};

use crate::id::TaskId;

/// Room for so many is kept for good: as many as one look at the sockets wakes at most.
const KEPT: usize = 1024;

/// Who is polled next. Only the executor's own thread touches it; other threads leave a letter in
/// the [`Inbox`](crate::inbox::Inbox).
///
/// Two lists take turns: one is read while the other is written. Each is a plain push or a step
/// forward, where a ring would have to look for its end. If the order is one of chance, it is chosen
/// when they change: the front then has one at most.
///
/// A task is in it once at most: its [`Header`](crate::header::Header) has the mark.
pub(crate) struct ReadyQueue {
    /// The older ones, of which the first so many have had their turn.
    front: RefCell<Vec<TaskId>>,
    done: Cell<usize>,
    /// Those who have come since.
    back: RefCell<Vec<TaskId>>,
    /// The state of the generator, if the order is to be one of chance.
    chance: Option<Cell<u64>>,
}

impl ReadyQueue {
    /// First in, first out; or, with a seed, in an order of chance that the seed repeats.
    pub(crate) fn new(seed: Option<u64>) -> ReadyQueue {
        ReadyQueue {
            front: RefCell::default(),
            done: Cell::new(0),
            back: RefCell::default(),
            chance: seed.map(Cell::new),
        }
    }

    #[inline]
    pub(crate) fn push(&self, id: TaskId) {
        self.back.borrow_mut().push(id);
    }

    /// To push many, and nothing else meanwhile.
    #[inline]
    pub(crate) fn pushes(&self) -> Pushes<'_> {
        Pushes(self.back.borrow_mut())
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<TaskId> {
        let done = self.done.get();
        if let Some(&first) = self.front.borrow_mut().get(done) {
            self.done.set(done + 1);
            return Some(first);
        }
        self.turn_over()
    }

    /// Begins with those who have come meanwhile, or with one of them that chance chooses. Not
    /// inlined: once a round it is called, and the loop is the better for a short `pop`.
    #[inline(never)]
    fn turn_over(&self) -> Option<TaskId> {
        let (mut front, mut back) = (self.front.borrow_mut(), self.back.borrow_mut());
        front.clear();
        match &self.chance {
            None => mem::swap(&mut *front, &mut *back),
            Some(chance) if !back.is_empty() => {
                let place = choose(back.len(), chance);
                front.push(back.swap_remove(place));
            }
            Some(_) => {}
        }
        let ready = front.len() + back.len();
        if back.capacity() > KEPT.max(8 * ready) {
            // A crowd has come and gone: its memory goes too.
            back.shrink_to(2 * ready);
        }
        self.done.set(front.len().min(1));
        front.first().copied()
    }

    /// Who is in it. Without a seed, the first is polled next.
    pub(crate) fn list(&self) -> Vec<TaskId> {
        [&self.front.borrow()[self.done.get()..], &self.back.borrow()].concat()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.done.get() == self.front.borrow().len() && self.back.borrow().is_empty()
    }

    pub(crate) fn clear(&self) {
        self.front.take();
        self.done.set(0);
        self.back.take();
    }
}

/// The list that is written, for who has it for itself.
pub(crate) struct Pushes<'a>(RefMut<'a, Vec<TaskId>>);

impl Pushes<'_> {
    #[inline]
    pub(crate) fn push(&mut self, id: TaskId) {
        self.0.push(id);
    }
}

/// One of so many places, by chance. Where there is no choice, no number is drawn: how often the
/// executor looks in vain depends on sockets and threads, and must not change the order.
fn choose(places: usize, chance: &Cell<u64>) -> usize {
    if places < 2 {
        return 0;
    }
    let places = u64::try_from(places).unwrap_or(u64::MAX);
    usize::try_from(next_random(chance) % places).unwrap_or(0)
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::slots::Key;

    fn id(index: u32) -> TaskId {
        TaskId(Key::from_parts(index, 1))
    }

    #[test]
    fn the_memory_of_a_crowd_goes_with_it_also_when_chance_chooses() {
        let queue = ReadyQueue::new(Some(1));
        for index in 0..100_000 {
            queue.push(id(index));
        }
        let mut popped = 0;
        while queue.pop().is_some() {
            popped += 1;
        }
        assert_eq!(popped, 100_000);
        let (front, back) = (queue.front.borrow(), queue.back.borrow());
        assert!(front.capacity() <= KEPT && back.capacity() <= KEPT);
    }

    #[test]
    fn the_memory_of_a_crowd_goes_with_it() {
        let queue = ReadyQueue::new(None);
        for index in 0..1_000_000 {
            queue.push(id(index));
        }
        let (mut next, mut polled) = (0, 0);
        while let Some(first) = queue.pop() {
            assert_eq!(first, id(next % 1_000_000));
            // The first ten yield once.
            if next < 10 {
                queue.push(first);
            }
            (next, polled) = (next + 1, polled + 1);
        }
        assert_eq!(polled, 1_000_010);
        let (front, back) = (queue.front.borrow(), queue.back.borrow());
        assert!(front.capacity() <= KEPT && back.capacity() <= KEPT);
    }
}
