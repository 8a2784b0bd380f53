//! The executor that runs on this thread, for those that do not keep it themselves.

use std::cell::RefCell;

/// A slot in a `thread_local!`.
pub(crate) struct Current<T>(RefCell<Option<T>>);

impl<T: Clone> Current<T> {
    pub(crate) const fn new() -> Current<T> {
        Current(RefCell::new(None))
    }

    pub(crate) fn get(&self) -> Option<T> {
        self.0.borrow().clone()
    }

    pub(crate) fn set(&self, value: Option<T>) {
        let old = self.0.replace(value);
        drop(old);
    }
}

/// Calls a function at its end, also if that comes by a panic.
pub(crate) struct AtEnd<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
