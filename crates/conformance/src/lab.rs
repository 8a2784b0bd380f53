//! What the probes are made of: the runtime under test, and futures that count.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    net::{Ipv4Addr, TcpListener, TcpStream},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use crate::{
    BoxFuture, Capability, Ended, Handle, Listener, LocalFuture, Output, Runtime, Socket,
    bound::Bound,
    child,
    measure::{self, Seen},
};

thread_local! {
    /// What waits until the process ends.
    static KEPT: RefCell<Vec<LocalFuture<'static>>> = const { RefCell::new(Vec::new()) };
}

/// The runtime under test.
#[derive(Clone, Copy)]
pub(crate) struct Lab(&'static dyn Runtime);

impl Lab {
    pub(crate) fn new(runtime: &'static dyn Runtime) -> Lab {
        Lab(runtime)
    }

    pub(crate) fn can(self, capability: Capability) -> bool {
        self.0.capabilities().contains(&capability)
    }

    /// Runs a probe as the future of `block_on`.
    pub(crate) fn run_inside(self, probe: fn(Lab) -> LocalFuture<'static>) {
        self.block_on(async move {
            probe(self).await;
            if !self.can(Capability::Returns) {
                child::pass();
            }
        });
    }

    pub(crate) fn block_on(self, future: impl Future<Output = ()> + 'static) {
        self.0.block_on(Box::pin(Bound::new(future)));
    }

    /// Makes one executor, whose `block_on` the body may call several times.
    pub(crate) fn with_executor(self, mut body: impl FnMut(&mut dyn FnMut(LocalFuture<'static>))) {
        self.0.with_executor(&mut |block_on| {
            body(&mut |future| block_on(Box::pin(Bound::new(future))));
        });
    }

    pub(crate) fn spawn(self, future: impl Future<Output = ()> + 'static) {
        self.0.spawn(Box::pin(Bound::new(future)));
    }

    pub(crate) fn spawn_local(self, future: impl Future<Output = ()> + 'static) {
        self.0.spawn_local(Box::pin(future));
    }

    /// Spawns a future that is bound to no thread.
    pub(crate) fn spawner(self) -> Box<dyn Fn(BoxFuture) + Send> {
        self.0.spawner()
    }

    pub(crate) fn joinable<T: Send + 'static>(
        self,
        future: impl Future<Output = T> + 'static,
    ) -> Box<dyn Handle> {
        self.0.spawn_joinable(Box::pin(Bound::new(Boxed(Box::pin(future)))))
    }

    pub(crate) fn sleep(self, duration: Duration) -> LocalFuture<'static> {
        self.0.sleep(duration)
    }

    /// Makes a pair of connected sockets: the runtime's, and one of std's that blocks.
    pub(crate) fn tcp_pair(self) -> (Rc<dyn Socket>, TcpStream) {
        let (ours, theirs) = std_pair();
        (self.0.tcp_stream(ours), theirs)
    }

    pub(crate) fn tcp_stream(self, stream: TcpStream) -> Rc<dyn Socket> {
        self.0.tcp_stream(stream)
    }

    pub(crate) fn tcp_listener(self, listener: TcpListener) -> Rc<dyn Listener> {
        self.0.tcp_listener(listener)
    }

    pub(crate) fn tcp_connect(
        self,
        addr: std::net::SocketAddr,
    ) -> LocalFuture<'static, std::io::Result<Rc<dyn Socket>>> {
        self.0.tcp_connect(addr)
    }

    /// Spawns tasks that stay pending, and lets each be polled.
    pub(crate) async fn waiting<const N: usize>(self) -> [Watched; N] {
        let tasks = [(); N].map(|()| Watched::new());
        for task in &tasks {
            self.spawn(task.clone());
        }
        self.settle().await;
        tasks
    }

    /// Returns the waker of a task that has ended.
    pub(crate) async fn late_waker(self) -> Waker {
        let [task] = self.waiting::<1>().await;
        let waker = task.waker();
        task.finish();
        self.settle().await;
        waker
    }

    /// Returns when all that is ready now has been polled, several times if it wakes itself.
    pub(crate) async fn settle(self) {
        let settled = Watched::new();
        let end = settled.clone();
        self.spawn(async move {
            for _ in 0..8 {
                yield_now().await;
            }
            end.finish();
        });
        settled.await;
    }
}

/// Polls once, with a waker that does nothing: the wait begins, and no task is woken by it. Returns
/// whether the future is ready.
pub(crate) fn poll_now<T>(future: &mut LocalFuture<'_, T>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Polls a future once, and keeps it for the rest of the process, as something that waits.
pub(crate) fn keep_waiting(mut future: LocalFuture<'static>) {
    let _ = poll_now(&mut future);
    KEPT.with_borrow_mut(|kept| kept.push(future));
}

/// Boxes a future's output, and keeps the future until it is dropped itself, as `async` would not.
struct Boxed<F>(Pin<Box<F>>);

impl<T: Send + 'static, F: Future<Output = T>> Future for Boxed<F> {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        self.0.as_mut().poll(cx).map(|output| Box::new(output) as Output)
    }
}

/// Makes a pair of connected sockets of std's.
pub(crate) fn std_pair() -> (TcpStream, TcpStream) {
    let listener = local_listener();
    let addr = listener.local_addr().expect("a bound socket has an address");
    let ours = TcpStream::connect(addr).expect("a listener on this machine can be reached");
    let (theirs, _) = listener.accept().expect("a connection waits");
    (ours, theirs)
}

/// Makes a listener on a free port of this machine.
pub(crate) fn local_listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("this machine has a free port")
}

/// Is pending once, and calls `in_poll` with its waker in that poll.
pub(crate) fn pending_once(in_poll: impl FnOnce(&Waker)) -> impl Future<Output = ()> {
    let mut in_poll = Some(in_poll);
    poll_fn(move |cx| {
        let Some(in_poll) = in_poll.take() else { return Poll::Ready(()) };
        in_poll(cx.waker());
        Poll::Pending
    })
}

/// Is pending once, and wakes its own waker in that poll.
pub(crate) fn yield_now() -> impl Future<Output = ()> {
    pending_once(Waker::wake_by_ref)
}

/// A future that stays pending until it is finished. It counts its polls, and keeps its waker. A
/// clone is another handle of the same.
#[derive(Clone, Default)]
pub(crate) struct Watched(Rc<State>);

#[derive(Default)]
struct State {
    polls: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    finished: Cell<bool>,
}

impl Watched {
    pub(crate) fn new() -> Watched {
        Watched::default()
    }

    /// How often it was polled.
    pub(crate) fn polls(&self) -> u64 {
        self.0.polls.get()
    }

    /// The waker of the last poll.
    pub(crate) fn waker(&self) -> Waker {
        match &*self.0.waker.borrow() {
            Some(waker) => waker.clone(),
            None => child::fail("a spawned task is polled", "it was not"),
        }
    }

    /// Takes the waker of the last poll.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        self.0.waker.borrow_mut().take()
    }

    /// Lets the next poll be ready, without a wake.
    pub(crate) fn finish_quietly(&self) {
        self.0.finished.set(true);
    }

    /// Lets the next poll be ready, and wakes.
    pub(crate) fn finish(&self) {
        self.finish_quietly();
        let waker = self.take_waker();
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }
}

impl Future for Watched {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.polls.set(self.polls() + 1);
        if self.0.finished.get() {
            return Poll::Ready(());
        }
        let old = self.0.waker.replace(Some(cx.waker().clone()));
        drop(old);
        Poll::Pending
    }
}

/// An event that another thread may announce. A clone is another handle of the same.
#[derive(Clone, Default)]
pub(crate) struct Signal(Arc<SignalState>);

#[derive(Default)]
struct SignalState {
    set: AtomicBool,
    polls: AtomicU64,
    waker: Mutex<Option<Waker>>,
}

impl Signal {
    pub(crate) fn new() -> Signal {
        Signal::default()
    }

    /// Announces the event, and wakes.
    pub(crate) fn set(&self) {
        self.0.set.store(true, Ordering::SeqCst);
        let waker = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.set.load(Ordering::SeqCst)
    }

    /// How often it was polled.
    pub(crate) fn polls(&self) -> u64 {
        self.0.polls.load(Ordering::SeqCst)
    }
}

impl Future for Signal {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.polls.fetch_add(1, Ordering::SeqCst);
        let old =
            self.0.waker.lock().unwrap_or_else(PoisonError::into_inner).replace(cx.waker().clone());
        drop(old);
        if self.is_set() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Calls `then` on another thread, once all others sleep, or are seen not to.
pub(crate) fn when_asleep(then: impl FnOnce(Seen) + Send + 'static) {
    thread::spawn(move || then(measure::watch_others()));
}

/// Calls a function when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Counts how many of its [tokens](Drops::token) were dropped.
#[derive(Clone, Default)]
pub(crate) struct Drops(Rc<Cell<u64>>);

impl Drops {
    pub(crate) fn token(&self) -> OnDrop<impl FnMut() + use<>> {
        let Drops(count) = self.clone();
        OnDrop(move || count.set(count.get() + 1))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.get()
    }
}

/// Calls `f` on a thread of its own and waits for it, so that nothing else happens on this one.
pub(crate) fn on_thread<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    match thread::spawn(f).join() {
        Ok(output) => output,
        Err(_) => child::fail("no panic on another thread", child::last_panic()),
    }
}

/// The number that a joined task has returned.
pub(crate) fn number(outcome: Result<Output, Ended>) -> u32 {
    match outcome.map(Output::downcast::<u32>) {
        Ok(Ok(number)) => *number,
        Ok(Err(_)) => child::fail("the output of the task", "another value"),
        Err(ended) => child::fail("the output of the task", format!("{ended:?}")),
    }
}
