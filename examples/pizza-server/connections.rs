//! The connections of one executor: how many there may be, how long one may idle, and the word to
//! all of them that the server closes.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::poll_fn,
    io, mem,
    net::Shutdown,
    pin::{Pin, pin},
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

use log::warn;
use pizzaiolo::{
    net::TcpStream,
    time::{sleep, timeout},
    yield_now,
};

use crate::conversation::Line;

/// How long to wait at most when a connection cannot be accepted. Mostly that is for want of
/// descriptors, and then the end of a connection ends the wait; but others can free one too.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How long a client that is seen off may take to hang up in its turn.
const LINGER: Duration = Duration::from_secs(1);

/// How often a client may be listened to before the others have their turn.
const WORDS_A_TURN: u32 = 4;

/// How often a client is listened to that goes on talking when the server closes.
const LAST_WORDS: u32 = 64;

#[derive(Default)]
pub(crate) struct Connections {
    /// Whom to wake when the server closes: every connection, under its number.
    open: RefCell<HashMap<u64, Rc<Sleeper>>>,
    /// The number of the next connection.
    next: Cell<u64>,
    /// How many there may be at once.
    limit: usize,
    /// How long a client may neither speak nor listen; `None`: for ever.
    idle_timeout: Option<Duration>,
    /// The server closes.
    closing: Cell<bool>,
    /// Whoever waits for a connection to end: the accept loop, or the server that closes.
    ended: Sleeper,
    /// Tells the threads that a descriptor is free.
    freed: Freed,
}

impl Connections {
    /// Creates those of one thread. What is given as `freed` is the same for all threads.
    pub(crate) fn new(limit: usize, idle_timeout: Option<Duration>, freed: Freed) -> Connections {
        Connections { limit, idle_timeout, freed, ..Connections::default() }
    }

    /// Waits until one more connection may be opened, and takes its place.
    pub(crate) async fn place(self: &Rc<Self>) -> Place {
        if self.count() >= self.limit {
            warn!("All {} places are taken: who comes now has to wait", self.limit);
            self.until(|| self.count() < self.limit).await;
        }
        let (number, sleeper) = (self.next.get(), Rc::new(Sleeper::default()));
        self.next.set(number + 1);
        self.open.borrow_mut().insert(number, Rc::clone(&sleeper));
        let freed_before = Cell::new(self.freed.count());
        let connections = Rc::clone(self);
        Place { number, in_a_row: Cell::new(0), sleeper, freed_before, connections }
    }

    /// Sees all clients off: each at once that has no order in progress, and the others as soon as
    /// they have their replies. Returns when all are gone, or after `grace`.
    pub(crate) async fn close(&self, grace: Duration) {
        self.closing.set(true);
        let sleepers: Vec<_> = self.open.borrow().values().cloned().collect();
        for sleeper in sleepers {
            sleeper.wake();
        }
        if timeout(grace, self.until(|| self.count() == 0)).await.is_err() {
            warn!("{} connections are cut off: the grace time is over", self.count());
        }
    }

    fn count(&self) -> usize {
        self.open.borrow().len()
    }

    /// Waits until `done`, which is asked again when a connection has ended.
    async fn until(&self, done: impl Fn() -> bool) {
        poll_fn(|cx| {
            if done() {
                return Poll::Ready(());
            }
            self.ended.sleep(cx);
            Poll::Pending
        })
        .await;
    }
}

/// One connection's place. It is free again when this is dropped, so let the socket be closed
/// before.
pub(crate) struct Place {
    number: u64,
    /// How often it has listened without having to wait.
    in_a_row: Cell<u32>,
    sleeper: Rc<Sleeper>,
    /// How many descriptors had been freed when one for this place was last waited for.
    freed_before: Cell<u64>,
    connections: Rc<Connections>,
}

impl Place {
    /// Nobody could be accepted for this place: waits until a connection has ended, one of
    /// whatever thread, or for a moment if none does. One that has ended since the last time
    /// counts too, so none is missed.
    pub(crate) async fn back_off(&self) {
        let freed = &self.connections.freed;
        let one_is = poll_fn(|cx| freed.poll_more_than(self.freed_before.get(), cx));
        let _ = timeout(BACK_OFF, one_is).await;
        self.freed_before.set(freed.count());
    }

    /// Waits for what the client says next. `None` if it idles too long, or if the server closes
    /// and there is nothing to read now, or no end of it.
    ///
    /// The executor would let a client that floods the server say a lot before the others have
    /// their turn; here it is a little.
    pub(crate) async fn listen<F: Future>(&self, words: F) -> Option<F::Output> {
        let in_a_row = self.in_a_row.get();
        if in_a_row % WORDS_A_TURN == WORDS_A_TURN - 1 {
            if self.connections.closing.get() && in_a_row >= LAST_WORDS {
                return None;
            }
            yield_now().await;
        }
        self.in_a_row.set(in_a_row.wrapping_add(1));
        let mut words = pin!(words);
        let mut patience = self.connections.idle_timeout.map(sleep);
        poll_fn(|cx| {
            // First of all: what has come already is served, also when the server closes.
            if let Poll::Ready(words) = words.as_mut().poll(cx) {
                return Poll::Ready(Some(words));
            }
            self.in_a_row.set(0);
            if self.connections.closing.get() {
                return Poll::Ready(None);
            }
            self.sleeper.sleep(cx);
            match &mut patience {
                Some(patience) => Pin::new(patience).poll(cx).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Waits for what is said to the client. To idle is also not to listen.
    ///
    /// # Errors
    ///
    /// `TimedOut`, if the client idles too long.
    pub(crate) async fn speak(
        &self,
        words: impl Future<Output = io::Result<()>>,
    ) -> io::Result<()> {
        match self.connections.idle_timeout {
            Some(patience) => timeout(patience, words).await?,
            None => words.await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.borrow_mut().remove(&self.number);
        self.connections.ended.wake();
        self.connections.freed.add();
    }
}

/// How many connections have ended in all threads, and which accept loops wait for that: the
/// process has so many descriptors and no more, whichever thread they are used by.
#[derive(Clone, Default)]
pub(crate) struct Freed(Arc<Mutex<(u64, HashMap<ThreadId, Waker>)>>);

impl Freed {
    fn lock(&self) -> MutexGuard<'_, (u64, HashMap<ThreadId, Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> u64 {
        self.lock().0
    }

    fn add(&self) {
        let mut freed = self.lock();
        freed.0 += 1;
        let waiting = mem::take(&mut freed.1);
        drop(freed);
        for waker in waiting.into_values() {
            waker.wake();
        }
    }

    /// Ready when more than `before` have ended.
    fn poll_more_than(&self, before: u64, cx: &Context<'_>) -> Poll<()> {
        let mut freed = self.lock();
        if freed.0 > before {
            return Poll::Ready(());
        }
        freed.1.insert(thread::current().id(), cx.waker().clone());
        Poll::Pending
    }
}

impl Line for TcpStream {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        TcpStream::read(self, buf).await
    }

    async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        TcpStream::write_all(self, buf).await
    }

    /// To close a socket in which something waits to be read, or into which something comes
    /// later, resets the connection, and a reply that is still under way is lost. So the end is
    /// announced, and what comes until the client has hung up too is thrown away.
    async fn hang_up(&self, scrap: &mut [u8]) -> io::Result<()> {
        self.shutdown(Shutdown::Write)?;
        let _ =
            timeout(LINGER, async { while let Ok(1..) = TcpStream::read(self, scrap).await {} })
                .await;
        Ok(())
    }
}

/// The waker of one task that sleeps, if it does.
#[derive(Default)]
struct Sleeper(RefCell<Option<Waker>>);

impl Sleeper {
    fn sleep(&self, cx: &Context<'_>) {
        let mut waker = self.0.borrow_mut();
        match &mut *waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
    }

    fn wake(&self) {
        let waker = self.0.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
