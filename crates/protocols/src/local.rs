//! `Send` by name, for what never leaves its thread.
//!
//! Many crates are written for runtimes that move tasks from thread to thread, so they ask for
//! `Send`: axum of a handler's future, tonic of a method's future and of the stream that it
//! returns, hyper-util's client of a connection, tower of what goes into a box. Here each task stays
//! on the thread that spawned it, and sockets and timers are not `Send`: they share the reactor
//! through an `Rc`.
//!
//! An axum handler that sleeps shows it. It does not compile, and the error names `Handler`, never
//! `Send`: *the trait bound `fn() -> impl Future<Output = &'static str> {bake}: Handler<_, _>` is
//! not satisfied*.
//!
//! ```compile_fail,E0277
//! use std::time::Duration;
//! use axum::{Router, routing::get};
//!
//! async fn bake() -> &'static str {
//!     pizzaiolo::time::sleep(Duration::from_secs(1)).await;
//!     "a pizza"
//! }
//! let app: Router = Router::new().route("/", get(bake));
//! ```
//!
//! [`local`] is the remedy. It wraps the handler's future:
//!
//! ```
//! # use std::time::Duration;
//! # use axum::{Router, routing::get};
//! use pizzaiolo_protocols::local;
//!
//! # async fn bake() -> &'static str {
//! #     pizzaiolo::time::sleep(Duration::from_secs(1)).await;
//! #     "a pizza"
//! # }
//! let app: Router = Router::new().route("/", get(|| local(bake())));
//! ```
//!
//! | what is asked for | how |
//! |---|---|
//! | a handler of axum whose future is `Send` | `get(\|path\| local(bake(path)))`: arguments are handed on |
//! | the state of an axum router | `Router::with_state(local(Rc::new(…)))` |
//! | a method of a tonic service, under `#[async_trait]` | `local(async { … }).await` as its body |
//! | a stream: the reply of a tonic service, a body of axum | `local(stream)` |
//! | a boxed future or service of tower | `Box::pin(local(async { … }))` |
//! | a connection, for hyper-util's client and for upgrades | [`LocalIo`] |
//!
//! It is sound: the value keeps the id of the thread that made it, and each use compares. On
//! another thread a use panics, and so does the drop; the `Rc` is not touched. With one executor a
//! thread that does not happen, unless a crate moves work to threads of its own: what is spawned
//! with `tokio::spawn` under `async_compat` runs on that crate's thread, and must not be wrapped.
//!
//! A future that holds nothing of this crate across an `.await` is `Send` anyway, and needs none of
//! this.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBufCursor, Write};
pub use send_wrapper::SendWrapper;

use crate::Io;

/// Makes a value `Send` and `Sync` by name. It stays on the thread that calls this.
///
/// A future stays a future, a stream a stream, and what is in it is reached by dereferencing.
/// See the [module](self) for where that is needed.
///
/// # Panics
///
/// This does not. The value does, when it is used or dropped on another thread.
pub fn local<T>(value: T) -> SendWrapper<T> {
    SendWrapper::new(value)
}

/// An [`Io`] that is `Send` by name: for hyper-util's client, and for connections that are upgraded.
///
/// ```
/// fn needs_send<T: Send>() {}
/// needs_send::<pizzaiolo_protocols::LocalIo<pizzaiolo::net::TcpStream>>();
/// ```
///
/// # Panics
///
/// When it is used or dropped on another thread than the one that made it.
pub struct LocalIo<S>(SendWrapper<Io<S>>);

impl<S> LocalIo<S> {
    /// Wraps a stream that has the traits of `futures-io`.
    pub fn new(stream: S) -> LocalIo<S> {
        LocalIo(local(Io::new(stream)))
    }

    /// The stream. What hyper has read of it already is not in it any more.
    pub fn into_inner(self) -> S {
        self.0.take().into_inner()
    }
}

impl<S> Read for LocalIo<S>
where
    Io<S>: Read + Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}

impl<S> Write for LocalIo<S>
where
    Io<S>: Write + Unpin,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for LocalIo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is in it can only be seen on its own thread, and to print it must not panic.
        f.debug_struct("LocalIo").field("is_on_its_thread", &self.0.valid()).finish_non_exhaustive()
    }
}
