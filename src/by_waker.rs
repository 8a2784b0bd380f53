//! A number for each task that wakers lead to: for who looks at all tasks at once, and asks who
//! holds whose waker.
//!
//! It is a hash table as simple as can be. What std's can do besides is a lot to compile, for all
//! who depend on this crate.

use crate::header::Header;

/// The numbers, by [`Waker::data`](std::task::Waker::data).
pub(crate) struct ByWaker {
    entries: Vec<Option<(*const (), usize)>>,
}

impl ByWaker {
    /// An empty one, for so many tasks at most.
    pub(crate) fn new(tasks: usize) -> ByWaker {
        // At least half of it is empty, so no search is long. The length is odd, so headers that
        // lie at equal distances, as they do, are spread over all of it.
        ByWaker { entries: vec![None; 2 * tasks + 1] }
    }

    /// Where the number is, or will be.
    fn place(&self, waker: *const ()) -> usize {
        let mut place = waker.addr() / align_of::<Header>() % self.entries.len();
        while self.entries[place].is_some_and(|(other, _)| other != waker) {
            place = (place + 1) % self.entries.len();
        }
        place
    }

    /// The number, or 0 if there is none.
    pub(crate) fn get(&self, waker: *const ()) -> usize {
        self.entries[self.place(waker)].map_or(0, |(_, number)| number)
    }

    /// The number, to be changed; 0 at first.
    pub(crate) fn get_mut(&mut self, waker: *const ()) -> &mut usize {
        let place = self.place(waker);
        &mut self.entries[place].get_or_insert((waker, 0)).1
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn numbers_by_waker_are_kept_apart_though_they_collide() {
        // With room for three, the table has seven places. The first waker is like a no-op's, null.
        let wakers = [0, 7, 14].map(|it| ptr::without_provenance(it * align_of::<Header>()));
        let mut numbers = ByWaker::new(wakers.len());
        for (waker, number) in wakers.into_iter().zip(1..) {
            assert_eq!(numbers.get(waker), 0);
            *numbers.get_mut(waker) += number;
        }
        assert_eq!(wakers.map(|waker| numbers.get(waker)), [1, 2, 3]);
    }
}
