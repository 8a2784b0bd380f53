//! Exercise 13. The task's future is gone when its output is sent: the block around it ends before.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    ex07_oneshot::{Receiver, oneshot},
    ex12_spawn::Executor,
};

#[derive(Debug)]
pub(crate) enum JoinError {
    /// It panicked, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// It was dropped before it had ended.
    Cancelled,
}

pub(crate) struct JoinHandle<T> {
    receiver: Receiver<Result<T, Box<dyn Any + Send>>>,
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        Pin::new(&mut self.receiver).poll(cx).map(|result| match result {
            Some(Ok(output)) => Ok(output),
            Some(Err(panic)) => Err(JoinError::Panicked(panic)),
            None => Err(JoinError::Cancelled),
        })
    }
}

pub(crate) fn spawn<T: 'static>(
    executor: &Executor,
    future: impl Future<Output = T> + 'static,
) -> JoinHandle<T> {
    let (sender, receiver) = oneshot();
    executor.spawn(async move {
        let result = catch(future).await;
        // If the handle is gone, nothing waits for the output.
        let _ = sender.send(result);
    });
    JoinHandle { receiver }
}

/// The output of a future, or the payload of its panic. Its drop is its code too, and may panic.
async fn catch<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = Box::pin(future);
    let result = poll_fn(|cx| {
        let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        match poll {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await;
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
    result.and_then(|output| dropped.map(|()| output))
}

#[cfg(test)]
#[path = "../tests/ex13_join.rs"]
mod tests;
