//! Sockets and timers of the executor, on mio.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    future::poll_fn,
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    rc::Rc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use conformance::{Listener, LocalFuture, Socket};
use mio::{Events, Interest, Token, net::TcpListener, net::TcpStream};

use crate::{executor::current, fault};

const WAKER: Token = Token(usize::MAX);

/// The tasks that wait for a socket.
#[derive(Default)]
pub(crate) struct Source {
    reader: RefCell<Option<Waker>>,
    writer: RefCell<Option<Waker>>,
    reads: Cell<u32>,
    at_end: Cell<bool>,
    /// For faults: the next read, or accept, waits before it tries; or loses a byte.
    waits_first: Cell<bool>,
    steals: Cell<bool>,
    swallows: Cell<bool>,
}

pub(crate) struct Reactor {
    poll: RefCell<mio::Poll>,
    sources: RefCell<HashMap<Token, Rc<Source>>>,
    pub(crate) timers: RefCell<BTreeMap<(Instant, u64), Waker>>,
    next: Cell<u64>,
}

impl Reactor {
    pub(crate) fn new() -> (Reactor, mio::Waker) {
        let poll = mio::Poll::new().expect("the OS has a descriptor");
        let waker = mio::Waker::new(poll.registry(), WAKER).expect("the OS has a descriptor");
        let reactor = Reactor {
            poll: RefCell::new(poll),
            sources: RefCell::default(),
            timers: RefCell::default(),
            next: Cell::new(0),
        };
        (reactor, waker)
    }

    /// Whether no task waits for a socket or a timer.
    pub(crate) fn is_empty(&self) -> bool {
        self.sources.borrow().is_empty() && self.timers.borrow().is_empty()
    }

    /// Whether no task ever waited for a socket or a timer.
    pub(crate) fn is_unused(&self) -> bool {
        self.next.get() == 0
    }

    /// A number that was not used before.
    pub(crate) fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    /// Sleeps, for `limit` at most, and wakes the tasks whose events have come. `asked` is zero if this
    /// only polls for events, while tasks are ready.
    pub(crate) fn park(&self, limit: Option<Duration>, asked: Option<Duration>) {
        let glance = asked == Some(Duration::ZERO);
        let timeout = if self.spins() { Some(Duration::ZERO) } else { limit.or(self.next_timer()) };
        let mut events = Events::with_capacity(256);
        if let Err(error) = self.poll.borrow_mut().poll(&mut events, timeout) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "mio cannot sleep: {error}");
        }
        if !(glance && fault::is("sleep-spinner")) {
            self.fire();
        }
        if glance && fault::is("tcp-spinner") {
            return;
        }
        for event in &events {
            self.event(event.token(), event.is_readable(), event.is_writable());
        }
    }

    /// Whether a fault keeps it from sleeping.
    fn spins(&self) -> bool {
        let far = Instant::now() + Duration::from_secs(60);
        let sources = self.sources.borrow();
        (fault::is("idle-sleep") && self.timers.borrow().keys().any(|(at, _)| *at > far))
            || (fault::is("idle-tcp")
                && sources.values().any(|source| source.reader.borrow().is_some()))
            || (fault::is("idle-half-closed")
                && sources
                    .values()
                    .any(|source| source.at_end.get() && source.writer.borrow().is_some()))
    }

    fn next_timer(&self) -> Option<Duration> {
        let timers = self.timers.borrow();
        let now = Instant::now();
        let first = timers.keys().next()?.0;
        let hour = |at: &Instant| {
            *at > now + Duration::from_secs(60) && *at < now + Duration::from_secs(7200)
        };
        let long = timers.keys().map(|key| key.0).find(hour);
        let until = if fault::is("sleep-shorter-later") { long.unwrap_or(first) } else { first };
        // Never early: the kernel may count in milliseconds.
        Some(until.saturating_duration_since(now) + Duration::from_micros(50))
    }

    fn fire(&self) {
        let now = Instant::now();
        loop {
            let mut timers = self.timers.borrow_mut();
            let due = timers.first_key_value().is_some_and(|((at, _), _)| *at <= now);
            let Some((_, waker)) = due.then(|| timers.pop_first()).flatten() else { return };
            drop(timers);
            waker.wake_by_ref();
        }
    }

    fn event(&self, token: Token, readable: bool, writable: bool) {
        if fault::is("tcp-one-woken") && readable && token != WAKER {
            let all: Vec<_> = self.sources.borrow().values().cloned().collect();
            for source in &all {
                wake(&source.reader);
            }
        }
        let source = self.sources.borrow().get(&token).cloned();
        let Some(source) = source else { return };
        if readable {
            source.reads.set(source.reads.get() + 1);
            let lost = fault::is("tcp-read-wakes") && source.reads.get() == 4;
            if !lost && !source.swallows.take() {
                wake(&source.reader);
            }
        }
        if writable {
            wake(&source.writer);
        }
    }
}

fn wake(slot: &RefCell<Option<Waker>>) {
    let waker = slot.borrow_mut().take();
    if let Some(waker) = waker {
        waker.wake_by_ref();
    }
}

/// A socket that is registered.
struct Registered<S: mio::event::Source> {
    io: RefCell<Option<S>>,
    token: Token,
    source: Rc<Source>,
}

impl<S: mio::event::Source> Registered<S> {
    fn new(mut io: S) -> Registered<S> {
        let executor = current();
        let reactor = &executor.reactor;
        let token = Token(usize::try_from(reactor.number()).expect("few sockets"));
        let both = Interest::READABLE | Interest::WRITABLE;
        reactor.poll.borrow().registry().register(&mut io, token, both).expect("it is registered");
        let source = Rc::new(Source::default());
        reactor.sources.borrow_mut().insert(token, Rc::clone(&source));
        Registered { io: RefCell::new(Some(io)), token, source }
    }

    /// Tries until it need not wait. The same wait serves reading and writing.
    async fn ready<T>(
        &self,
        slots: fn(&Source) -> Slots<'_>,
        mut attempt: impl FnMut(&mut S) -> io::Result<T>,
    ) -> io::Result<T> {
        let [slot, other] = slots(&self.source);
        poll_fn(|cx| {
            if self.source.waits_first.take() {
                slot.replace(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            let mut io = self.io.borrow_mut();
            let io = io.as_mut().expect("it is open");
            match attempt(io) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    slot.replace(Some(cx.waker().clone()));
                    if fault::is("tcp-both-ways") {
                        other.take();
                    }
                    Poll::Pending
                }
                result => Poll::Ready(result),
            }
        })
        .await
    }
}

/// For a fault: a read that is given up takes a byte with it.
struct GivenUp<'a> {
    source: &'a Source,
    waits: bool,
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if self.waits && fault::is("tcp-dropped-read") {
            self.source.steals.set(true);
        }
    }
}

impl<S: mio::event::Source> Drop for Registered<S> {
    fn drop(&mut self) {
        let Some(mut io) = self.io.take() else { return };
        let executor = current();
        let reactor = &executor.reactor;
        reactor.sources.borrow_mut().remove(&self.token);
        let _ = reactor.poll.borrow().registry().deregister(&mut io);
        if fault::is("tcp-closed") {
            std::mem::forget(io);
        }
    }
}

struct Stream(Registered<TcpStream>);

pub(crate) fn stream(stream: std::net::TcpStream) -> Rc<dyn Socket> {
    stream.set_nonblocking(true).expect("a socket can be made non-blocking");
    Rc::new(Stream(Registered::new(TcpStream::from_std(stream))))
}

/// The slots: that of the task that waits, and the other one, which a fault empties.
type Slots<'a> = [&'a RefCell<Option<Waker>>; 2];

fn reader(source: &Source) -> Slots<'_> {
    [&source.reader, &source.writer]
}

fn writer(source: &Source) -> Slots<'_> {
    [&source.writer, &source.reader]
}

impl Socket for Stream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        let source = &self.0.source;
        Box::pin(async move {
            let len = buf.len();
            let mut given_up = GivenUp { source, waits: true };
            let read = self.0.ready(reader, |io| {
                if fault::is("tcp-dropped-read") && source.steals.get() && io.peek(&mut [0])? > 0 {
                    source.steals.set(false);
                    let _ = io.read(&mut [0])?;
                }
                io.read(buf)
            });
            let read = read.await;
            given_up.waits = false;
            assert!(
                !(fault::is("tcp-reset") && read.as_ref().is_err()),
                "a socket failed: {read:?}"
            );
            if let Ok(n) = read {
                source.at_end.set(n == 0);
                let short = fault::is("tcp-end-seen") && n == 3 && n < len;
                source.waits_first.set(short);
                source.swallows.set(short);
            }
            read
        })
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            if fault::is("tcp-half-closed") && self.0.source.at_end.get() {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let written = self.0.ready(writer, |io| io.write(buf)).await;
            if fault::is("tcp-all-arrive") { written.map(|_| buf.len()) } else { written }
        })
    }
}

struct Server(Registered<TcpListener>);

pub(crate) fn listener(listener: std::net::TcpListener) -> Rc<dyn Listener> {
    listener.set_nonblocking(true).expect("a socket can be made non-blocking");
    Rc::new(Server(Registered::new(TcpListener::from_std(listener))))
}

impl Listener for Server {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async {
            let (io, _) = self.0.ready(reader, |io| io.accept()).await?;
            self.0.source.waits_first.set(fault::is("tcp-accepts-all"));
            let socket: Rc<dyn Socket> = Rc::new(Stream(Registered::new(io)));
            Ok(socket)
        })
    }
}

pub(crate) async fn connect(addr: SocketAddr) -> io::Result<Rc<dyn Socket>> {
    let registered = Registered::new(TcpStream::connect(addr)?);
    let mut waited = false;
    let connected = registered.ready(writer, |io| {
        if !std::mem::replace(&mut waited, true) {
            return Err(ErrorKind::WouldBlock.into());
        }
        if fault::is("tcp-refused") {
            return Ok(());
        }
        io.take_error()?.map_or(Ok(()), Err)?;
        io.peer_addr().map(drop)
    });
    connected.await?;
    Ok(Rc::new(Stream(registered)))
}
