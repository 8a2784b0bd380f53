//! What the tests of the diagnosis share.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::{Once, mpsc},
    task::{Context, Poll, Waker},
    time::Duration,
};

use pizzaiolo::{
    Builder, Executor, JoinHandle,
    task::{self, TaskInfo},
    trace::{Event, EventKind, Observer, TaskId, Warning},
};

pub(crate) use crate::common::{bounded, pair};

/// An observer that keeps all events.
#[derive(Clone, Default)]
pub(crate) struct Events(Rc<RefCell<Vec<Event>>>);

impl Observer for Events {
    fn on_event(&self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}

impl Events {
    /// Who was warned of, why, and what was said of it.
    pub(crate) fn warnings(&self) -> Vec<(Option<TaskId>, Warning, String)> {
        let warning = |event: &Event| match event.kind() {
            EventKind::Warned { warning, about, .. } => {
                Some((event.task(), *warning, about.to_string()))
            }
            _ => None,
        };
        self.0.borrow().iter().filter_map(warning).collect()
    }

    /// The tasks, in the order in which they were polled.
    pub(crate) fn polled(&self) -> Vec<Option<TaskId>> {
        let events = self.0.borrow();
        let polls = events.iter().filter(|event| matches!(event.kind(), EventKind::PollStarted));
        polls.map(Event::task).collect()
    }
}

/// An executor that is watched. It does not warn of slow polls: on a busy machine each may be one.
pub(crate) fn watched() -> (Executor, Events) {
    watched_with(Executor::builder().slow_poll(Duration::MAX))
}

pub(crate) fn watched_with(builder: Builder) -> (Executor, Events) {
    let events = Events::default();
    let executor = builder.observer(events.clone()).build().expect("the OS has descriptors");
    (executor, events)
}

pub(crate) fn executor() -> Executor {
    Executor::new().expect("the OS has descriptors")
}

/// An executor whose observer tells when it is about to sleep without a limit.
pub(crate) fn that_tells_when_it_sleeps() -> (Executor, mpsc::Receiver<()>) {
    struct Sleeps(mpsc::Sender<()>);

    impl Observer for Sleeps {
        fn on_event(&self, event: &Event) {
            if matches!(event.kind(), EventKind::Parked { timeout: None, .. }) {
                // Nobody may care for the second time.
                let _ = self.0.send(());
            }
        }
    }

    let (tell, sleeps) = mpsc::channel();
    let executor = Executor::builder().observer(Sleeps(tell)).build();
    (executor.expect("the OS has descriptors"), sleeps)
}

/// What the executor's panic says, if it says that this is a deadlock.
pub(crate) fn deadlock<R>(run: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else {
        panic!("it is a deadlock, but it came to an end")
    };
    let message = payload.downcast::<String>().expect("the message of a panic is text");
    assert!(message.starts_with("deadlock: "), "another panic: {message}");
    *message
}

/// Spawns a task with a name.
pub(crate) fn spawn_named<T: 'static>(
    executor: &Executor,
    name: &str,
    future: impl Future<Output = T> + 'static,
) -> JoinHandle<T> {
    task::Builder::new().name(name).spawn_on(executor, future)
}

/// The task of this name.
pub(crate) fn named(executor: &Executor, name: &str) -> TaskInfo {
    let tasks = executor.tasks();
    let task = tasks.iter().find(|task| task.name.as_deref() == Some(name));
    task.unwrap_or_else(|| panic!("no task {name:?}:\n{tasks}")).clone()
}

/// A bell. Who waits for it is woken when it rings; its state is shared by its clones.
#[derive(Clone, Default)]
pub(crate) struct Bell(Rc<(Cell<bool>, RefCell<Vec<Waker>>)>);

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.0.set(true);
        for waker in self.0.1.take() {
            waker.wake();
        }
    }
}

impl Future for Bell {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.0.get() {
            return Poll::Ready(());
        }
        self.0.1.borrow_mut().push(cx.waker().clone());
        Poll::Pending
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
        // At the end of a thread there is nobody left to read it.
        let _ = LOGGED.try_with(|lines| lines.borrow_mut().push(line));
    }

    fn flush(&self) {}
}

/// The warnings that the library logs on this thread while `run` runs.
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
