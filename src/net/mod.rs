//! Sockets that tasks can wait for.
//!
//! Every operation takes `&self`: one task can read while another writes, through an `Rc`. A
//! socket may be made anywhere, even before there is an executor. An operation tries first. When it has
//! to wait for the first time, the socket is registered with the reactor of the executor that runs on
//! this thread (or with the reactor that is [entered](crate::Reactor::enter)), and it stays there. A wait
//! in another reactor, or after the end of its reactor, is an error that says so.
//!
//! With the feature `futures-io`, TCP and Unix streams and their halves implement `AsyncRead` and
//! `AsyncWrite` of the crate of that name, for the many crates that require them. If several tasks
//! poll one direction of one stream through these traits, the last is woken. If several tasks await the
//! stream's own methods, all of them are woken.
//!
//! # Names
//!
//! Nothing in here blocks the thread. Functions that connect or send to an address take a [`ToAddrs`].
//! An IP address and `localhost` need no lookup. [`lookup_host`] looks up any other name: with the
//! feature `dns` on a thread of the crate `blocking`; without the feature, it is an error that says so.
//!
//! # Options
//!
//! For options that neither std nor mio has (the type of service, the credentials of a Unix peer,
//! buffers), use crates such as socket2 and rustix: they take any socket of this module by reference,
//! through `AsFd`, or on Windows through `AsSocket`. This crate has no methods for them: they need
//! `unsafe`, or one more dependency for every user. The type of service:
//!
//! ```
//! # #[cfg(unix)]
//! # fn main() -> std::io::Result<()> {
//! use pizzaiolo::net::UdpSocket;
//! use socket2::SockRef;
//!
//! let socket = UdpSocket::bind("127.0.0.1:0")?;
//! SockRef::from(&socket).set_tos_v4(0x10)?;
//! # assert_eq!(SockRef::from(&socket).tos_v4()?, 0x10);
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! # The budget
//!
//! One poll of a task completes at most 128 socket operations. After that, each operation in the
//! same poll returns Pending without a try, and the task goes to the end of the ready queue. So a task
//! whose sockets are always ready does not delay the other tasks. The task is woken when the poll has
//! ended, not within it. (Under your own executor on a
//! [`Reactor`](crate::Reactor) there is no budget.)
//!
//! So an operation that is polled once and is Pending (`now_or_never() == None`) need not mean "would
//! block". The methods that begin with `try_`, here and on
//! [`Async`](crate::Async::try_read_with), do mean that: they always ask the OS, and use no budget.
//!
//! # Awaiting
//!
//! An operation does nothing before it is awaited, whether it is an `async fn` or returns `impl Future`.
//! If it is dropped while it waits, it leaves no waiter behind. The section `# Cancel safety` of each
//! operation says what it may have done before.
//!
//! An operation that has to wait where no executor runs, and no reactor is entered, panics. So does a
//! timer. The panic names the line that awaits the operation, or polls it. If a combinator of another
//! crate polls it for you, that is a line of another crate.
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

/// What every socket type is to the OS: its descriptor, or its handle.
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

        #[cfg(windows)]
        impl std::os::windows::io::AsSocket for $socket {
            #[inline]
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.io.as_socket()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsRawSocket for $socket {
            #[inline]
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.io.as_raw_socket()
            }
        }
    )*};
}
descriptors!(TcpListener, TcpStream, UdpSocket);
#[cfg(unix)]
descriptors!(UnixDatagram, UnixListener, UnixStream);
