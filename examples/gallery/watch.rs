//! Runs an exhibit: records its events, and ends even if it hangs.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError, mpsc},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use pizzaiolo::{
    Executor, JoinHandle, task,
    trace::{Event, Observer},
};

/// The record of a run.
pub(crate) struct Seen {
    /// What the program said and, indented, what the executor did, in order of time.
    pub(crate) lines: Vec<String>,
    /// The end of the run.
    pub(crate) end: End,
}

/// How a run ended.
pub(crate) enum End {
    /// The executor had nothing more to do, or would have slept. With the table of the tasks that
    /// were left.
    Idle(String),
    /// It panicked with this message.
    Panicked(String),
    /// It did not end. Its thread was abandoned.
    Hangs,
}

/// The whole record, line by line.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        match &self.end {
            End::Idle(tasks) => write!(f, "What is left:\n{tasks}"),
            End::Panicked(message) => write!(f, "It panics: {message}"),
            End::Hangs => f.write_str("The thread hangs."),
        }
    }
}

/// The lines of a run. The program and the executor write them.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Diary {
    fn on_event(&self, event: &Event) {
        self.write(format!("    {event}"));
    }
}

thread_local! {
    /// The diary of the run on this thread.
    static DIARY: RefCell<Diary> = RefCell::default();
    /// Makes another observer for the runs that begin on this thread.
    static ALSO: Cell<Option<MakeObserver>> = const { Cell::new(None) };
}

/// Makes an observer for one run.
type MakeObserver = fn() -> Box<dyn Observer>;

/// Lets another observer watch the runs that begin on this thread from now on.
#[allow(dead_code, reason = "the replays of the member `watch`")]
pub(crate) fn also(observer: MakeObserver) {
    ALSO.set(Some(observer));
}

/// The observers of a run.
struct Watchers(Diary, Option<Box<dyn Observer>>);

impl Observer for Watchers {
    fn on_event(&self, event: &Event) {
        self.0.on_event(event);
        if let Some(also) = &self.1 {
            also.on_event(event);
        }
    }
}

/// Adds a line of the program to the record.
pub(crate) fn say(line: impl Into<String>) {
    DIARY.with_borrow(|diary| diary.write(line.into()));
}

/// Runs a program on an executor whose clock is paused, so that a wait for a timer takes no time.
pub(crate) fn watch(program: impl FnOnce(&Executor)) -> Seen {
    watch_with(&Diary::default(), program)
}

fn watch_with(diary: &Diary, program: impl FnOnce(&Executor)) -> Seen {
    DIARY.set(diary.clone());
    let watchers = Watchers(diary.clone(), ALSO.get().map(|also| also()));
    let executor = Executor::builder().paused_clock(true).observer(watchers).build();
    let executor = executor.expect("the OS has descriptors");
    let end = match catch_unwind(AssertUnwindSafe(|| program(&executor))) {
        Ok(()) => End::Idle(executor.tasks().to_string()),
        Err(payload) => End::Panicked(message_of(&*payload)),
    };
    // Before the executor is dropped, and the tasks that are left with it.
    Seen { lines: diary.lines(), end }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref().copied()).unwrap_or("no message").to_owned()
}

/// How long a run that may hang may do nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Runs a program on a thread of its own. If it hangs, the thread is abandoned.
pub(crate) fn watch_what_may_hang(program: impl FnOnce(&Executor) + Send + 'static) -> Seen {
    let diary = Diary::default();
    let (ended, end) = mpsc::channel();
    let (writes, also) = (diary.clone(), ALSO.get());
    thread::spawn(move || {
        ALSO.set(also);
        ended.send(watch_with(&writes, program))
    });
    // On a slow machine it may need more time. It gets more as long as it adds lines.
    let mut lines = 0;
    loop {
        match end.recv_timeout(PATIENCE) {
            Ok(seen) => return seen,
            Err(_) if diary.lines().len() > lines => lines = diary.lines().len(),
            Err(_) => return Seen { lines: diary.lines(), end: End::Hangs },
        }
    }
}

/// Spawns a task with a name.
#[track_caller]
pub(crate) fn spawn<T: 'static>(
    executor: &Executor,
    name: &str,
    future: impl Future<Output = T> + 'static,
) -> JoinHandle<T> {
    task::Builder::new().name(name).spawn_on(executor, future)
}

/// A bell without a mistake: when it rings, every task that waits for it is woken.
#[derive(Clone, Default)]
pub(crate) struct Bell(Rc<Waiting>);

#[derive(Default)]
struct Waiting {
    rung: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.rung.set(true);
        for waker in self.0.wakers.take() {
            waker.wake();
        }
    }
}

impl Future for Bell {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.rung.get() {
            return Poll::Ready(());
        }
        self.0.wakers.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }
}
