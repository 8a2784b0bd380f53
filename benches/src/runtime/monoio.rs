//! monoio on its `LegacyDriver`, which is epoll: the same kernel interface as everyone else here.

use std::fmt;
use std::time::Duration;

use monoio::task::JoinHandle;
use monoio::time::TimeDriver;
use monoio::{LegacyDriver, RuntimeBuilder};

use super::Runtime;

/// monoio, epoll.
pub struct Monoio(monoio::Runtime<TimeDriver<LegacyDriver>>);

impl fmt::Debug for Monoio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monoio").finish_non_exhaustive()
    }
}

impl Runtime for Monoio {
    const NAME: &'static str = "monoio";
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Sleep = monoio::time::Sleep;

    fn new() -> Self {
        let runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build();
        Monoio(runtime.expect("monoio makes its driver"))
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        monoio::spawn(future)
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        monoio::spawn(future);
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        monoio::time::sleep(duration)
    }
}
