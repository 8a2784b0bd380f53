//! Connecting to one of several addresses.
//!
//! ```text
//!   Lookup ──▶ the next address: begin ──▶ made ──▶ the stream; the other attempts are closed
//!                 ▲      │
//!                 └──────┘ it has failed, or 250 ms have passed
//! ```

use std::{
    fmt,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
    vec,
};

use super::{
    addrs::Lookup,
    stream::{ByteStream, Connecting},
};
use crate::{
    async_io::Async,
    time::{Sleep, sleep},
};

/// So long an attempt has, before the next address is tried beside it: RFC 8305's "Connection Attempt
/// Delay".
const PATIENCE: Duration = Duration::from_millis(250);

/// Begins to connect.
type Begin<S> = fn(SocketAddr) -> io::Result<Connecting<S>>;

/// Attempts to connect to several addresses, until one is made.
pub(super) struct Race<S> {
    begin: Begin<S>,
    /// `None` once the addresses are known.
    lookup: Option<Lookup>,
    /// The addresses that were not tried yet.
    rest: vec::IntoIter<SocketAddr>,
    /// The attempts that have not failed.
    attempts: Vec<Connecting<S>>,
    /// Until the next address is tried, though the last one may still answer.
    patience: Option<Sleep>,
    /// The error of the last attempt that has failed.
    error: Option<io::Error>,
}

impl<S: ByteStream> Race<S> {
    pub(super) fn new(lookup: Lookup, begin: Begin<S>) -> Race<S> {
        Race {
            begin,
            lookup: Some(lookup),
            rest: Vec::new().into_iter(),
            attempts: Vec::new(),
            patience: None,
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
                    self.error = Some(error);
                    // The next one need not wait.
                    self.patience = None;
                }
            }
        }
        Poll::Pending
    }

    /// Ready if the next address is to be tried.
    #[track_caller]
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.attempts.is_empty() {
            return Poll::Ready(());
        }
        if self.rest.len() == 0 {
            return Poll::Pending;
        }
        let patience = self.patience.get_or_insert_with(|| sleep(PATIENCE));
        ready!(Pin::new(patience).poll(cx));
        self.patience = None;
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
            match (this.begin)(addr) {
                Ok(attempt) => this.attempts.push(attempt),
                Err(error) => this.error = Some(error),
            }
        }
    }
}

impl<S> fmt::Debug for Race<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").field("attempts", &self.attempts.len()).finish_non_exhaustive()
    }
}
