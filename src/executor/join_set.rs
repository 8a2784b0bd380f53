//! Join sets: several tasks that are awaited, and aborted, together.
//!
//! The future of each task carries a guard. When the future is dropped, which is its end in every
//! case, the guard notes the task's key, and wakes the task that waits for the set. So a completion
//! costs the same however large the set is.
//!
//! The waker of the task that waits is left at one of the set's tasks, as a join handle leaves it. So
//! the executor knows that nothing but the ends of tasks will call it, and can still prove a deadlock.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::poll_fn,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    rc::{Rc, Weak},
    task::{Context, Poll},
};

use super::{
    abort::AbortHandle, future::Name, join::JoinHandle, join_error::JoinError, shared::Shared,
    spawn::spawn_here,
};
use crate::{
    id::TaskId,
    slab::{Key, Slab},
    user_code,
};

/// Tasks of one output type that are awaited in the order in which they end. Dropping the set aborts
/// those that have not ended.
///
/// The futures need not be `Send`. In the table of tasks, a task that waits for the set waits for the
/// end of one of its tasks.
///
/// ```
/// use pizzaiolo::task::JoinSet;
///
/// pizzaiolo::block_on(async {
///     let mut pizzas = JoinSet::new();
///     for number in 0..3 {
///         pizzas.spawn(async move { number });
///     }
///     let mut sum = 0;
///     while let Some(pizza) = pizzas.join_next().await {
///         sum += pizza.unwrap();
///     }
///     assert_eq!(sum, 3);
/// });
/// ```
pub struct JoinSet<T> {
    tasks: Vec<(Key, JoinHandle<T>)>,
    /// Where in `tasks` the task of a key is.
    positions: Slab<usize>,
    ended: Rc<Ended>,
}

/// What the tasks of a set share with it.
#[derive(Default)]
struct Ended {
    /// The tasks that have ended and were not joined yet, in the order of their ends.
    keys: RefCell<VecDeque<Key>>,
    /// The task of the set at which the waker is left.
    watched: Cell<Option<(Weak<Shared>, TaskId)>>,
}

/// Notes the end of a task when it is dropped with the future.
struct Guard {
    ended: Rc<Ended>,
    key: Key,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.ended.keys.borrow_mut().push_back(self.key);
        let watched = self.ended.watched.take();
        let waker = watched.and_then(|(shared, id)| shared.upgrade()?.take_join_waker(id));
        waker.into_iter().for_each(user_code::wake);
    }
}

impl<T: 'static> JoinSet<T> {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> JoinSet<T> {
        JoinSet { tasks: Vec::new(), positions: Slab::new(), ended: Rc::default() }
    }

    /// Makes a task of a future, on the executor that runs here, and adds it to the set.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.spawn_named(future, None)
    }

    /// The same, with a name.
    #[track_caller]
    pub(crate) fn spawn_named<F>(&mut self, future: F, name: Name) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let key = self.positions.insert(self.tasks.len());
        let guard = Guard { ended: Rc::clone(&self.ended), key };
        // In a box of its own: an `async` block that takes a future and awaits it reserves room for
        // it twice.
        let future = Box::pin(future);
        let member = async move {
            // In this order: the future is dropped before the guard.
            let _guard = guard;
            future.await
        };
        let handle = spawn_here(member, name);
        let abort = handle.abort_handle();
        self.tasks.push((key, handle));
        abort
    }

    /// Waits for the next task that ends, and removes it from the set. `None` if the set is empty.
    ///
    /// The outcome is that of a [`JoinHandle`]: the output, or that the task panicked or was aborted.
    ///
    /// # Errors
    ///
    /// A [`JoinError`], if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no task was removed.
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        let location = Location::caller();
        poll_fn(move |cx| self.poll_next(cx, location))
    }

    /// Returns the next task that has ended, if there is one, without waiting.
    ///
    /// # Errors
    ///
    /// A [`JoinError`], if the task panicked or was aborted.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        match self.poll_ended(cx, Location::caller()) {
            Some(Poll::Ready(outcome)) => Some(outcome),
            _ => None,
        }
    }

    /// Polls for the next task that ends: see [`join_next`](JoinSet::join_next). Ready with `None` if
    /// the set is empty.
    ///
    /// # Errors
    ///
    /// A [`JoinError`], if the task panicked or was aborted.
    ///
    /// # Cancel safety
    ///
    /// A poll that is Pending has removed no task.
    #[track_caller]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_next(cx, Location::caller())
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Option<Result<T, JoinError>>> {
        if let Some(poll) = self.poll_ended(cx, location) {
            return poll.map(Some);
        }
        let Some((_, handle)) = self.tasks.last_mut() else { return Poll::Ready(None) };
        match handle.poll_at(cx, location) {
            Poll::Pending => {
                watch(&self.ended, handle);
                Poll::Pending
            }
            Poll::Ready(_) => unreachable!("a task that has ended is among the ended"),
        }
    }

    /// Polls the first task of those that have ended; `None` if there is none.
    fn poll_ended(
        &mut self,
        cx: &mut Context<'_>,
        location: &'static Location<'static>,
    ) -> Option<Poll<Result<T, JoinError>>> {
        let key = self.ended.keys.borrow_mut().pop_front()?;
        let position = *self.positions.get(key)?;
        let (_, handle) = &mut self.tasks[position];
        match handle.poll_at(cx, location) {
            Poll::Ready(outcome) => {
                self.remove(key);
                Some(Poll::Ready(outcome))
            }
            // Its future is being dropped now. When that has ended, the guard wakes the caller.
            Poll::Pending => {
                self.ended.keys.borrow_mut().push_front(key);
                watch(&self.ended, handle);
                Some(Poll::Pending)
            }
        }
    }

    fn remove(&mut self, key: Key) {
        let Some(position) = self.positions.remove(key) else { return };
        drop(self.tasks.swap_remove(position));
        if let Some((moved, _)) = self.tasks.get(position) {
            if let Some(of_moved) = self.positions.get_mut(*moved) {
                *of_moved = position;
            }
        }
    }

    /// Aborts all tasks at once, and waits until they have ended. Their outcomes are dropped.
    ///
    /// The call aborts them, and the future only waits. The two do the same as
    /// [`abort_all`](JoinSet::abort_all), then [`join_next`](JoinSet::join_next) until the set is empty.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, even before its first poll, all tasks are aborted.
    /// Some may not have ended yet; the set still has those that were not joined.
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        let location = Location::caller();
        self.abort_all();
        async move { while poll_fn(|cx| self.poll_next(cx, location)).await.is_some() {} }
    }
}

/// Notes at which task of a set the waker is left, and takes it from the one where it was.
fn watch<T>(ended: &Ended, handle: &JoinHandle<T>) {
    let new = handle.executor().map(|shared| (Rc::downgrade(shared), handle.id()));
    let old = ended.watched.replace(new).filter(|(_, id)| *id != handle.id());
    let waker = old.and_then(|(shared, id)| shared.upgrade()?.take_join_waker(id));
    user_code::drop("the waker of a join set", waker);
}

impl<T> JoinSet<T> {
    /// Aborts all tasks. They stay in the set until they are joined.
    pub fn abort_all(&self) {
        for (_, handle) in &self.tasks {
            handle.abort();
        }
    }

    /// Removes all tasks from the set, and lets them run on.
    pub fn detach_all(&mut self) {
        self.tasks.clear();
        self.positions = Slab::new();
        self.ended = Rc::default();
    }

    /// Counts the tasks that were not joined yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Says whether there is no task that was not joined yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

/// As for [`JoinHandle`].
impl<T> UnwindSafe for JoinSet<T> {}
impl<T> RefUnwindSafe for JoinSet<T> {}

impl<T: 'static> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}
