//! A right executor, small, and its faults: `fault::is(RULE)` marks the one place where each breaks
//! its rule. Where a fault would spoil other rules too, it is kept to what its probe does.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs::File,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use conformance::{BoxFuture, LocalFuture};

use crate::{
    fault::{self, nth},
    header::{Header, NO_TASK, Shared},
    reactor::Reactor,
    task::{Future, Task},
};

thread_local! {
    /// The executor that runs here, or is being dropped.
    static CURRENT: RefCell<Option<Rc<Executor>>> = const { RefCell::new(None) };
    /// Whether one was entered and not left.
    static ENTERED: Cell<bool> = const { Cell::new(false) };
}

/// Locks, whatever has panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The executor that runs here.
pub(crate) fn current() -> Rc<Executor> {
    CURRENT.with_borrow(Clone::clone).expect("an executor runs here")
}

/// A right executor, unless a rule is broken.
pub(crate) struct Executor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) reactor: Reactor,
    pub(crate) tasks: RefCell<BTreeMap<u64, Task>>,
    next: Cell<u64>,
    pub(crate) aborting: Cell<bool>,
    /// For faults: what is kept too long.
    pub(crate) kept: RefCell<Vec<Box<dyn std::any::Any>>>,
    pub(crate) ended: RefCell<BTreeMap<u64, Future>>,
    spins: Cell<bool>,
    pub(crate) rounds: Cell<u32>,
}

/// Makes an executor, calls `body` with it, and drops it.
pub(crate) fn with(body: impl FnOnce(&Rc<Executor>)) {
    assert!(!ENTERED.replace(true), "an executor runs already");
    let (reactor, waker) = Reactor::new();
    let shared = Arc::new(Shared {
        ready: Mutex::default(),
        deferred: Mutex::default(),
        spawned: Mutex::default(),
        waker,
        thread: thread::current(),
        running: AtomicU64::new(NO_TASK),
        root: AtomicU64::new(NO_TASK),
        runs: AtomicBool::new(false),
        dropping: AtomicBool::new(false),
        closed: AtomicBool::new(false),
        gone: AtomicBool::new(false),
    });
    let executor = Rc::new(Executor {
        shared,
        reactor,
        tasks: RefCell::default(),
        next: Cell::new(0),
        aborting: Cell::new(false),
        kept: RefCell::default(),
        ended: RefCell::default(),
        spins: Cell::new(false),
        rounds: Cell::new(0),
    });
    CURRENT.set(Some(Rc::clone(&executor)));
    if fault::is("leak-descriptors") {
        mem::forget(File::open("/dev/null"));
    }
    if fault::is("leak-threads") {
        thread::spawn(|| {
            loop {
                thread::park();
            }
        });
    }
    let left = Left(executor);
    body(&left.0);
}

/// Closes the executor when its time is over, by a panic too.
struct Left(Rc<Executor>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.close();
        CURRENT.set(None);
        if !(fault::is("panic-root") && thread::panicking()) {
            ENTERED.set(false);
        }
    }
}

impl Executor {
    fn new_header(&self) -> Arc<Header> {
        let id = self.next.replace(self.next.get() + 1);
        Arc::new(Header {
            id,
            queued: Arc::new(AtomicBool::new(true)),
            wakes: AtomicU64::new(0),
            yields: AtomicU64::new(0),
            spent: AtomicBool::new(false),
            shared: Arc::clone(&self.shared),
            stash: Mutex::new(None),
        })
    }

    fn insert(&self, future: Future) -> u64 {
        let header = self.new_header();
        let id = header.id;
        let task = Task { future: Some(future), header, polled: false, aborted: false };
        self.tasks.borrow_mut().insert(id, task);
        id
    }

    pub(crate) fn spawn(&self, future: BoxFuture) -> Option<u64> {
        let dropping = self.shared.dropping.load(Ordering::SeqCst);
        if (fault::is("spawn-in-drop") && dropping)
            || (fault::is("abort-drop-spawns") && self.aborting.get())
        {
            return None;
        }
        let id = self.insert(Future::Send(future));
        let running = self.shared.running.load(Ordering::SeqCst);
        let root = self.shared.root.load(Ordering::SeqCst);
        if fault::is("spawn-is-not-poll") && running == root {
            self.unqueue(id);
            self.poll_task(id);
            return Some(id);
        }
        if fault::is("spawn-in-task") && running != NO_TASK && running != root {
            return Some(id);
        }
        let mut ready = lock(&self.shared.ready);
        let first = fault::is("fifo-spawn") && ready.len() >= 50;
        if first {
            ready.push_front(id);
        } else {
            ready.push_back(id);
        }
        Some(id)
    }

    pub(crate) fn spawn_local(&self, future: LocalFuture<'static>) {
        if fault::is("spawn-local") {
            return;
        }
        let id = self.insert(Future::Local(future));
        lock(&self.shared.ready).push_back(id);
    }

    /// Clears the mark that a task is queued: before its poll.
    fn unqueue(&self, id: u64) {
        if let Some(task) = self.tasks.borrow().get(&id) {
            task.header.queued.store(false, Ordering::SeqCst);
        }
    }

    /// Runs `root` to its end.
    pub(crate) fn block_on(&self, root: BoxFuture) {
        let header = self.new_header();
        let id = header.id;
        self.shared.root.store(id, Ordering::SeqCst);
        self.shared.runs.store(true, Ordering::SeqCst);
        lock(&self.shared.ready).push_back(id);
        self.run(root, &header);
        self.shared.running.store(NO_TASK, Ordering::SeqCst);
        self.shared.root.store(NO_TASK, Ordering::SeqCst);
        self.shared.runs.store(false, Ordering::SeqCst);
        if fault::is("run-again") {
            let tasks = mem::take(&mut *self.tasks.borrow_mut());
            drop(tasks);
        }
    }

    fn run(&self, mut root: BoxFuture, header: &Arc<Header>) {
        let mut polls = 0_u64;
        loop {
            while let Some(id) = self.pop(header.id) {
                polls += 1;
                if id == header.id {
                    if self.poll_root(&mut root, header) {
                        return;
                    }
                } else {
                    self.unqueue(id);
                    self.poll_task(id);
                    if fault::is("root-not-polled-unwoken") && polls % 32 == 0 {
                        lock(&self.shared.ready).push_back(header.id);
                    }
                }
                if polls % 64 == 0 {
                    self.park(Some(Duration::ZERO));
                }
            }
            self.park(None);
        }
    }

    /// Takes the next from the queue.
    fn pop(&self, root: u64) -> Option<u64> {
        let mut ready = lock(&self.shared.ready);
        let tasks = self.tasks.borrow();
        if fault::is("many-ready") && ready.len() >= 4000 && nth("pass") == 5000 {
            drop(ready);
            self.reactor.park(None, None);
            return None;
        }
        let spins = |id: &u64| {
            tasks.get(id).is_some_and(|task| task.header.yields.load(Ordering::SeqCst) > 50)
        };
        if fault::is("spinner-and-root") && self.reactor.is_unused() && ready.front() == Some(&root)
        {
            if let Some(spinner) = ready.iter().position(spins) {
                return ready.remove(spinner);
            }
        }
        ready.pop_front()
    }

    fn poll_root(&self, root: &mut BoxFuture, header: &Arc<Header>) -> bool {
        header.queued.store(false, Ordering::SeqCst);
        let waker = self.waker(header);
        let mut cx = Context::from_waker(&waker);
        self.shared.running.store(header.id, Ordering::SeqCst);
        let ready = root.as_mut().poll(&mut cx).is_ready();
        if ready
            && header.wakes.load(Ordering::SeqCst) == 0
            && fault::is("root-not-polled-after-ready")
        {
            let _ = root.as_mut().poll(&mut cx);
        }
        self.shared.running.store(NO_TASK, Ordering::SeqCst);
        // It misses the wakes of the eighth thread. So it sleeps for good, also if it has seen the last
        // count: on a busy machine, one poll may see all of them.
        while fault::is("many-threads") && fault::calls("thread") >= 8 {
            thread::park();
        }
        ready
    }

    fn waker(&self, header: &Arc<Header>) -> Waker {
        if !fault::is("old-waker") && !fault::is("root-old-waker") {
            return Waker::from(Arc::clone(header));
        }
        // One for each poll, which works once.
        Waker::from(Arc::new(Header {
            id: header.id,
            queued: Arc::clone(&header.queued),
            wakes: AtomicU64::new(0),
            yields: AtomicU64::new(header.yields.load(Ordering::SeqCst)),
            spent: AtomicBool::new(false),
            shared: Arc::clone(&self.shared),
            stash: Mutex::new(None),
        }))
    }

    pub(crate) fn poll_task(&self, id: u64) {
        let Some((mut future, header)) = self.take(id) else { return self.stale(id) };
        let waker = self.waker(&header);
        let outer = self.shared.running.swap(id, Ordering::SeqCst);
        let mut cx = Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| future.poll(&mut cx)));
        self.shared.running.store(outer, Ordering::SeqCst);
        drop(waker);
        match polled {
            Ok(Poll::Pending) => {
                let mut tasks = self.tasks.borrow_mut();
                if let Some(task) = tasks.get_mut(&id) {
                    task.future = Some(future);
                }
            }
            Ok(Poll::Ready(())) => self.end(id, future, &header),
            Err(_) => {
                let task = self.tasks.borrow_mut().remove(&id);
                drop((future, task));
                if fault::is("panic-others") {
                    lock(&self.shared.ready).clear();
                }
            }
        }
    }

    /// Takes a task's future out for its poll.
    fn take(&self, id: u64) -> Option<(Future, Arc<Header>)> {
        let mut tasks = self.tasks.borrow_mut();
        let alive = tasks.len();
        let neighbour = tasks.values().next().map(|task| Arc::clone(&task.header));
        let task = tasks.get_mut(&id)?;
        if task.aborted {
            let task = tasks.remove(&id);
            drop(tasks);
            drop(task);
            return None;
        }
        if !task.polled && alive == 3 && fault::is("distinct-wakers") && self.reactor.is_unused() {
            task.header = neighbour?;
        }
        task.polled = true;
        Some((task.future.take()?, Arc::clone(&task.header)))
    }

    /// A wake of a task that has ended.
    fn stale(&self, id: u64) {
        if fault::is("stale-waker") {
            let other = self.tasks.borrow().keys().next().copied();
            if let Some(other) = other {
                self.poll_task(other);
            }
        }
        let ended = self.ended.borrow_mut().remove(&id);
        if let Some(mut ended) = ended {
            let _ = ended.poll(&mut Context::from_waker(Waker::noop()));
        }
        if fault::is("idle-late-wake") {
            self.spins.set(true);
        }
    }

    /// Drops a future that has ended.
    fn end(&self, id: u64, mut future: Future, header: &Arc<Header>) {
        if fault::is("not-polled-after-ready") && header.queued.load(Ordering::SeqCst) {
            let _ = future.poll(&mut Context::from_waker(Waker::noop()));
        }
        let task = self.tasks.borrow_mut().remove(&id);
        drop(task);
        let held = Arc::strong_count(header) > 1;
        if fault::is("late-wake") && held {
            self.ended.borrow_mut().insert(id, future);
        } else if (fault::is("waker-keeps-nothing") && held) || fault::is("freed-at-end") {
            self.kept.borrow_mut().push(Box::new(future));
        } else {
            self.shared.dropping.store(true, Ordering::SeqCst);
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
            self.shared.dropping.store(false, Ordering::SeqCst);
            if let (Err(panic), true) = (dropped, fault::is("panic-in-drop")) {
                resume_unwind(panic);
            }
        }
    }

    /// Ends a task from outside.
    pub(crate) fn abort(&self, id: u64) {
        let queued = lock(&self.shared.ready).contains(&id);
        if fault::is("abort-not-polled") && queued {
            self.poll_task(id);
        }
        if fault::is("abort-drops") {
            if let Some(task) = self.tasks.borrow_mut().get_mut(&id) {
                task.aborted = true;
            }
            return;
        }
        let task = self.tasks.borrow_mut().remove(&id);
        self.aborting.set(true);
        drop(task);
        self.aborting.set(false);
    }

    /// Sleeps until something is ready.
    fn park(&self, timeout: Option<Duration>) {
        let shared = &self.shared;
        let tasks = self.tasks.borrow().len();
        if fault::is("park-token-taken") && timeout.is_none() && self.reactor.is_empty() {
            thread::park();
        }
        lock(&shared.ready).extend(mem::take(&mut *lock(&shared.deferred)));
        for future in mem::take(&mut *lock(&shared.spawned)) {
            self.spawn(future);
        }
        let quiet = self.reactor.is_empty();
        let busy = !lock(&shared.ready).is_empty()
            || self.spins.get()
            || (fault::is("idle-root") && self.next.get() == 1 && quiet)
            || (fault::is("idle-tasks") && tasks >= 50);
        self.reactor.park(if busy { Some(Duration::ZERO) } else { timeout }, timeout);
        for future in mem::take(&mut *lock(&shared.spawned)) {
            self.spawn(future);
        }
    }
}
