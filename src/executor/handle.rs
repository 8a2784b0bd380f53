//! Spawning from other threads.

use std::{
    fmt,
    panic::Location,
    sync::{
        Arc,
        atomic::{Ordering, fence},
    },
};

use super::remote::{Message, RemoteQueue};

/// Spawns tasks onto an executor from any thread.
///
/// It is cheap to clone, and it keeps nothing alive: once the executor is gone, it does nothing.
///
/// ```
/// let executor = pizzaiolo::Executor::new()?;
/// let (orders, handle) = (std::sync::mpsc::channel(), executor.handle());
/// let (order, orders) = orders;
/// std::thread::spawn(move || handle.spawn(async move { order.send("margherita").unwrap() }))
///     .join()
///     .unwrap();
/// executor.run();
/// assert_eq!(orders.recv(), Ok("margherita"));
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
    pub(super) fn new(remote: Arc<RemoteQueue>, mark: Arc<()>) -> Handle {
        Handle { remote, mark }
    }

    /// Says whether there is any handle that was made with this mark.
    pub(super) fn any(mark: &Arc<()>) -> bool {
        let any = Arc::strong_count(mark) > 1;
        // Acquire: what the last handle has sent happened before it went.
        fence(Ordering::Acquire);
        any
    }

    /// Sends a future to the executor's thread, where it becomes a task. If the executor sleeps,
    /// this wakes it; it never waits for it.
    ///
    /// Once the executor is gone this is a no-op: the future is dropped here and now.
    #[track_caller]
    pub fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Err(refused) = self.remote.send(Message::Spawn(Box::pin(future), Location::caller()))
        {
            // With no lock held: the future's `Drop` is the caller's code.
            drop(refused);
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("executor_is_gone", &self.remote.is_closed())
            .finish_non_exhaustive()
    }
}
