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
    /// As the chooser says. It is away while it runs, and gets a copy of the list, because it is user code:
    /// it may wake a task. (The copy is kept for its memory.)
    Chosen(Cell<Option<(Chooser, Vec<TaskId>)>>),
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
    lists: RefCell<Lists>,
    order: Order,
}

/// Optimisation: under one `RefCell`, for a borrow costs as much as a push.
#[derive(Default)]
struct Lists {
    /// The older tasks, and how many of them were taken.
    front: Vec<TaskId>,
    taken: usize,
    /// The tasks that were pushed since.
    back: Vec<TaskId>,
}

impl ReadyQueue {
    pub(super) fn new(order: Order) -> ReadyQueue {
        ReadyQueue { lists: RefCell::default(), order }
    }

    #[inline]
    pub(super) fn push(&self, id: TaskId) {
        self.lists.borrow_mut().back.push(id);
    }

    /// Pushes a task if that takes no new memory. False if it does.
    #[inline]
    pub(super) fn push_if_room(&self, id: TaskId) -> bool {
        let back = &mut self.lists.borrow_mut().back;
        let has_room = back.len() < back.capacity();
        if has_room {
            back.push(id);
        }
        has_room
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<TaskId> {
        let mut lists = self.lists.borrow_mut();
        if let Some(&first) = lists.front.get(lists.taken) {
            lists.taken += 1;
            return Some(first);
        }
        // Optimisation: a task that is alone, for example one that yields, is taken at once. That saves
        // 50 instructions.
        if lists.back.len() == 1 {
            return lists.back.pop();
        }
        drop(lists);
        self.swap()
    }

    /// Continues with the list of newer tasks; or with one of them, if the order is not that of the
    /// pushes. Optimisation: not inlined, as it is called once a round.
    #[inline(never)]
    fn swap(&self) -> Option<TaskId> {
        let chosen = match &self.order {
            Order::Fifo => None,
            _ => Some(self.choose()?),
        };
        let mut lists = self.lists.borrow_mut();
        let Lists { front, taken, back } = &mut *lists;
        front.clear();
        match (&self.order, chosen) {
            (Order::Random(_), Some(index)) => front.push(back.swap_remove(index)),
            (_, Some(index)) => front.push(back.remove(index)),
            (_, None) => mem::swap(front, back),
        }
        *taken = front.len().min(1);
        shrink(back);
        front.first().copied()
    }

    /// Chooses one of the newer tasks; `None` if there is none. Without a choice, no number is drawn and no
    /// chooser asked: how often the executor finds one task or none depends on sockets and threads, and
    /// must not change the order.
    fn choose(&self) -> Option<usize> {
        let last = self.lists.borrow().back.len().checked_sub(1)?;
        Some(match &self.order {
            Order::Random(state) if last > 0 => random_below(last + 1, state),
            Order::Chosen(chosen) if last > 0 => {
                let Some((mut choose, mut ready)) = chosen.take() else { return Some(0) };
                ready.clone_from(&self.lists.borrow().back);
                let index = choose(&ready).min(last);
                shrink(&mut ready);
                chosen.set(Some((choose, ready)));
                index
            }
            _ => 0,
        })
    }

    /// Frees memory that many tasks have needed. Call it now and then: a task that is alone is taken
    /// without a swap.
    pub(super) fn shrink(&self) {
        let mut lists = self.lists.borrow_mut();
        if lists.taken == lists.front.len() {
            lists.front.clear();
            lists.taken = 0;
        }
        shrink(&mut lists.front);
        shrink(&mut lists.back);
    }

    /// Returns the tasks that are in it. If the order is that in which they came, the first is polled
    /// next.
    pub(super) fn list(&self) -> Vec<TaskId> {
        let lists = self.lists.borrow();
        [&lists.front[lists.taken..], &lists.back].concat()
    }

    pub(super) fn len(&self) -> usize {
        let lists = self.lists.borrow();
        lists.front.len() - lists.taken + lists.back.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn clear(&self) {
        self.lists.take();
    }
}

fn shrink(list: &mut Vec<TaskId>) {
    if list.capacity() > KEPT.max(8 * list.len()) {
        list.shrink_to(KEPT.max(2 * list.len()));
    }
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
    use std::rc::{Rc, Weak};

    use super::*;
    use crate::{slab::Key, user_code};

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
            let lists = queue.lists.borrow();
            assert!(lists.front.capacity() <= KEPT && lists.back.capacity() <= KEPT);
        }
    }

    #[test]
    fn a_chooser_is_asked_where_there_is_a_choice() {
        let last: Chooser = Box::new(|ready: &[TaskId]| ready.len() - 1);
        let queue = ReadyQueue::new(Order::Chosen(Cell::new(Some((last, Vec::new())))));
        let ids = [1, 2, 3].map(|index| TaskId(Key::from_parts(index, 1)));
        for id in ids {
            queue.push(id);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [ids[2], ids[1], ids[0]]);
    }

    #[test]
    fn a_chooser_may_wake_a_task_and_may_panic() {
        let ids = [1, 2, 3].map(|index| TaskId(Key::from_parts(index, 1)));
        let queue = Rc::new_cyclic(|queue: &Weak<ReadyQueue>| {
            let queue = Weak::clone(queue);
            let chooser: Chooser = Box::new(move |ready: &[TaskId]| {
                assert_eq!(ready.len(), 2, "the panic of the second choice");
                let queue = queue.upgrade().expect("the queue is there");
                assert_eq!(queue.list(), ready, "it may ask for them too");
                queue.push(ids[2]);
                queue.push(ids[0]);
                1
            });
            ReadyQueue::new(Order::Chosen(Cell::new(Some((chooser, Vec::new())))))
        });
        queue.push(ids[0]);
        queue.push(ids[1]);
        assert_eq!(queue.pop(), Some(ids[1]));
        assert!(user_code::call(|| queue.pop()).is_err());
        assert_eq!(queue.list(), [ids[0], ids[2], ids[0]], "nothing is lost");
    }
}
