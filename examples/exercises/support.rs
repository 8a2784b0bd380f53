//! Shared code of the exercises' tests. It makes sure that each test ends.

use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe},
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::Executor;

/// Only a hang takes so long.
const A_HANG: Duration = Duration::from_secs(20);

/// More polls than any exercise needs.
const POLLS: usize = 10_000;

/// Runs a test that waits only for its own actions.
pub(crate) fn bounded(test: impl FnOnce() + Send + 'static) {
    ends("a poll must never block or loop for ever, because then no other task can run", test);
}

/// Runs a test on its own thread, so that a test that never returns is a failure. The rule says
/// what must hold for the test to end.
pub(crate) fn ends(rule: &str, test: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _done = done;
        test();
    });
    let hangs = end.recv_timeout(A_HANG) == Err(RecvTimeoutError::Timeout);
    assert!(!hangs, "{rule}\n(the test did not end within {A_HANG:?})");
    if let Err(panic) = thread.join() {
        panic::resume_unwind(panic);
    }
}

/// Runs an async test on an executor whose clock is paused. Fails when no task is ready and the
/// test is still waiting, and when tasks are ready without end.
pub(crate) fn run(test: impl AsyncFnOnce() + Send + 'static) {
    bounded(move || {
        let executor = Executor::builder().paused_clock(true).build().expect("an executor");
        let task = executor.spawn(async move { test().await });
        // After the end of the test the other tasks may wait for ever.
        let polls = (0..POLLS).take_while(|_| !task.is_finished() && executor.tick()).count();
        assert!(
            polls < POLLS,
            "a task that waits must not be ready all the time, because that is a busy loop"
        );
        match poll(pin!(task), Waker::noop()) {
            Poll::Ready(Err(error)) => panic::resume_unwind(error.into_panic()),
            Poll::Ready(Ok(())) => {}
            Poll::Pending => panic!(
                "a future that returns Pending must have its waker called later, but here every \
                 task waits and no wake can come\n{}",
                executor.tasks()
            ),
        }
    });
}

/// Polls a future once.
pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Counts the wakes of its waker.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Makes a waker, and the counter of its wakes.
pub(crate) fn counting_waker() -> (Arc<Wakes>, Waker) {
    let wakes = Arc::new(Wakes::default());
    (Arc::clone(&wakes), Waker::from(wakes))
}

thread_local! {
    /// Whether a panic of this thread is expected, and so is not printed.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
    /// How often the spies of this thread were called.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// The function to which a spy reports.
    static REPORT: RefCell<Option<Report>> = const { RefCell::new(None) };
}

/// Whether the closure panics. That panic is not printed.
pub(crate) fn panics(test: impl FnOnce()) -> bool {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                print(panic);
            }
        }));
    });
    EXPECTED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(test));
    EXPECTED.set(false);
    result.is_err()
}

/// The function that a spy calls.
type Report = Rc<dyn Fn(Touch)>;

/// What code does with a waker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    Cloned,
    Dropped,
    Called,
}

/// A waker that reports how it is used.
struct Spy;

impl Spy {
    fn report(touch: Touch) {
        // A test that has failed is cleaned up, and at a thread's end there is no `REPORT`.
        let report = REPORT.try_with(|report| report.borrow().clone()).ok().flatten();
        if let Some(report) = report.filter(|_| !thread::panicking()) {
            report(touch);
        }
    }
}

impl Clone for Spy {
    fn clone(&self) -> Spy {
        Spy::report(Touch::Cloned);
        Spy
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        Spy::report(Touch::Dropped);
    }
}

impl cooked_waker::WakeRef for Spy {
    fn wake_by_ref(&self) {
        CALLS.set(CALLS.get() + 1);
        Spy::report(Touch::Called);
    }
}

impl cooked_waker::Wake for Spy {}

/// How often the wakers of [`reenter`] were called on this thread.
pub(crate) fn spy_calls() -> usize {
    CALLS.get()
}

/// Gives `body` a waker, and calls `enter` when that waker is first cloned, dropped or called, as
/// `touch` says. A waker of another runtime may do the same: use the value that stores it, at once.
/// Fails if `enter` panics.
pub(crate) fn reenter(touch: Touch, enter: impl FnOnce() + 'static, body: impl FnOnce(&Waker)) {
    let enter = Cell::new(Some(enter));
    let refused = Rc::new(Cell::new(false));
    let result = Rc::clone(&refused);
    let waker = cooked_waker::IntoWaker::into_waker(Box::new(Spy));
    REPORT.set(Some(Rc::new(move |seen| {
        if let Some(enter) = (seen == touch).then(|| enter.take()).flatten() {
            result.set(panics(enter));
        }
    })));
    body(&waker);
    // Not `set(None)`: this drop may call a spy, and `REPORT` must not be borrowed then.
    drop(REPORT.take());
    let touch = format!("{touch:?}").to_lowercase();
    assert!(
        !refused.get(),
        "nothing may be borrowed while a waker is {touch}, because its code may use this value"
    );
}

/// A pizza that is in the oven until [`Oven::open`] is called: a future that counts its polls, and
/// panics if it is polled after it was ready.
pub(crate) struct Pizza {
    oven: Rc<Oven>,
    /// Makes the pizza a future that has to be pinned, like that of an `async` block.
    _pinned: std::marker::PhantomPinned,
}

/// The state of a pizza that the test reads and changes.
#[derive(Default)]
pub(crate) struct Oven {
    polls: Cell<usize>,
    open: Cell<bool>,
    taken: Cell<bool>,
    dropped: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Puts a pizza into an oven.
pub(crate) fn bake() -> (Rc<Oven>, Pizza) {
    let oven = Rc::new(Oven::default());
    (Rc::clone(&oven), Pizza { oven, _pinned: std::marker::PhantomPinned })
}

impl Oven {
    /// Makes the pizza ready, and wakes the task that waits for it.
    pub(crate) fn open(&self) {
        self.open.set(true);
        self.wake();
    }

    /// Wakes the task that waits, though the pizza is not ready. A future may be woken too often.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn polls(&self) -> usize {
        self.polls.get()
    }

    /// Whether the pizza was dropped.
    pub(crate) fn is_empty(&self) -> bool {
        self.dropped.get()
    }
}

impl Future for Pizza {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'static str> {
        let oven = &self.oven;
        assert!(
            !oven.taken.get(),
            "a future must not be polled after it has returned Ready, because its output is gone"
        );
        oven.polls.set(oven.polls.get() + 1);
        assert!(
            oven.polls() < POLLS,
            "a future that waits must not be polled all the time, because that is a busy loop"
        );
        if oven.open.get() {
            oven.taken.set(true);
            return Poll::Ready("pizza");
        }
        // The latest waker counts, because the future may have moved to another task.
        oven.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Pizza {
    fn drop(&mut self) {
        self.oven.dropped.set(true);
    }
}
