//! One trait over an executor, so that every case is written once.
//!
//! A case runs inside the executor's own `block_on`. What a peer hands back for a spawned task or
//! a timer is named by an associated type, so that the benches await the peer's own future with
//! nothing boxed around it.

use std::time::Duration;

mod local_pool;
mod local_runtime;
mod local_set;
mod monoio;
mod pizzaiolo;
mod smol;
mod tokio;

pub use local_pool::LocalPool;
pub use local_runtime::LocalRuntime;
pub use local_set::LocalSet;
pub use monoio::Monoio;
pub use pizzaiolo::Pizzaiolo;
pub use smol::{Smol, SmolExecutor};
pub use tokio::Tokio;

/// A single-threaded executor with its reactor and its timers.
///
/// Tasks are `Send` because `tokio::spawn` asks for that on one thread too; the others don't mind.
pub trait Runtime: Sized {
    /// What the tables call it.
    const NAME: &'static str;

    /// The runtime's own future for a spawned task's output.
    type Join<T: Send + 'static>: Future;

    /// The runtime's own timer.
    type Sleep: Future;

    /// Makes one that can wait for sockets and timers.
    fn new() -> Self;

    /// Runs spawned tasks on this thread until `future` is done.
    fn block_on<F: Future>(&mut self, future: F) -> F::Output;

    /// Spawns onto the runtime that runs here.
    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send> + Send + 'static;

    /// Spawns a task that no task joins, in the cheapest way.
    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// A timer that is over after `duration`.
    fn sleep(duration: Duration) -> Self::Sleep;
}

/// A runtime onto which other threads can spawn.
pub trait SpawnFromAnywhere: Runtime {
    /// What another thread holds to do so.
    type Handle: Clone + Send + 'static;

    /// A handle to this runtime.
    fn handle(&self) -> Self::Handle;

    /// Spawns a task that no task joins, from any thread.
    fn spawn_on<F>(handle: &Self::Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static;
}

/// Asks a question of a runtime whose type it does not know before.
pub trait Visitor {
    /// Asks it of this one.
    fn visit<R: Runtime>(&mut self);
}

/// Asks a question of each runtime: the one list of them, in the order of the tables.
pub fn for_each(visitor: &mut impl Visitor) {
    visitor.visit::<Pizzaiolo>();
    visitor.visit::<Tokio>();
    visitor.visit::<LocalRuntime>();
    visitor.visit::<LocalSet>();
    visitor.visit::<Smol>();
    visitor.visit::<LocalPool>();
    visitor.visit::<Monoio>();
}

/// Returns the names of the runtimes.
#[must_use]
pub fn names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl Visitor for Names {
        fn visit<R: Runtime>(&mut self) {
            self.0.push(R::NAME);
        }
    }
    let mut names = Names(Vec::new());
    for_each(&mut names);
    names.0
}
