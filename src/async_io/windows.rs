//! A second handle of a socket, for mio.
//!
//! On Windows mio registers a socket object of its own kind, through a mutable reference. This crate has
//! only a shared one when a socket first has to wait. So it duplicates the socket's handle, as std's
//! `try_clone` does, and registers the duplicate. Both are the same socket to the OS.
//!
//! mio's events are edge-triggered: what was reported is reported again only after an operation has
//! returned "would block". mio sees the operations on its own socket only, so each "would block" is
//! passed on to it.

use std::{
    cell::RefCell,
    io,
    os::windows::io::{AsSocket, BorrowedSocket},
};

use mio::{Interest, Registry, Token, event::Source, net::TcpStream};

/// The handle that mio knows: none until the socket is registered.
pub(super) struct Twin<S> {
    /// mio's type for it is that of a TCP stream, whatever it is: nothing is read or written here.
    registered: RefCell<Option<TcpStream>>,
    borrow: for<'a> fn(&'a S) -> BorrowedSocket<'a>,
}

impl<S: AsSocket> Twin<S> {
    pub(super) fn new() -> Twin<S> {
        Twin { registered: RefCell::new(None), borrow: S::as_socket }
    }
}

impl<S> Twin<S> {
    pub(super) fn register(
        &self,
        io: &S,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let mut twin = TcpStream::from((self.borrow)(io).try_clone_to_owned()?);
        twin.register(registry, token, interest)?;
        *self.registered.borrow_mut() = Some(twin);
        Ok(())
    }

    pub(super) fn deregister(&self, registry: &Registry) -> io::Result<()> {
        let twin = self.registered.borrow_mut().take();
        twin.map_or(Ok(()), |mut twin| twin.deregister(registry))
    }

    /// Lets mio report again what has become ready, if the result is "would block".
    pub(super) fn pass<R>(&self, result: io::Result<R>) -> io::Result<R> {
        match (&result, &*self.registered.borrow()) {
            (Err(error), Some(twin)) if error.kind() == io::ErrorKind::WouldBlock => {
                // It returns what it was given, or why the socket cannot be waited for any more.
                twin.try_io(|| result)
            }
            _ => result,
        }
    }
}
