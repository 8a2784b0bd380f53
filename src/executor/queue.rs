//! The ready queue: the tasks that can be polled, first in, first out.

use std::{
    cell::{Cell, RefCell},
    mem,
};

use crate::id::TaskId;

/// Room for this many tasks is kept: as many as one batch of events wakes at most.
const KEPT: usize = 1024;

/// Chooses which of the ready tasks is polled next: an index into the slice, which has at least two.
pub(crate) type Chooser = Box<dyn FnMut(&[TaskId]) -> usize>;

/// In which order the ready tasks are polled.
#[derive(Default)]
pub(crate) enum Order {
    /// First in, first out.
    #[default]
    Fifo,
    /// At random: the state of the generator.
    Random(Cell<u64>),
    /// As the chooser says, which is away while it runs: it is user code.
    Chosen(Cell<Option<Chooser>>),
}

/// The tasks that are ready. Only the executor's thread touches it; other threads send a message
/// through the [`RemoteQueue`](super::remote::RemoteQueue).
///
/// Optimisation: two lists take turns, one is read while the other is written. So each operation is a
/// plain push or a step forward, where a ring buffer would have to check for its end. That saves 29 of
/// 1,092 instructions of an order.
///
/// A task is in it at most once: its [`Header`](super::waker::Header) has the mark.
pub(super) struct ReadyQueue {
    /// The older tasks, and how many of them were taken.
    front: RefCell<Vec<TaskId>>,
    taken: Cell<usize>,
    /// The tasks that were pushed since.
    back: RefCell<Vec<TaskId>>,
    order: Order,
}

impl ReadyQueue {
    pub(super) fn new(order: Order) -> ReadyQueue {
        ReadyQueue {
            front: RefCell::default(),
            taken: Cell::new(0),
            back: RefCell::default(),
            order,
        }
    }

    #[inline]
    pub(super) fn push(&self, id: TaskId) {
        self.back.borrow_mut().push(id);
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<TaskId> {
        let taken = self.taken.get();
        if let Some(&first) = self.front.borrow().get(taken) {
            self.taken.set(taken + 1);
            return Some(first);
        }
        self.turn_over()
    }

    /// Continues with the list of newer tasks. Optimisation: a task that is alone, for example one that
    /// yields, is taken at once. That saves 50 instructions.
    #[inline]
    fn turn_over(&self) -> Option<TaskId> {
        let mut back = self.back.borrow_mut();
        if back.len() == 1 {
            return back.pop();
        }
        drop(back);
        self.swap()
    }

    /// Continues with the list of newer tasks; or with one of them, if the order is not that of the
    /// pushes. Optimisation: not inlined, as it is called once a round.
    #[inline(never)]
    fn swap(&self) -> Option<TaskId> {
        let chosen = match &self.order {
            Order::Fifo => None,
            order => Some(choose(order, &self.back.borrow())?),
        };
        let (mut front, mut back) = (self.front.borrow_mut(), self.back.borrow_mut());
        front.clear();
        match (&self.order, chosen) {
            (Order::Random(_), Some(index)) => front.push(back.swap_remove(index)),
            (_, Some(index)) => front.push(back.remove(index)),
            (_, None) => mem::swap(&mut *front, &mut *back),
        }
        self.taken.set(front.len().min(1));
        shrink(&mut back);
        front.first().copied()
    }

    /// Frees memory that many tasks have needed. Call it now and then: a task that is alone is taken
    /// without a swap.
    pub(super) fn shrink(&self) {
        let (mut front, mut back) = (self.front.borrow_mut(), self.back.borrow_mut());
        if self.taken.get() == front.len() {
            front.clear();
            self.taken.set(0);
        }
        shrink(&mut front);
        shrink(&mut back);
    }

    /// Returns the tasks that are in it. If the order is that in which they came, the first is polled
    /// next.
    pub(super) fn list(&self) -> Vec<TaskId> {
        [&self.front.borrow()[self.taken.get()..], &self.back.borrow()].concat()
    }

    pub(super) fn len(&self) -> usize {
        self.front.borrow().len() - self.taken.get() + self.back.borrow().len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn clear(&self) {
        self.front.take();
        self.taken.set(0);
        self.back.take();
    }
}

fn shrink(list: &mut Vec<TaskId>) {
    if list.capacity() > KEPT.max(8 * list.len()) {
        list.shrink_to(KEPT.max(2 * list.len()));
    }
}

/// Chooses one of the tasks that are ready; `None` if there is none. Without a choice, no number is
/// drawn and no chooser asked: how often the executor finds one task or none depends on sockets and
/// threads, and must not change the order.
fn choose(order: &Order, ready: &[TaskId]) -> Option<usize> {
    let last = ready.len().checked_sub(1)?;
    Some(match order {
        Order::Random(state) if last > 0 => random_below(ready.len(), state),
        Order::Chosen(chooser) if last > 0 => {
            let Some(mut choose) = chooser.take() else { return Some(0) };
            let index = choose(ready).min(last);
            chooser.set(Some(choose));
            index
        }
        _ => 0,
    })
}

/// Returns the next number of the generator `SplitMix64` (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014), reduced to less than `count`.
fn random_below(count: usize, state: &Cell<u64>) -> usize {
    let mut z = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    state.set(z);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    usize::try_from(z % u64::try_from(count).unwrap_or(u64::MAX)).unwrap_or(0)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::slab::Key;

    #[test]
    fn the_memory_of_a_crowd_goes_with_it() {
        let random = Order::Random(Cell::new(1));
        for (order, crowd) in [(Order::Fifo, 1_000_000), (random, 100_000)] {
            let queue = ReadyQueue::new(order);
            for index in 0..crowd {
                queue.push(TaskId(Key::from_parts(index, 1)));
            }
            let mut popped = 0;
            while queue.pop().is_some() {
                popped += 1;
            }
            assert_eq!(popped, crowd);
            queue.shrink();
            let (front, back) = (queue.front.borrow(), queue.back.borrow());
            assert!(front.capacity() <= KEPT && back.capacity() <= KEPT);
        }
    }

    #[test]
    fn a_chooser_is_asked_where_there_is_a_choice() {
        let last: Chooser = Box::new(|ready: &[TaskId]| ready.len() - 1);
        let queue = ReadyQueue::new(Order::Chosen(Cell::new(Some(last))));
        let ids = [1, 2, 3].map(|index| TaskId(Key::from_parts(index, 1)));
        for id in ids {
            queue.push(id);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [ids[2], ids[1], ids[0]]);
    }
}
