//! Join handles on any thread: they get the output of a task that was spawned from afar.
//!
//! The executor hands the outcome over when the task has ended, so what the two sides share is a cell
//! with a lock. No lock is held while a waker is cloned, called or dropped.

use std::{
    fmt, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::join_error::{JoinError, Outcome};
use crate::user_code;

/// Waits, on any thread and under any executor, for a task that a [`Handle`](crate::Handle) has
/// spawned.
///
/// It is a future: awaited, it is `Ok(output)`, or a [`JoinError`] if the task panicked or was aborted,
/// or if its executor is gone. It is pending until the executor runs. The task's future is always
/// dropped before the result can be seen.
///
/// Dropping the handle detaches the task. While the handle is there and the task has not ended, the
/// executor does not [panic for a deadlock](crate::Executor::block_on), because the task can
/// still be aborted.
///
/// ```
/// let executor = pizzaiolo::Executor::new()?;
/// let handle = executor.handle();
/// let pizza = handle.spawn(async { "margherita" });
/// let waiter = std::thread::spawn(move || pizzaiolo::block_on(pizza));
/// executor.run();
/// assert_eq!(waiter.join().unwrap().unwrap(), "margherita");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Cancel safety
///
/// If a handle is polled by reference (`(&mut handle).await`), that wait can be dropped without loss.
pub struct RemoteJoinHandle<T> {
    cell: Arc<OutcomeCell<T>>,
}

/// Aborts the task, on any thread. (Not an `AbortHandle`, because that would make a circle of modules:
/// it uses the remote queue, which uses this module.)
type AbortTask = Arc<dyn Fn() + Send + Sync>;

/// What the handle and the executor share.
struct OutcomeCell<T>(Mutex<State<T>>);

struct State<T> {
    progress: Progress<T>,
    /// The handle's, while it waits.
    waker: Option<Waker>,
    /// Aborts the task. Only while the task and the handle are there: the executor counts it as
    /// something that may wake the task.
    abort: Option<AbortTask>,
    is_aborted: bool,
    is_detached: bool,
}

enum Progress<T> {
    /// The task has not ended.
    Pending,
    Done(Result<T, JoinError>),
    /// The handle has taken the outcome.
    Taken,
}

impl<T> OutcomeCell<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code of the user runs under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The executor's side, for any type of output.
trait Receiver: Send + Sync {
    /// The task was made. If it is aborted already, it has to be aborted now.
    fn started(&self, abort: AbortTask);

    /// The task has ended. The outcome comes back if the handle is gone.
    fn finish(&self, outcome: Outcome) -> Option<Outcome>;
}

impl<T: Send + 'static> Receiver for OutcomeCell<T> {
    fn started(&self, abort: AbortTask) {
        let mut state = self.lock();
        if state.is_aborted {
            drop(state);
            abort();
        } else if !state.is_detached {
            state.abort = Some(abort);
        }
    }

    fn finish(&self, outcome: Outcome) -> Option<Outcome> {
        let mut state = self.lock();
        let abort = state.abort.take();
        if state.is_detached {
            return Some(outcome);
        }
        state.progress = Progress::Done(outcome.map(|output| {
            *output.downcast().expect("a task's output has the type that its handle was made for")
        }));
        let waker = state.waker.take();
        drop(state);
        drop(abort);
        waker.into_iter().for_each(user_code::wake);
        None
    }
}

/// The executor's side of a [`RemoteJoinHandle`]. If it is dropped before the task has an outcome, the
/// handle yields that the task was cancelled.
pub(super) struct RemoteJoin(Option<Arc<dyn Receiver>>);

impl RemoteJoin {
    /// Returns what has to be called when the task is made, with the way to abort it.
    pub(super) fn on_started(&self) -> impl FnOnce(AbortTask) + use<> {
        let receiver = self.0.clone();
        move |abort| {
            if let Some(receiver) = receiver {
                receiver.started(abort);
            }
        }
    }

    /// Hands the outcome over. It comes back if the handle is gone.
    pub(super) fn finish(mut self, outcome: Outcome) -> Option<Outcome> {
        match self.0.take() {
            Some(receiver) => receiver.finish(outcome),
            None => Some(outcome),
        }
    }
}

impl Drop for RemoteJoin {
    fn drop(&mut self) {
        if let Some(receiver) = self.0.take() {
            receiver.finish(Err(JoinError::cancelled()));
        }
    }
}

/// Makes the two sides.
pub(super) fn remote_join<T: Send + 'static>() -> (RemoteJoinHandle<T>, RemoteJoin) {
    let state = State {
        progress: Progress::Pending,
        waker: None,
        abort: None,
        is_aborted: false,
        is_detached: false,
    };
    let cell = Arc::new(OutcomeCell(Mutex::new(state)));
    (RemoteJoinHandle { cell: Arc::clone(&cell) }, RemoteJoin(Some(cell)))
}

impl<T> RemoteJoinHandle<T> {
    /// Ends the task, as [`JoinHandle::abort`](crate::JoinHandle::abort) does; also one that the
    /// executor has not seen yet.
    pub fn abort(&self) {
        let abort = {
            let mut state = self.cell.lock();
            state.is_aborted = true;
            state.abort.clone()
        };
        if let Some(abort) = abort {
            abort();
        }
    }

    /// Says whether the task has ended, in whatever way; its future is then dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(self.cell.lock().progress, Progress::Pending)
    }

    /// Drops the handle, and lets the task run on.
    pub fn detach(self) {
        drop(self);
    }
}

impl<T> OutcomeCell<T> {
    /// Takes the outcome, if the task has ended.
    #[track_caller]
    fn take(state: &mut State<T>) -> Option<Result<T, JoinError>> {
        match mem::replace(&mut state.progress, Progress::Taken) {
            Progress::Done(outcome) => Some(outcome),
            Progress::Pending => {
                state.progress = Progress::Pending;
                None
            }
            Progress::Taken => {
                panic!("a RemoteJoinHandle was polled after it had returned the task's output")
            }
        }
    }
}

impl<T> Future for RemoteJoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it has returned Ready.
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.cell.lock();
        if let Some(outcome) = OutcomeCell::take(&mut state) {
            return Poll::Ready(outcome);
        }
        if state.waker.as_ref().is_some_and(|kept| kept.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        drop(state);
        let waker = cx.waker().clone();
        let mut state = self.cell.lock();
        // The task may have ended meanwhile.
        if let Some(outcome) = OutcomeCell::take(&mut state) {
            drop(state);
            return Poll::Ready(outcome);
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl<T> Drop for RemoteJoinHandle<T> {
    fn drop(&mut self) {
        let mut state = self.cell.lock();
        state.is_detached = true;
        let progress = mem::replace(&mut state.progress, Progress::Taken);
        let (waker, abort) = (state.waker.take(), state.abort.take());
        drop(state);
        drop(abort);
        user_code::drop("the waker of a join handle", waker);
        user_code::drop("the output of a task", progress);
    }
}

impl<T> fmt::Debug for RemoteJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJoinHandle")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
