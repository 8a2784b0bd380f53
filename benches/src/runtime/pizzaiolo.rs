//! pizzaiolo: an `Executor`, tasks through `pizzaiolo::spawn`.

use std::time::Duration;

use pizzaiolo::{Executor, Handle, JoinHandle};

use super::{Runtime, SpawnFromAnywhere};

/// pizzaiolo.
#[derive(Debug)]
pub struct Pizzaiolo(Executor);

impl Runtime for Pizzaiolo {
    const NAME: &'static str = "pizzaiolo";
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Sleep = pizzaiolo::time::Sleep;

    fn new() -> Self {
        Pizzaiolo(Executor::new().expect("mio makes its poll"))
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        pizzaiolo::spawn(future)
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        pizzaiolo::spawn(future).detach();
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        pizzaiolo::time::sleep(duration)
    }
}

impl SpawnFromAnywhere for Pizzaiolo {
    type Handle = Handle;

    fn handle(&self) -> Handle {
        self.0.handle()
    }

    fn spawn_on<F>(handle: &Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        handle.spawn(future);
    }
}
