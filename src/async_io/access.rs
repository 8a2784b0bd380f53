//! How mio gets at a source that is registered while it is shared.
//!
//! mio registers a source through a mutable reference. A task that has to wait has a shared one. So a
//! socket is registered by what the OS knows it by: its descriptor on Unix, a second handle on Windows
//! (see `windows.rs`). Anything else was registered at the start, when the mutable reference was there.

use std::io;

#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, RawFd};

use mio::{Interest, Registry, Token};
#[cfg(unix)]
use mio::{event::Source, unix::SourceFd};

#[cfg(windows)]
use super::windows::Twin;

/// What the OS knows a socket by.
#[cfg(unix)]
pub(crate) use std::os::fd::AsFd as AsHandle;
#[cfg(windows)]
pub(crate) use std::os::windows::io::AsSocket as AsHandle;

/// How a source is registered and deregistered.
pub(super) enum Access<S> {
    /// By its descriptor, when it first has to wait.
    #[cfg(unix)]
    Descriptor(RawFd),
    /// By a second handle, when it first has to wait.
    #[cfg(windows)]
    Handle(Twin<S>),
    /// By itself, at the start.
    Source(fn(&mut S, &Registry) -> io::Result<()>),
}

impl<S> Access<S> {
    #[cfg(unix)]
    pub(super) fn of(io: &S) -> Access<S>
    where
        S: AsFd,
    {
        Access::Descriptor(io.as_fd().as_raw_fd())
    }

    #[cfg(windows)]
    pub(super) fn of(_: &S) -> Access<S>
    where
        S: AsHandle,
    {
        Access::Handle(Twin::new())
    }

    #[cfg_attr(unix, expect(unused_variables, reason = "the descriptor is known"))]
    pub(super) fn register(
        &self,
        io: &S,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Access::Descriptor(fd) => SourceFd(fd).register(registry, token, interest),
            #[cfg(windows)]
            Access::Handle(twin) => twin.register(io, registry, token, interest),
            Access::Source(_) => unreachable!("it was registered at the start"),
        }
    }

    pub(super) fn deregister(&self, io: &mut S, registry: &Registry) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Access::Descriptor(fd) => SourceFd(fd).deregister(registry),
            #[cfg(windows)]
            Access::Handle(twin) => twin.deregister(registry),
            Access::Source(deregister) => deregister(io, registry),
        }
    }

    /// Passes on what an operation on the source has returned. Before an event after "would block", mio
    /// wants to see that on Windows. On Unix it is no code at all.
    #[inline]
    pub(super) fn pass<R>(&self, result: io::Result<R>) -> io::Result<R> {
        match self {
            #[cfg(windows)]
            Access::Handle(twin) => twin.pass(result),
            _ => result,
        }
    }
}
