//! Polling by hand, and wakers that go from one task to another.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
};

use pizzaiolo::{Executor, JoinHandle, yield_now};

use super::{Counter, poll_here, poll_with};

/// A future that waits for ever, and counts its drop.
pub(crate) fn holds(drops: &Counter) -> impl Future<Output = ()> + use<> {
    let held = drops.on_drop();
    async move {
        let _held = held;
        pending::<()>().await;
    }
}

/// Polls a future until it waits, drops it, and checks that its waker went with it, uncalled.
#[track_caller]
pub(crate) fn begin_and_drop<F: Future>(future: F) {
    let (count, waker) = Counter::with_waker();
    {
        let mut future = pin!(future);
        assert!(poll_with(future.as_mut(), &waker).is_pending());
        assert_eq!(count.wakers(), 2, "it waits");
    }
    assert_eq!((count.wakers(), count.get()), (1, 0), "its waker went with it");
}

/// Polls a future as a part of the task that awaits this. It waits, and goes on when it is awaited.
pub(crate) async fn begun<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(poll_here(future.as_mut()).await.is_pending());
    future
}

/// Yields so often. The other tasks and the reactor have their turns meanwhile.
pub(crate) async fn turns(count: u32) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Does something when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Where a future leaves its waker for another task or thread to take it.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Waker>>>);

impl Slot {
    pub(crate) fn new() -> Slot {
        Slot::default()
    }

    pub(crate) fn put(&self, cx: &Context<'_>) {
        let old = self.0.lock().unwrap().replace(cx.waker().clone());
        drop(old);
    }

    pub(crate) fn take(&self) -> Option<Waker> {
        self.0.lock().unwrap().take()
    }

    /// The waker of a future that was polled.
    pub(crate) fn waker(&self) -> Waker {
        self.0.lock().unwrap().clone().expect("it was polled")
    }

    /// Wakes what waits. Does nothing if nothing does.
    pub(crate) fn wake(&self) {
        self.take().into_iter().for_each(Waker::wake);
    }

    /// Waits to be woken once: is ready at its second poll.
    pub(crate) fn woken(&self) -> impl Future<Output = ()> + Send + Unpin + use<> {
        let (slot, mut is_woken) = (self.clone(), false);
        poll_fn(move |cx| {
            if mem::replace(&mut is_woken, true) {
                return Poll::Ready(());
            }
            slot.put(cx);
            Poll::Pending
        })
    }

    /// Waits for ever, with the waker of the last poll in the slot.
    pub(crate) fn waits(&self) -> impl Future<Output = ()> + Send + Unpin + use<> {
        let slot = self.clone();
        poll_fn(move |cx| {
            slot.put(cx);
            Poll::Pending
        })
    }
}

/// Waits once, until `give` has done with the waker what wakes it.
pub(crate) async fn give_waker(mut give: impl FnMut(Waker)) {
    let mut is_given = false;
    poll_fn(|cx| {
        if mem::replace(&mut is_given, true) {
            return Poll::Ready(());
        }
        give(cx.waker().clone());
        Poll::Pending
    })
    .await;
}

/// A task that waits for ever and was polled once, its count of polls, and its waker.
pub(crate) fn waiting_task(executor: &Executor) -> (JoinHandle<()>, Counter, Waker) {
    let (polls, slot) = (Counter::new(), Slot::new());
    let task = executor.spawn(polls.polls(slot.waits()));
    executor.run_until_idle();
    assert_eq!(polls.get(), 1);
    (task, polls, slot.take().expect("it was polled"))
}

/// What the waker of [`runs_code`] does.
type Code = Box<dyn FnOnce()>;

thread_local! {
    static IN_THE_WAKE: RefCell<Option<Code>> = const { RefCell::new(None) };
}

/// Makes a waker that runs code in its wake, in the middle of the library's work; and the function
/// that says which. One such waker a test, and one wake.
pub(crate) fn runs_code() -> (impl FnOnce(Code), Waker) {
    struct RunsCode;

    impl Wake for RunsCode {
        fn wake(self: Arc<Self>) {
            let code = IN_THE_WAKE.take().expect("it is woken once");
            code();
        }
    }

    (|code| IN_THE_WAKE.set(Some(code)), Waker::from(Arc::new(RunsCode)))
}

/// A future that goes from one task to another.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;
