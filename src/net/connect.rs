//! Connections that are being made, and the race of several addresses for one.
//!
//! ```text
//!   Lookup ──▶ the next address: begin ──▶ made ──▶ the stream; the other attempts are closed
//!                 ▲      │
//!                 └──────┘ it has failed, or 250 ms have passed
//! ```

use std::{
    cell::Cell,
    fmt,
    io::{self, ErrorKind},
    net::SocketAddr,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
    vec,
};

use super::{addrs::Lookup, stream::ByteStream};
use crate::{
    async_io::Async,
    id::Direction,
    reactor::waiters::WaiterId,
    time::{Sleep, sleep},
};

/// The place of a call.
pub(super) type Caller = &'static Location<'static>;

/// A connection that is being made.
pub(super) struct Connecting<S> {
    /// `None` when it was made.
    io: Option<Async<S>>,
    /// The wait that it has begun. It needs no end: the socket goes with it.
    id: Cell<WaiterId>,
    /// The call that asked for it.
    location: Caller,
}

impl<S: ByteStream> Connecting<S> {
    pub(super) fn new(io: Async<S>, location: Caller) -> Connecting<S> {
        Connecting { io: Some(io), id: Cell::new(0), location }
    }
}

/// Says whether a connection that was begun is made, or has failed. A socket that is writable
/// need not be connected: it may have failed, or the event may be stale. So this asks for the socket's
/// error and for the peer's address.
fn connected(stream: &impl ByteStream) -> io::Result<()> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    stream.has_peer().map_err(|error| match error.kind() {
        ErrorKind::NotConnected => ErrorKind::WouldBlock.into(),
        _ => error,
    })
}

impl<S: ByteStream> Future for Connecting<S> {
    type Output = io::Result<Async<S>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let io = this.io.as_ref().unwrap_or_else(|| unreachable!("it is polled until it is ready"));
        let attempt = |io: &Async<S>| io.attempt(Direction::Write, connected);
        ready!(io.poll_future(Direction::Write, (&this.id, this.location), cx, attempt))?;
        Poll::Ready(Ok(this.io.take().unwrap_or_else(|| unreachable!("it was there"))))
    }
}

/// How long an attempt has before the next address is tried as well: RFC 8305's "Connection Attempt
/// Delay".
const PATIENCE: Duration = Duration::from_millis(250);

/// Begins to connect.
type Begin<S> = fn(SocketAddr, Caller) -> io::Result<Connecting<S>>;

/// Attempts to connect to several addresses, until one is made.
pub(super) struct Race<S> {
    begin: Begin<S>,
    /// The call that asked for the connection.
    location: Caller,
    /// `None` once the addresses are known.
    lookup: Option<Lookup>,
    /// The addresses that were not tried yet.
    rest: vec::IntoIter<SocketAddr>,
    /// The attempts that have not failed.
    attempts: Vec<Connecting<S>>,
    /// Until the next address is tried, though the last one may still answer.
    patience: Option<Sleep>,
    /// An attempt has failed, and the next address was not tried since: it need not wait.
    hurries: bool,
    /// The error of the last attempt that has failed.
    error: Option<io::Error>,
}

impl<S: ByteStream> Race<S> {
    #[track_caller]
    pub(super) fn new(lookup: Lookup, begin: Begin<S>) -> Race<S> {
        Race {
            begin,
            location: Location::caller(),
            lookup: Some(lookup),
            rest: Vec::new().into_iter(),
            attempts: Vec::new(),
            patience: None,
            hurries: false,
            error: None,
        }
    }

    /// Polls the attempts. Ready with the first that is made.
    #[track_caller]
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Poll<Async<S>> {
        let mut index = 0;
        while let Some(attempt) = self.attempts.get_mut(index) {
            match Pin::new(attempt).poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(Ok(io)) => return Poll::Ready(io),
                Poll::Ready(Err(error)) => {
                    drop(self.attempts.remove(index));
                    self.fail(error);
                }
            }
        }
        Poll::Pending
    }

    fn fail(&mut self, error: io::Error) {
        self.error = Some(error);
        self.hurries = true;
    }

    /// Ready if the next address is to be tried, or if there is nothing to wait for.
    #[track_caller]
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.attempts.is_empty() {
            return Poll::Ready(());
        }
        if self.rest.len() == 0 {
            return Poll::Pending;
        }
        if !self.hurries {
            let patience = self.patience.get_or_insert_with(|| sleep(PATIENCE));
            patience.location = self.location;
            ready!(Pin::new(patience).poll(cx));
        }
        (self.patience, self.hurries) = (None, false);
        Poll::Ready(())
    }
}

impl<S: ByteStream> Future for Race<S> {
    type Output = io::Result<Async<S>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(lookup) = &mut this.lookup {
            this.rest = ready!(lookup.poll(cx))?;
            this.lookup = None;
        }
        loop {
            if let Poll::Ready(io) = this.poll_attempts(cx) {
                return Poll::Ready(Ok(io));
            }
            ready!(this.poll_patience(cx));
            let Some(addr) = this.rest.next() else {
                let none = || io::Error::new(ErrorKind::InvalidInput, "no address to connect to");
                return Poll::Ready(Err(this.error.take().unwrap_or_else(none)));
            };
            match (this.begin)(addr, this.location) {
                Ok(attempt) => this.attempts.push(attempt),
                Err(error) => this.fail(error),
            }
        }
    }
}

impl<S> fmt::Debug for Race<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").field("attempts", &self.attempts.len()).finish_non_exhaustive()
    }
}
