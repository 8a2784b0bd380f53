//! Spawning from other threads.

use std::{fmt, panic::Location, sync::Arc};

use super::{
    future::MakeTask,
    remote::{Message, RemoteQueue},
    remote_join::{RemoteJoinHandle, remote_join},
    shared::Shared,
    spawn,
};

/// Spawns tasks onto an executor from any thread.
///
/// It is cheap to clone, and it does not keep the executor alive. After the end of the executor, a spawned
/// future is dropped, and its handle returns a cancelled error.
///
/// ```
/// let executor = pizzaiolo::Executor::new()?;
/// let handle = executor.handle();
/// let waiter = std::thread::spawn(move || {
///     let pizza = handle.spawn(async { "margherita" });
///     pizzaiolo::block_on(pizza).unwrap()
/// });
/// while !waiter.is_finished() {
///     executor.run();
/// }
/// assert_eq!(waiter.join().unwrap(), "margherita");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    remote: Arc<RemoteQueue>,
    /// Counts the handles.
    #[expect(dead_code, reason = "its existence is what counts")]
    mark: Arc<()>,
}

impl Handle {
    pub(crate) fn new(executor: &Shared) -> Handle {
        let remote = Arc::clone(&executor.queues.remote);
        Handle { remote, mark: Arc::clone(executor.handles()) }
    }

    /// Returns a handle of the executor that runs on this thread.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[must_use]
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Some(handle) => handle,
            None => panic!(
                "`Handle::current` was called, but no pizzaiolo executor runs on this thread: call it \
                 inside `pizzaiolo::block_on` or a task, or use `Executor::handle`"
            ),
        }
    }

    /// Returns a handle of the executor that runs on this thread, if one does.
    #[must_use]
    pub fn try_current() -> Option<Handle> {
        spawn::running().map(|executor| Handle::new(&executor))
    }

    /// Sends a future to the executor's thread, where it becomes a task. If the executor sleeps, this
    /// unparks it. It never waits for the executor.
    ///
    /// The returned handle can be awaited on any thread, under any executor. Dropping it detaches the
    /// task.
    ///
    /// After the end of the executor, the future is dropped at once, and the handle returns a cancelled
    /// error.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> RemoteJoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let future = Box::pin(future);
        self.send(Box::new(move || future), Location::caller())
    }

    /// Calls `f` on the executor's thread, and makes a task of the future that it returns. The future
    /// need not be `Send`: only `f` and the output are sent.
    ///
    /// `f` is called in the task's first poll, so a panic in it is a panic of the task.
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// let executor = pizzaiolo::Executor::new()?;
    /// let handle = executor.handle();
    /// let waiter = std::thread::spawn(move || {
    ///     let pizza = handle.spawn_with(|| {
    ///         let dough = Rc::new("dough");
    ///         async move { dough.len() }
    ///     });
    ///     pizzaiolo::block_on(pizza).unwrap()
    /// });
    /// while !waiter.is_finished() {
    ///     executor.run();
    /// }
    /// assert_eq!(waiter.join().unwrap(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_with<F, Fut>(&self, f: F) -> RemoteJoinHandle<Fut::Output>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + 'static,
        Fut::Output: Send + 'static,
    {
        self.send(Box::new(move || Box::pin(async move { f().await })), Location::caller())
    }

    fn send<T: Send + 'static>(
        &self,
        make: MakeTask,
        location: &'static Location<'static>,
    ) -> RemoteJoinHandle<T> {
        let (handle, join) = remote_join();
        // A message that comes back is dropped with no lock held: the future's `Drop` is the caller's
        // code.
        drop(self.remote.send(Message::Spawn(make, location, join)));
        handle
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("executor_is_gone", &self.remote.is_closed())
            .finish_non_exhaustive()
    }
}
