//! futures' `LocalPool`, with async-io for sockets and timers.
//!
//! `LocalPool` has no reactor of its own: async-io's helper thread waits in its place.

use std::cell::RefCell;
use std::time::Duration;

use futures::executor::{LocalPool as Pool, LocalSpawner};
use futures::future::RemoteHandle;
use futures::task::LocalSpawnExt;
use smol::Timer;

use super::Runtime;

thread_local! {
    /// A task that spawns needs a way to its pool.
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

/// futures' `LocalPool`.
#[derive(Debug)]
pub struct LocalPool(Pool);

fn with_spawner<T>(spawn: impl FnOnce(&LocalSpawner) -> T) -> T {
    SPAWNER.with_borrow(|spawner| spawn(spawner.as_ref().expect("a pool runs on this thread")))
}

impl Runtime for LocalPool {
    const NAME: &'static str = "localpool";
    type Join<T: Send + 'static> = RemoteHandle<T>;
    type Sleep = Timer;

    fn new() -> Self {
        LocalPool(Pool::new())
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        SPAWNER.set(Some(self.0.spawner()));
        self.0.run_until(future)
    }

    fn spawn<F>(future: F) -> RemoteHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        with_spawner(|pool| pool.spawn_local_with_handle(future)).expect("the pool is alive")
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        with_spawner(|pool| pool.spawn_local(future)).expect("the pool is alive");
    }

    fn sleep(duration: Duration) -> Timer {
        Timer::after(duration)
    }
}
