//! Where executor and reactor meet: an [`Executor`] is an event loop that sleeps in a reactor.
//!
//! Only this folder knows both. [`Driver`] implements [`Park`](crate::executor::Park) of the executor: it
//! sleeps in the reactor, drops what an ended task has left there, and detects a deadlock. The other
//! files have the options ([`builder`]) and the reports about tasks ([`diagnosis`], [`lints`]).

mod builder;
mod diagnosis;
mod driver;
mod lints;
mod stats;

use std::{
    fmt, io,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    pin::pin,
    rc::Rc,
    task::Waker,
};

pub(crate) use self::diagnosis::running_tasks;
use self::driver::Driver;
pub use self::{builder::Builder, stats::Stats};
use crate::{
    clock::Clock,
    executor::{Entered, EventLoop, handle::Handle, join::JoinHandle},
    id::TaskId,
    reactor::{Reactor, entered},
    table::TaskTable,
    trace::Tracer,
};

/// How often dropping an executor starts over because what it dropped has spawned tasks anew.
const SHUTDOWN_ROUNDS: usize = 1000;

/// A single-threaded executor: it owns tasks and runs them, one at a time, on its own thread.
///
/// [`block_on`] is all that many programs need. You can run an `Executor` again and
/// again, [step by step](Executor::tick) or [until nothing is ready](Executor::run_until_idle).
///
/// It is neither `Send` nor `Sync`: it belongs to the thread that made it, and so do its tasks,
/// which may hold `Rc` and `RefCell`. Other threads reach it through a [`Handle`], and through the
/// wakers of its tasks.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
///
/// let executor = pizzaiolo::Executor::new()?;
/// let served = Rc::new(Cell::new(0));
/// for _ in 0..3 {
///     let served = Rc::clone(&served);
///     executor.spawn(async move { served.set(served.get() + 1) }).detach();
/// }
/// executor.run();
/// assert_eq!(served.get(), 3);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Driven by another loop
///
/// The loop of a GUI or a game can drive it: it calls [`run_until_idle`](Executor::run_until_idle),
/// or [`tick`](Executor::tick) some times, then waits until the descriptor of the
/// [`reactor`](Executor::reactor) is readable or its [next deadline](Reactor::next_deadline) has
/// come. The descriptor is readable whenever there is something to do: after a wake or a spawn from
/// any thread, and while tasks are ready after a `tick`.
///
/// # Dropping it
///
/// Dropping it drops every future that is still pending, on its own thread. Join handles then
/// yield [`JoinError::is_cancelled`](crate::JoinError::is_cancelled), wakers and [`Handle`]s do nothing.
pub struct Executor {
    event_loop: EventLoop<Driver>,
}

impl Executor {
    /// Creates an executor with no tasks.
    ///
    /// # Errors
    ///
    /// The OS's, if it has no descriptors to give: an executor takes two (epoll and eventfd, on
    /// Linux).
    pub fn new() -> io::Result<Executor> {
        Executor::builder().build()
    }

    /// Returns a builder, for an executor that differs from the usual one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns its reactor: for another loop, which waits until the descriptor is readable or the
    /// next deadline has come, and then runs the executor.
    #[must_use]
    pub fn reactor(&self) -> &Reactor {
        self.event_loop.set_driven();
        self.event_loop.parker().reactor()
    }

    /// Makes a task of a future: the executor polls it when its turn comes, once it runs.
    ///
    /// The future need not be `Send`: it never leaves this thread. Dropping the handle detaches
    /// the task.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.event_loop.spawn(future, Location::caller(), None)
    }

    /// The same, for a task with a name.
    #[track_caller]
    pub(crate) fn spawn_named<F>(&self, future: F, name: Option<Rc<str>>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.event_loop.spawn(future, Location::caller(), name)
    }

    /// Runs a future to its end and returns its output. Spawned tasks run meanwhile; those that
    /// are not done stay for the next call.
    ///
    /// The future need not be `'static`, so it may borrow from the caller.
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already. If the future panics: the panic goes through to
    /// the caller, and the executor is still usable. And if the program is deadlocked: no task is
    /// ready, and nothing is left that could wake one (no timer, no socket, no [`Handle`], and no
    /// holder of a waker). An [`AbortHandle`](crate::task::AbortHandle) or a
    /// [`RemoteJoinHandle`](crate::RemoteJoinHandle) of a task that has not ended counts as such a
    /// holder, because it can abort the task. The message has the [table of tasks](Executor::tasks).
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = self.enter();
        let (mut future, mut output) = (pin!(future), None);
        self.event_loop.block_on(&mut |cx| {
            future.as_mut().poll(cx).map(|ready| {
                output = Some(ready);
                Box::new(()) as _
            })
        });
        output.unwrap_or_else(|| unreachable!("the loop ends when the root is ready"))
    }

    /// Runs until no task is left. (It is `run_forever` of the
    /// [Python original](crate::guide::topic07_generators).)
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already. And, as [`block_on`](Executor::block_on) does, if
    /// the program is deadlocked.
    #[track_caller]
    pub fn run(&self) {
        let _entered = self.enter();
        self.event_loop.run();
    }

    /// Runs until no task is ready. It collects what is there already (sockets that are ready,
    /// wakes from other threads), and never sleeps.
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already.
    #[track_caller]
    pub fn run_until_idle(&self) {
        let _entered = self.enter();
        self.event_loop.run_until_idle();
    }

    /// Polls one ready task once. If none is ready, it first collects the events that have come, without
    /// sleeping. False if no task is ready after that.
    ///
    /// ```
    /// let executor = pizzaiolo::Executor::new()?;
    /// let task = executor.spawn(pizzaiolo::yield_now());
    /// assert!(executor.tick()); // it yields
    /// assert!(executor.tick()); // it continues, and ends
    /// assert!(!executor.tick());
    /// assert!(task.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already.
    #[track_caller]
    pub fn tick(&self) -> bool {
        let _entered = self.enter();
        self.event_loop.tick()
    }

    /// Counts the tasks that are alive: ready, running or waiting.
    #[must_use]
    pub fn task_count(&self) -> usize {
        self.event_loop.shared().tasks.alive()
    }

    /// Returns counters: polls, wakes, sleeps and the like since the executor was made.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (event_loop, counts) = (&self.event_loop, &self.event_loop.shared().counts);
        let (polls, wakes_local) = event_loop.polls_and_wakes();
        let mut stats = Stats {
            polls,
            spawned: counts.spawned(),
            wakes_local,
            wakes_remote: counts.wakes_remote(),
            ..Stats::default()
        };
        event_loop.parker().count(&mut stats);
        stats
    }

    /// Lists the tasks that are ready, the future that `block_on` runs among them; in the order in
    /// which they will be polled, unless [`Builder::ready_order`] or [`Builder::chooser`] changes
    /// it.
    #[must_use]
    pub fn ready_queue(&self) -> Vec<TaskId> {
        self.event_loop.shared().ready_tasks()
    }

    /// Returns the table of all tasks: what each does, and what it waits for. `println!("{}", …)`
    /// prints it. While `block_on` runs, its own future comes first, as `root`.
    ///
    /// That future may call it too: it can borrow the executor.
    #[must_use]
    pub fn tasks(&self) -> TaskTable {
        diagnosis::table(self.event_loop.shared(), self.event_loop.parker().reactor().shared())
    }

    /// Creates a way to spawn from other threads.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(self.event_loop.shared())
    }
}

impl Builder {
    /// Makes the executor.
    ///
    /// # Errors
    ///
    /// As for [`Executor::new`].
    #[track_caller]
    pub fn build(self) -> io::Result<Executor> {
        let clock = Rc::new(Clock::new(self.paused_clock));
        let (observer, lints) = lints::around(self.observer, self.lints, self.slow_poll);
        let tracer = Rc::new(Tracer::new(observer, Rc::clone(&clock)));
        let reactor = Reactor::with(clock, Rc::clone(&tracer))?;
        let unparker = Waker::from(reactor.unparker());
        let driver = Driver::new(reactor);
        let event_loop = EventLoop::new(driver, unparker, self.order, tracer);
        if let Some(lints) = lints {
            lints.set_tasks(event_loop.shared());
        }
        Ok(Executor { event_loop })
    }
}

/// Drops all futures, on this thread, whatever their `Drop`s do.
impl Drop for Executor {
    fn drop(&mut self) {
        let _entered = self.event_loop.parker().reactor().enter_guard();
        self.event_loop.close(|| {
            self.drop_tasks();
            // The observer hears of all that, and goes. Its drop may spawn, too.
            self.event_loop.shared().tracer().close();
            self.drop_tasks();
            match self.event_loop.shared().tasks.leak_all() {
                0 => {}
                leaked => log::error!(
                    target: "pizzaiolo",
                    "{leaked} tasks are leaked: each was spawned by the drop of a task that was \
                     spawned by the drop of a task, and so on for {SHUTDOWN_ROUNDS} rounds"
                ),
            }
        });
    }
}

impl Executor {
    /// Makes its two halves the current ones on this thread.
    #[track_caller]
    fn enter(&self) -> (Entered<'_, Driver>, entered::Entered) {
        let entered = self.event_loop.enter();
        (entered, self.event_loop.parker().reactor().enter_guard())
    }

    /// A future's `Drop` may spawn, and so may a waker of another runtime that waits here: one round
    /// may leave work for the next. A program that does so for ever must not hang.
    fn drop_tasks(&self) {
        for _ in 0..SHUTDOWN_ROUNDS {
            self.event_loop.parker().reactor().close();
            let pending = self.event_loop.shared().tasks.pending();
            if pending.is_empty() {
                break;
            }
            for id in pending {
                self.event_loop.drop_task(id);
            }
        }
    }
}

/// No panic of a task, and none of `block_on`'s future, leaves anything half done.
impl UnwindSafe for Executor {}
impl RefUnwindSafe for Executor {}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("task_count", &self.task_count()).finish_non_exhaustive()
    }
}

/// Runs a future to its end on a new [`Executor`], and returns its output. Tasks that it has
/// spawned and that are not done by then are dropped.
///
/// Each call makes an executor, which takes several system calls: about 58 µs without optimisation,
/// where [`Executor::block_on`] takes 2. For many calls, make an `Executor`, and call that.
///
/// There is no `#[pizzaiolo::main]`, and no `main!` or `test!`. An attribute is a procedural macro, which is
/// a crate of its own to build before this one. A macro of `macro_rules` with a block in it is not formatted
/// by rustfmt, and saves only this call.
///
/// ```
/// let pizzas = pizzaiolo::block_on(async {
///     let oven = pizzaiolo::spawn(async { 2 });
///     oven.await.unwrap() + 1
/// });
/// assert_eq!(pizzas, 3);
/// ```
///
/// # Panics
///
/// If an executor runs on this thread already, if the OS has no descriptors to give for a new
/// one, or if the future panics. And, as [`Executor::block_on`] does, if the program is deadlocked.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match Executor::new() {
        Ok(executor) => executor.block_on(future),
        Err(error) => panic!("the executor cannot be made: {error}"),
    }
}
