//! `spawn`, and the thread-local with the executor that runs here.

use std::{cell::RefCell, mem::ManuallyDrop, panic::Location, rc::Rc};

use super::{
    future::Name,
    join::JoinHandle,
    queues::{self, Queues},
    shared::Shared,
    task::JoinState,
};
use crate::sync::thread_local_cell;

/// As in [`queues`], it needs no destructor.
type Running = RefCell<ManuallyDrop<Option<Rc<Shared>>>>;

thread_local_cell! {
    static RUNNING: Running = RefCell::new(ManuallyDrop::new(None));
}

/// Returns the executor that runs on this thread.
pub(crate) fn running() -> Option<Rc<Shared>> {
    RUNNING.with(|running| running.borrow().as_ref().cloned())
}

fn replace(shared: Option<Rc<Shared>>) -> Option<Rc<Shared>> {
    let outer = RUNNING.with(|running| running.replace(ManuallyDrop::new(shared)));
    ManuallyDrop::into_inner(outer)
}

/// Makes this executor the running one, until the guard is dropped.
pub(super) fn enter(shared: &Rc<Shared>) -> Entered {
    let queues = queues::replace_running(Some(Rc::clone(&shared.queues)));
    Entered { outer: (replace(Some(Rc::clone(shared))), queues) }
}

/// While it lives, its executor is the one that runs on this thread.
pub(super) struct Entered {
    /// The one that ran before: an executor can be dropped inside another one's task.
    outer: (Option<Rc<Shared>>, Option<Rc<Queues>>),
}

impl Drop for Entered {
    fn drop(&mut self) {
        // What is replaced is dropped here, with nothing borrowed.
        drop(replace(self.outer.0.take()));
        drop(queues::replace_running(self.outer.1.take()));
    }
}

/// Makes a task of a future on this executor, and queues it.
pub(crate) fn spawn_on<F>(
    shared: &Rc<Shared>,
    future: F,
    location: &'static Location<'static>,
    name: Name,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let id = shared.add(Box::pin(future), location, name, JoinState::Joined);
    JoinHandle::new(id, Rc::clone(shared))
}

/// The same on the executor that runs here.
///
/// # Panics
///
/// If no executor runs on this thread.
#[track_caller]
pub(crate) fn spawn_here<F>(future: F, name: Name) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let Some(shared) = running() else { panic!("{NO_EXECUTOR}") };
    spawn_on(&shared, future, Location::caller(), name)
}

/// What `spawn` says where no executor runs.
const NO_EXECUTOR: &str = "`spawn` was called, but no pizzaiolo executor runs on this \
    thread: call it inside `pizzaiolo::block_on` or a task, or use `Executor::spawn`, or a \
    `Handle` from another thread";

/// Makes a task of a future, on the executor that runs here. The executor polls it when its turn
/// comes; the caller need not await it.
///
/// The future need not be `Send`, for it never leaves this thread: it may hold `Rc` and `RefCell`.
/// Dropping the handle detaches the task, as [`JoinHandle::detach`] does.
///
/// ```
/// pizzaiolo::block_on(async {
///     let dough = pizzaiolo::spawn(async { "dough" });
///     let sauce = pizzaiolo::spawn(async { "sauce" });
///     assert_eq!((dough.await.unwrap(), sauce.await.unwrap()), ("dough", "sauce"));
/// });
/// ```
///
/// # Panics
///
/// If no executor runs on this thread.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_here(future, None)
}
