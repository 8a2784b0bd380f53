//! What the tests of the exercises share, and what sees to it that all of them end.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    env,
    pin::{Pin, pin},
    process::Command,
    rc::Rc,
    sync::{
        Arc,
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

/// Runs a test on a thread of its own, so that one that never returns is a failure.
pub(crate) fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _done = done;
        test();
    });
    let hangs = end.recv_timeout(A_HANG) == Err(RecvTimeoutError::Timeout);
    assert!(!hangs, "it hangs: something blocks the thread, or loops without end");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs an async test on an executor whose clock stands still, and fails when nothing is ready any
/// more, or does not come to an end.
pub(crate) fn run(test: impl AsyncFnOnce() + Send + 'static) {
    bounded(move || {
        let executor = Executor::builder().paused_clock(true).build().expect("an executor");
        let task = executor.spawn(async move { test().await });
        let polls = (0..POLLS).take_while(|_| executor.tick()).count();
        assert!(polls < POLLS, "after {POLLS} polls still somebody is ready: a busy loop");
        match poll(pin!(task), Waker::noop()) {
            Poll::Ready(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            Poll::Ready(Ok(())) => {}
            Poll::Pending => panic!("nobody is ready, and the test waits:\n{}", executor.tasks()),
        }
    });
}

/// Polls a future once.
pub(crate) fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
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

/// Makes a waker, and what counts its wakes.
pub(crate) fn counting_waker() -> (Arc<Wakes>, Waker) {
    let wakes = Arc::new(Wakes::default());
    (Arc::clone(&wakes), Waker::from(wakes))
}

/// A pizza that is in the oven until [`Oven::open`] is called: a future that counts its polls, and
/// panics if it is polled after it was ready.
pub(crate) struct Pizza {
    oven: Rc<Oven>,
    /// Makes the pizza one that has to be pinned, as what an `async` block makes has to be.
    _pinned: std::marker::PhantomPinned,
}

/// What there is to know, from outside, of the pizza inside.
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
    /// Makes the pizza ready, and wakes who waits for it.
    pub(crate) fn open(&self) {
        self.open.set(true);
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
        assert!(!oven.taken.get(), "a future was polled after it had returned Ready");
        oven.polls.set(oven.polls.get() + 1);
        assert!(oven.polls() < POLLS, "a future was polled {POLLS} times: a busy loop");
        if oven.open.get() {
            oven.taken.set(true);
            return Poll::Ready("pizza");
        }
        // The latest waker counts, for the future may have moved to another task.
        oven.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Pizza {
    fn drop(&mut self) {
        self.oven.dropped.set(true);
    }
}

/// Runs the tests of this program that are marked as ignored: those of the exercises. Returns the
/// names of those that pass, and of those that fail.
pub(crate) fn run_exercises() -> [BTreeSet<String>; 2] {
    let mut command = Command::new(env::current_exe().expect("this test has a path"));
    let command = command.args(["--ignored", "--color=never"]).env("RUST_BACKTRACE", "0");
    let output = command.output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 101)), "it ends with the last test: {stderr}");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let results = stdout.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    let results: Vec<_> = results.collect();
    ["ok", "FAILED"].map(|result| {
        let with = results.iter().filter(|(_, ended)| *ended == result);
        with.map(|(name, _)| name.split(' ').next().unwrap_or(name).to_owned()).collect()
    })
}
