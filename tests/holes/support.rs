//! What these tests share.

use std::{
    cell::RefCell,
    future::poll_fn,
    os::unix::net::UnixStream,
    panic,
    pin::Pin,
    rc::Rc,
    sync::{Once, mpsc},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor, TaskId,
    trace::{Cause, Event, EventKind, Observer},
};

/// How long a test waits for what must happen. Only what hangs takes that long.
const BOUND: Duration = Duration::from_secs(60);

/// Runs the body of a test on a thread of its own, and fails if it hangs.
#[track_caller]
pub(crate) fn bounded(body: impl FnOnce() + Send + 'static) {
    let (done, over) = mpsc::channel();
    let body = thread::spawn(move || {
        body();
        // Nothing listens if the test has failed meanwhile.
        let _ = done.send(());
    });
    let hangs = over.recv_timeout(BOUND) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hangs, "it hangs");
    body.join().unwrap_or_else(|payload| panic::resume_unwind(payload));
}

/// Keeps all events.
#[derive(Default)]
pub(crate) struct Recorder(RefCell<Vec<Event>>);

impl Recorder {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.borrow().clone()
    }

    /// Returns the causes of the task's wakes, in order.
    pub(crate) fn wakes(&self, task: TaskId) -> Vec<Cause> {
        let cause = |event: &Event| match event.kind() {
            EventKind::Woken { by, .. } if event.task() == Some(task) => Some(*by),
            _ => None,
        };
        self.0.borrow().iter().filter_map(cause).collect()
    }
}

impl Observer for Recorder {
    fn on_event(&self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}

pub(crate) fn executor() -> Executor {
    Executor::new().expect("the OS has descriptors")
}

pub(crate) fn observed() -> (Rc<Recorder>, Executor) {
    let recorder = Rc::new(Recorder::default());
    let executor = Executor::builder().observer(Rc::clone(&recorder)).build();
    (recorder, executor.expect("the OS has descriptors"))
}

/// Two sockets that are connected; the first does not block.
pub(crate) fn unix_pair() -> (UnixStream, UnixStream) {
    let (ours, peer) = UnixStream::pair().expect("the OS has descriptors");
    ours.set_nonblocking(true).expect("it is a socket");
    (ours, peer)
}

/// Polls once.
pub(crate) fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Returns Pending once, and gives its waker away.
pub(crate) async fn give_waker(mut give: impl FnMut(Waker)) {
    let mut is_given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_given, true) {
            return Poll::Ready(());
        }
        give(cx.waker().clone());
        Poll::Pending
    })
    .await;
}

/// Panics when it is dropped.
pub(crate) struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

thread_local! {
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what each thread logs.
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}", record.level(), record.args());
        // A thread that ends has no lines any more.
        let _ = LOGGED.try_with(|lines| lines.borrow_mut().push(line));
    }

    fn flush(&self) {}
}

/// Returns the warnings and errors that are logged on this thread while `run` runs.
pub(crate) fn logged(run: impl FnOnce()) -> Vec<String> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Lines).expect("there is no other logger");
        log::set_max_level(log::LevelFilter::Warn);
    });
    LOGGED.take();
    run();
    LOGGED.take()
}
