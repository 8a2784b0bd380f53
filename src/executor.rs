//! The executor: run what is ready, then park.
//!
//! Each turn of the loop takes one task from the queue and polls it. A task that is not done comes
//! back when it is woken, at the end of the queue. When the queue is empty, the thread sleeps in
//! the reactor until a socket is ready or another thread rings. Every so many polls the executor
//! looks at the reactor and at the inbox all the same, so that tasks that are always ready cannot
//! keep the others' news away.
//!
//! Nothing is borrowed while a future is polled or dropped, or a foreign waker is called: those may
//! do anything, spawn and wake and abort included.

use std::{
    cell::{Cell, RefCell},
    fmt, io,
    panic::Location,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{Ordering, fence},
    },
    task::{Poll, Waker},
};

use crate::{
    builder::Builder,
    clock::Clock,
    context::{self, Context},
    foreign,
    handle::Handle,
    home::Home,
    id::TaskId,
    inbox::{Inbox, Letter},
    join::JoinHandle,
    lints::Lints,
    reactor::{self, Reactor},
    ready::ReadyQueue,
    root::Root,
    sync::Poll as OsPoll,
    tasks::Tasks,
    timers::Timers,
    trace::Tracer,
    turn::Turn,
};

/// After how many polls in a row the executor looks for news from outside (sockets, other
/// threads), though tasks are ready. A look that asks the OS costs about as much as twenty
/// polls, so at 64 it is a small part of the whole, and news waits for 64 turns at most.
pub(crate) const POLLS_A_LOOK: u32 = 64;

/// How often dropping an executor starts over because what it dropped has spawned tasks anew.
const SHUTDOWN_ROUNDS: usize = 1000;

/// A single-threaded executor: it owns tasks and runs them, one at a time, on its own thread.
///
/// [`block_on`] is all that many programs need. An `Executor` of one's own can be run again and
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
///     let _ = executor.spawn(async move { served.set(served.get() + 1) });
/// }
/// executor.run();
/// assert_eq!(served.get(), 3);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Dropping it drops every future that is still pending, on its own thread. Join handles then
/// yield [`JoinError::is_cancelled`](crate::JoinError::is_cancelled), wakers and [`Handle`]s do nothing.
pub struct Executor {
    pub(crate) context: Rc<Context>,
    /// How many more polls there are before the next look for news.
    pub(crate) polls_left: Cell<u32>,
    /// The letters that are being read; empty, and kept for its memory.
    pub(crate) letters: RefCell<Vec<Letter>>,
    /// Numbers the calls of `block_on`, so that a waker of an earlier call touches nobody.
    pub(crate) roots: Cell<u32>,
    /// The future that `block_on` runs, while it does.
    pub(crate) root: RefCell<Option<Root>>,
    /// Shared with every [`Handle`], to see whether there are any.
    pub(crate) handles: Arc<()>,
    /// What looks for tasks that keep the others waiting, if that was asked for.
    pub(crate) lints: Option<Lints>,
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

    /// Starts to make an executor that is not quite the usual one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn build(builder: Builder) -> io::Result<Executor> {
        let lints = builder.lints || builder.slow_poll.is_some() || builder.observer.is_some();
        let clock = Rc::new(Clock::new(builder.paused_clock));
        let poll = OsPoll::new()?;
        let inbox = Arc::new(Inbox::new(reactor::bell(&poll)?));
        let ready = ReadyQueue::new(builder.ready_order);
        let home = Rc::new(Home {
            tasks: Tasks::new(Arc::clone(&inbox), ready),
            turn: Turn::new(),
            tracer: Tracer::new(builder.observer, lints, Rc::clone(&clock)),
        });
        let context = Rc::new(Context {
            reactor: Rc::new(Reactor::new(poll, Rc::clone(&home))),
            home,
            timers: Rc::new(Timers::new(Rc::clone(&clock))),
            clock,
            inbox,
        });
        Ok(Executor {
            context,
            polls_left: Cell::new(POLLS_A_LOOK),
            letters: RefCell::new(Vec::new()),
            roots: Cell::new(0),
            root: RefCell::new(None),
            handles: Arc::new(()),
            lints: lints.then(|| Lints::new(builder.slow_poll)),
        })
    }

    /// Makes a task of a future: it is polled when its turn comes, once the executor runs.
    ///
    /// The future need not be `Send`: it never leaves this thread. Dropping the handle detaches
    /// the task.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.context.spawn(future, Location::caller(), None)
    }

    /// Runs a future to its end and returns its output. Spawned tasks run meanwhile; those that
    /// are not done stay for the next call.
    ///
    /// The future need not be `'static`, so it may borrow from the caller.
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already. When the future panics: the panic goes through
    /// to the caller, and the executor is still usable. And instead of sleeping for ever when
    /// that is proven: nothing is ready, and nobody is left who could wake a task, neither a
    /// timer, a socket, a [`Handle`] nor anyone who holds a waker. The message has the
    /// [table of tasks](Executor::tasks).
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = self.enter();
        let mut future = pin!(future);
        let (root, waker) = self.new_root(Location::caller());
        let _rooted = Rooted(self);
        let home = &*self.context.home;
        home.tasks.ready.push(root);
        loop {
            if !self.run_ready(Some(root)) {
                self.park();
                continue;
            }
            self.with_root(Root::start_poll);
            home.turn.begin(root, None);
            if let Poll::Ready(output) =
                self.poll(home, root, &waker, |cx| future.as_mut().poll(cx))
            {
                return output;
            }
            home.turn.end();
            let now = home.tasks.tick();
            if self.with_root(|root| root.end_poll(now)) == Some(true) {
                self.warn_of_lost_waker(root);
            }
        }
    }

    /// Runs until no task is left. (It is `run_forever` of the
    /// [Python original](crate::guide::generators).)
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already. And, as [`block_on`](Executor::block_on) does,
    /// instead of sleeping for ever when that is proven.
    #[track_caller]
    #[inline]
    pub fn run(&self) {
        let _entered = self.enter();
        loop {
            self.run_ready(None);
            if !self.has_work() {
                return;
            }
            self.park();
        }
    }

    /// Runs until nothing is ready. It collects what is there already (sockets that are ready,
    /// wakes from other threads), and never sleeps.
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already.
    #[track_caller]
    #[inline]
    pub fn run_until_idle(&self) {
        let _entered = self.enter();
        loop {
            self.run_ready(None);
            self.look();
            if self.context.home.tasks.ready.is_empty() {
                return;
            }
        }
    }

    /// Polls one ready task once. False if none is ready, after a look at what is there already.
    ///
    /// ```
    /// let executor = pizzaiolo::Executor::new()?;
    /// let task = executor.spawn(pizzaiolo::yield_now());
    /// assert!(executor.tick()); // it yields
    /// assert!(executor.tick()); // it goes on, and ends
    /// assert!(!executor.tick());
    /// assert!(task.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If an executor runs on this thread already.
    #[track_caller]
    #[inline]
    pub fn tick(&self) -> bool {
        let _entered = self.enter();
        while let Some(id) = self.next_or_look() {
            if self.run_task(&self.context.home, id) {
                return true;
            }
        }
        false
    }

    /// Counts the tasks that are alive: ready, running or waiting.
    #[must_use]
    pub fn task_count(&self) -> usize {
        self.context.home.tasks.alive()
    }

    /// Creates a way to spawn from other threads.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.context.inbox), Arc::clone(&self.handles))
    }

    /// Whether there is any [`Handle`].
    pub(crate) fn has_handles(&self) -> bool {
        let handles = Arc::strong_count(&self.handles) > 1;
        // Acquire: what the last handle has sent happened before it went.
        fence(Ordering::Acquire);
        handles
    }

    /// Makes this executor the one that runs here, with all that was sent to it ready.
    #[track_caller]
    fn enter(&self) -> context::Entered {
        assert!(
            context::current().is_none(),
            "an executor already runs on this thread, and would wait for itself: \
             `.await` the future, or spawn it, instead of blocking on it"
        );
        let entered = context::enter(Rc::clone(&self.context));
        // What was woken or aborted while the executor did not run has come by letter, and is
        // older than what is woken from here on.
        self.read_letters();
        entered
    }

    /// Makes what the others know of `block_on`'s own future, and its waker, marked as queued.
    fn new_root(&self, place: &'static Location<'static>) -> (TaskId, Waker) {
        let number = self.roots.get();
        self.roots.set(number.wrapping_add(1));
        let Context { inbox, home, .. } = &*self.context;
        let (root, waker) = Root::new(number, inbox, place, home.tasks.tick());
        let id = root.id();
        self.root.replace(Some(root));
        (id, waker)
    }

    /// Calls `f` with the root, if there is one. `f` runs no foreign code.
    pub(crate) fn with_root<R>(&self, f: impl FnOnce(&Root) -> R) -> Option<R> {
        self.root.borrow().as_ref().map(f)
    }
}

/// While it lives, there is a root future.
struct Rooted<'a>(&'a Executor);

impl Drop for Rooted<'_> {
    fn drop(&mut self) {
        // Its last poll was ready, or has panicked.
        self.0.context.home.turn.end();
        let root = self.0.root.take();
        if let (Some(root), Some(lints)) = (root, &self.0.lints) {
            lints.forget(root.id());
        }
    }
}

/// Drops all futures, on this thread, whatever their `Drop`s do.
impl Drop for Executor {
    fn drop(&mut self) {
        let Context { home, reactor, timers, inbox, .. } = &*self.context;
        let tasks = &home.tasks;
        let _entered = context::enter(Rc::clone(&self.context));
        for letter in inbox.close().drain(..) {
            foreign::drop("a future that was sent", letter);
        }
        // A future's `Drop` may spawn, and so may a waker of somebody else's who waits here: one
        // round may leave work for the next. One that does so for ever must not hang the program.
        for _ in 0..SHUTDOWN_ROUNDS {
            reactor.close();
            timers.close();
            let alive = tasks.abort_all();
            if alive.is_empty() {
                break;
            }
            for id in &alive {
                self.drop_task(*id);
            }
        }
        match tasks.leak_all() {
            0 => {}
            leaked => log::error!(
                target: "pizzaiolo",
                "{leaked} tasks are leaked: each was spawned by the drop of a task that was \
                 spawned by the drop of a task, and so on for {SHUTDOWN_ROUNDS} rounds"
            ),
        }
        tasks.ready.clear();
        home.tracer.close();
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("task_count", &self.task_count()).finish_non_exhaustive()
    }
}

/// Runs a future to its end on a new [`Executor`], and returns its output. Tasks that it has
/// spawned and that are not done by then are dropped.
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
/// one, or if the future panics. And, as [`Executor::block_on`] does, instead of sleeping for ever
/// when that is proven.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    match Executor::new() {
        Ok(executor) => executor.block_on(future),
        Err(error) => panic!("the executor cannot be made: {error}"),
    }
}
