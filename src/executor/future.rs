//! The futures of tasks, with their types erased.

use std::{
    any::Any,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// A future whose output is boxed when it is ready, so that the slab need not know its type. An
/// output of no size, such as `()`, takes no allocation.
pub(super) trait TaskFuture {
    fn poll_boxed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<dyn Any>>;
}

impl<F> TaskFuture for F
where
    F: Future,
    F::Output: 'static,
{
    fn poll_boxed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<dyn Any>> {
        self.poll(cx).map(|output| Box::new(output) as Box<dyn Any>)
    }
}

/// A task's future, as the slab keeps it.
pub(super) type LocalTask = Pin<Box<dyn TaskFuture>>;

/// Makes a task's future on the executor's thread. It comes from another thread, so what it makes need
/// not be `Send`.
pub(super) type MakeTask = Box<dyn FnOnce() -> LocalTask + Send>;

/// Takes the place of the future of `block_on`, which need not be `'static` and stays on the stack. It
/// has no size, so its box is no allocation.
pub(super) struct RootStandIn;

impl TaskFuture for RootStandIn {
    fn poll_boxed(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Box<dyn Any>> {
        unreachable!("`block_on` polls its own future in place of this one")
    }
}

/// A task's optional name.
pub(super) type Name = Option<Rc<str>>;
