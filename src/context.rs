//! Which executor runs here: the crate's only thread-local.
//!
//! While an executor runs (or is dropped), its [`Context`] is current on its thread. That is how
//! `spawn` knows where to put a task, how a socket finds the reactor, and how a wake knows that it
//! is at home and needs neither lock nor system call.

use std::{cell::RefCell, mem::ManuallyDrop, panic::Location, rc::Rc, sync::Arc};

use crate::{
    clock::Clock,
    home::Home,
    id::TaskId,
    inbox::Inbox,
    join::JoinHandle,
    reactor::Reactor,
    tasks::{LocalTask, Tick},
    timers::Timers,
    trace::EventKind,
};

/// The parts of one executor that tasks, sockets and wakers reach for.
pub(crate) struct Context {
    pub(crate) home: Rc<Home>,
    pub(crate) reactor: Rc<Reactor>,
    pub(crate) clock: Rc<Clock>,
    pub(crate) timers: Rc<Timers>,
    pub(crate) inbox: Arc<Inbox>,
}

/// What `spawn` says when it is called where no executor runs.
pub(crate) const NO_EXECUTOR: &str = "`spawn` was called, but no pizzaiolo executor runs on this \
    thread: call it inside `pizzaiolo::block_on` or a task, or use `Executor::spawn`, or a \
    `Handle` from another thread";

impl Context {
    /// Makes a task of a future, and queues it.
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        place: &'static Location<'static>,
        name: Option<Rc<str>>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let id = self.add(Box::pin(future), place, name, true);
        JoinHandle::new(id, Rc::clone(&self.home))
    }

    /// The same, without a handle.
    pub(crate) fn spawn_detached(&self, future: LocalTask, place: &'static Location<'static>) {
        self.add(future, place, None, false);
    }

    fn add(
        &self,
        future: LocalTask,
        place: &'static Location<'static>,
        name: Option<Rc<str>>,
        joined: bool,
    ) -> TaskId {
        let id = self.home.tasks.insert(future, place, name.clone(), joined);
        self.home.tracer.emit(Some(id), || EventKind::Spawned { name, place });
        id
    }

    /// Notes the time, for who asks since when a task waits.
    pub(crate) fn tick_over(&self) {
        let Context { home, clock, .. } = self;
        home.tasks.set_tick(Tick::new(clock.now().saturating_duration_since(clock.start())));
    }
}

/// It is never dropped: whoever enters leaves again. So a look at it need not see whether it is
/// gone, and there is no code that would drop it at the end of a thread, which is a lot.
type Current = RefCell<ManuallyDrop<Option<Rc<Context>>>>;

#[cfg(not(loom))]
thread_local! {
    static CURRENT: Current = const { RefCell::new(ManuallyDrop::new(None)) };
}

// The model checker's threads share one thread of the OS.
#[cfg(loom)]
loom::thread_local! {
    static CURRENT: Current = RefCell::new(ManuallyDrop::new(None));
}

/// Calls `f` with the context of the executor that runs on this thread. `None` if none runs.
///
/// The thread-local stays borrowed while `f` runs, so `f` runs no foreign code.
pub(crate) fn with<R>(f: impl FnOnce(&Rc<Context>) -> R) -> Option<R> {
    // Where the OS keeps it, it is gone before some of what is dropped at the end of a thread.
    CURRENT.try_with(|current| current.borrow().as_ref().map(f)).ok().flatten()
}

/// The context of the executor that runs on this thread.
pub(crate) fn current() -> Option<Rc<Context>> {
    with(Rc::clone)
}

/// Makes `context` the current one, and returns the one that was.
fn replace(context: Option<Rc<Context>>) -> Option<Rc<Context>> {
    let enter = |current: &Current| current.replace(ManuallyDrop::new(context));
    CURRENT.try_with(enter).ok().and_then(ManuallyDrop::into_inner)
}

/// Makes `context` the current one until the guard is dropped.
pub(crate) fn enter(context: Rc<Context>) -> Entered {
    let was_active = context.home.turn.set_active(true);
    let outer = replace(Some(Rc::clone(&context)));
    Entered { context, was_active, outer }
}

/// As long as it lives, an executor's context is the current one.
pub(crate) struct Entered {
    context: Rc<Context>,
    /// It was entered before. (It is dropped inside one of its own tasks' drops, for example.)
    was_active: bool,
    /// The one that was current before: an executor can be dropped inside another one's task.
    outer: Option<Rc<Context>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.context.home.turn.set_active(self.was_active);
        let outer = self.outer.take();
        // What is replaced here is dropped outside the borrow.
        drop(replace(outer));
    }
}

/// Makes a task of a future, on the executor that runs here: the future is polled when its turn
/// comes, and goes on by itself.
///
/// The future need not be `Send`, for it never leaves this thread: `Rc` and `RefCell` are welcome.
/// Dropping the handle detaches the task.
///
/// ```
/// pizzaiolo::block_on(async {
///     let dough = pizzaiolo::spawn(async { "dough" });
///     let sauce = pizzaiolo::spawn(async { "sauce" });
///     assert_eq!((dough.await.unwrap(), sauce.await.unwrap()), ("dough", "sauce"));
/// });
/// ```
///
/// # Panics
///
/// If no executor runs on this thread.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let Some(context) = current() else { panic!("{NO_EXECUTOR}") };
    context.spawn(future, Location::caller(), None)
}
