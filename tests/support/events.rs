//! What an executor says by itself: its events, its table of tasks, its warnings.

use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    rc::Rc,
    sync::mpsc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use pizzaiolo::{
    Builder, Executor, JoinHandle,
    task::{self, TaskInfo},
    trace::{Event, EventKind, Observer, TaskId, Warning},
};

use super::{made, on_log};

/// An observer that keeps all events.
#[derive(Clone, Default)]
pub(crate) struct Events(Rc<RefCell<Vec<Event>>>);

impl Observer for Events {
    fn on_event(&self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}

impl Events {
    pub(crate) fn all(&self) -> Vec<Event> {
        self.0.borrow().clone()
    }

    /// Forgets what has happened so far.
    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// What `pick` makes of those that it takes.
    pub(crate) fn pick<T>(&self, pick: impl FnMut(&Event) -> Option<T>) -> Vec<T> {
        self.0.borrow().iter().filter_map(pick).collect()
    }

    pub(crate) fn count(&self, is_it: impl Fn(&EventKind) -> bool) -> usize {
        self.0.borrow().iter().filter(|event| is_it(event.kind())).count()
    }

    /// Who was warned of, why, and what was said of it.
    pub(crate) fn warnings(&self) -> Vec<(Option<TaskId>, Warning, String)> {
        self.pick(|event| match event.kind() {
            EventKind::Warned { warning, about, .. } => {
                Some((event.task(), *warning, about.to_string()))
            }
            _ => None,
        })
    }

    /// The tasks, in the order in which they were polled.
    pub(crate) fn polled(&self) -> Vec<Option<TaskId>> {
        self.pick(|event| matches!(event.kind(), EventKind::PollStarted).then(|| event.task()))
    }

    /// The names of the sockets that were registered.
    pub(crate) fn registered(&self) -> Vec<String> {
        self.pick(|event| match event.kind() {
            EventKind::Registered { source, .. } => Some(source.to_string()),
            _ => None,
        })
    }
}

/// An observer that calls the closure with each event.
pub(crate) struct OnEvent<F>(pub(crate) F);

impl<F: Fn(&Event)> Observer for OnEvent<F> {
    fn on_event(&self, event: &Event) {
        (self.0)(event);
    }
}

/// An observer that calls `code` whenever the executor has decided to sleep, and does not sleep yet. It is
/// given how long that will be at most.
pub(crate) fn at_park(code: impl Fn(Option<Duration>) + 'static) -> impl Observer + 'static {
    OnEvent(move |event: &Event| {
        if let EventKind::Parked { timeout, .. } = event.kind() {
            code(*timeout);
        }
    })
}

/// An executor that is watched. It does not warn of slow polls: on a busy machine each may be one.
pub(crate) fn watched() -> (Executor, Events) {
    watched_with(Executor::builder().slow_poll(Duration::MAX))
}

pub(crate) fn watched_with(builder: Builder) -> (Executor, Events) {
    let events = Events::default();
    (made(builder.observer(events.clone())), events)
}

/// Runs an async test to its end, with the events of its executor.
#[track_caller]
pub(crate) fn run_watched(test: impl AsyncFnOnce(Events) -> io::Result<()>) {
    let (executor, events) = watched();
    executor.block_on(test(events)).expect("the test's own I/O works");
}

/// An executor whose observer reports when it is about to sleep without a limit.
pub(crate) fn that_tells_when_it_sleeps() -> (Executor, mpsc::Receiver<()>) {
    let (tell, sleeps) = mpsc::channel();
    let observer = at_park(move |timeout| {
        if timeout.is_none() {
            // The receiver may be gone the second time.
            let _ = tell.send(());
        }
    });
    (made(Executor::builder().observer(observer)), sleeps)
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

/// The warnings that the library logs on this thread while `run` runs.
pub(crate) fn logged(run: impl FnOnce()) -> Vec<String> {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&lines);
    on_log(log::LevelFilter::Warn, move |level, line| {
        kept.borrow_mut().push(format!("{level} {line}"));
    });
    run();
    lines.take()
}

/// A bell. A task that waits for it is woken when it rings; its state is shared by its clones.
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
