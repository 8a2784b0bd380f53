//! Sockets that tasks can wait for.
//!
//! Every operation takes `&self`: one task can read while another writes, through an `Rc`. A
//! socket may be made anywhere, also before there is an executor. An operation tries first; only
//! when it has to wait, the socket is registered with the reactor of the executor that runs there (or
//! with the one that is [entered](crate::Reactor::enter)), and with that one it stays. To wait for it
//! in another reactor, or when its reactor is gone, is an error that says so. (Where sockets have no
//! descriptors, as on Windows, make them inside the executor: there they are registered when they are
//! made.)
//!
//! With the feature `futures-io`, TCP and Unix streams and their halves implement `AsyncRead` and
//! `AsyncWrite` of the crate of that name, for the many crates that ask for them. Of several tasks
//! that poll one direction of one stream through these traits, the last is woken; of those that
//! await the stream's own methods, all are.
//!
//! # Names
//!
//! Nothing in here blocks the thread. What connects or sends to an address takes a [`ToAddrs`]: an
//! address is one at once, and so is `localhost`. Any other name is looked up by [`lookup_host`], with
//! the feature `dns` on a thread of the crate `blocking`; without it, it is an error that says so.
//!
//! # Options
//!
//! What neither std nor mio offers (the type of service, the credentials of a Unix peer, buffers) is for
//! crates such as socket2 and rustix: they take any socket in here by reference, through
//! [`AsFd`](std::os::fd::AsFd).
//!
//! # The budget
//!
//! One poll of a task completes at most 128 socket operations. After that each further operation in
//! the same poll returns Pending without a try, and the task goes to the end of the ready queue: so a
//! task whose sockets are always ready does not keep the others waiting. Its wake is called when the
//! poll has ended, not within it. (Under your own executor on a
//! [`Reactor`](crate::Reactor) there is no budget.)
//!
//! So an operation that is polled once and is Pending (`now_or_never() == None`) need not mean "would
//! block". The methods that begin with `try_` say that, and so do
//! [`Async::try_read_with`](crate::Async::try_read_with) and its kin: they always ask the OS, and
//! spend no budget.
//!
//! # What is awaited
//!
//! Whether an operation is written `async fn` or returns `impl Future`, it does nothing before it
//! is awaited. One that is dropped while it waits leaves nothing behind; each one's
//! `# Cancel safety` says what it may have done by then.
//!
//! A function that is `#[inline]` here is compiled in the crate that uses that kind of socket, and not
//! in each crate that depends on this one. (Generic and `async` functions are anyway.)

mod addrs;
mod connect;
#[cfg(feature = "futures-io")]
mod futures_io;
mod stream;
#[macro_use]
mod stream_macros;
#[macro_use]
mod split;
mod tcp_listener;
mod tcp_stream;
mod udp;
#[cfg(unix)]
mod unix;

pub use self::{
    addrs::{LookupHost, ToAddrs, lookup_host},
    split::{OwnedReadHalf, OwnedWriteHalf, ReuniteError},
    tcp_listener::{Incoming, IntoIncoming, TcpListener},
    tcp_stream::{Connect, TcpStream},
    udp::UdpSocket,
};

#[cfg(unix)]
pub use self::unix::{UnixDatagram, UnixIncoming, UnixIntoIncoming, UnixListener, UnixStream};

/// What every socket type is to the OS: its descriptor.
macro_rules! descriptors {
    ($($socket:ty),* $(,)?) => {$(
        #[cfg(unix)]
        impl std::os::fd::AsFd for $socket {
            #[inline]
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.io.as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $socket {
            #[inline]
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.io.as_raw_fd()
            }
        }
    )*};
}
descriptors!(TcpListener, TcpStream, UdpSocket);
#[cfg(unix)]
descriptors!(UnixDatagram, UnixListener, UnixStream);
