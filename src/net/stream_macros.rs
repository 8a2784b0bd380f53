//! The public methods of TCP and Unix streams and their halves, written and documented once: `stream!`
//! gives what only a whole stream has, `reading!` and `writing!` what its halves have too.

/// Gives a stream what its halves don't have.
macro_rules! stream {
    ($stream:ident) => {
        impl $stream {
            /// Ends one half of the connection, or both. After `Shutdown::Write` the peer reads
            /// all that was written, and then the end.
            ///
            /// # Errors
            ///
            /// The OS's: `NotConnected`, if the peer is gone.
            pub fn shutdown(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.io.get_ref().shutdown(how)
            }

            /// Takes the error out that the OS keeps for the socket, if there is one.
            ///
            /// # Errors
            ///
            /// The OS's, if it cannot tell.
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                self.io.get_ref().take_error()
            }
        }

        impl $crate::net::stream::HasStream for $stream {
            type Stream = mio::net::$stream;

            fn io(&self) -> &$crate::async_io::Async<mio::net::$stream> {
                &self.io
            }
        }

        impl std::fmt::Debug for $stream {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($stream)).field("io", &self.io).finish_non_exhaustive()
            }
        }
    };
}

/// Gives a stream, or the half of one that reads, its ways to read.
macro_rules! reading {
    ($stream:ty) => {
        impl $stream {
            /// Reads what there is, up to `buf.len()` bytes, and waits if there is nothing.
            /// Returns how many bytes it read; 0 is the end (or an empty `buf`).
            ///
            /// # Errors
            ///
            /// The OS's: `ConnectionReset`, for example. Or if the socket has to wait under
            /// another executor than its own.
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// If the future is dropped before it is ready, nothing was read.
            #[track_caller]
            pub fn read(&self, buf: &mut [u8]) -> impl Future<Output = std::io::Result<usize>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().operation(Direction::Read, |io| io.try_read(buf))
            }

            /// Reads like [`read`](Self::read), into several buffers: each is filled before the
            /// next.
            ///
            /// ```
            /// use std::io::{IoSlice, IoSliceMut};
            /// use pizzaiolo::net::{TcpListener, TcpStream};
            ///
            /// # fn main() -> std::io::Result<()> {
            /// pizzaiolo::block_on(async {
            ///     let listener = TcpListener::bind("127.0.0.1:0")?;
            ///     let client = TcpStream::connect(listener.local_addr()?).await?;
            ///     let (connection, _) = listener.accept().await?;
            ///
            ///     client.write_vectored(&[IoSlice::new(b"#007"), IoSlice::new(b"a calzone")]).await?;
            ///     let (mut number, mut pizza) = ([0; 4], [0; 64]);
            ///     let mut bufs = [IoSliceMut::new(&mut number), IoSliceMut::new(&mut pizza)];
            ///     let len = connection.read_vectored(&mut bufs).await?;
            ///     assert_eq!((&number, &pizza[..len - 4]), (b"#007", &b"a calzone"[..]));
            ///     Ok(())
            /// })
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// As for [`read`](Self::read).
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// If the future is dropped before it is ready, nothing was read.
            #[track_caller]
            pub fn read_vectored(
                &self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> impl Future<Output = std::io::Result<usize>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().operation(Direction::Read, |io| io.try_read_vectored(bufs))
            }

            /// Fills `buf`.
            ///
            /// # Errors
            ///
            /// As for [`read`](Self::read), and `UnexpectedEof` if the end comes before `buf` is
            /// full. What was read by then is in `buf`.
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe: if the future is dropped, the bytes that were read are in
            /// `buf`, but their number is lost.
            #[track_caller]
            pub fn read_exact(&self, buf: &mut [u8]) -> impl Future<Output = std::io::Result<()>> {
                use $crate::{id::Direction, net::stream::HasStream};
                let mut filled = 0;
                self.io().operation(Direction::Read, move |io| io.try_read_exact(buf, &mut filled))
            }

            /// Waits until there may be something to read, or the end, or an error.
            ///
            /// "May be": the next read can still find nothing, and waits then.
            ///
            /// # Errors
            ///
            /// If the socket cannot be registered, or has to wait under another executor than its
            /// own.
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing.
            #[track_caller]
            pub fn readable(&self) -> impl Future<Output = std::io::Result<()>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().ready(Direction::Read)
            }

            /// Waits until the peer has hung up: it has ended its half, or the connection is
            /// broken. Nothing is read. What the peer has sent before can still be read, and does
            /// not end the wait.
            ///
            /// For a task that works for a client, to stop when the client leaves. A read then says
            /// how it has left: the end, or an error.
            ///
            /// ```
            /// use pizzaiolo::net::{TcpListener, TcpStream};
            ///
            /// # fn main() -> std::io::Result<()> {
            /// pizzaiolo::block_on(async {
            ///     let listener = TcpListener::bind("127.0.0.1:0")?;
            ///     let client = TcpStream::connect(listener.local_addr()?).await?;
            ///     let (connection, _) = listener.accept().await?;
            ///
            ///     client.write_all(b"a calzone").await?;
            ///     drop(client);
            ///     connection.closed().await?;
            ///     // The order is still there, as nothing was read.
            ///     assert_eq!(connection.read(&mut [0; 64]).await?, 9);
            ///     Ok(())
            /// })
            /// # }
            /// ```
            ///
            /// # Errors
            ///
            /// As for [`readable`](Self::readable).
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing.
            #[track_caller]
            pub fn closed(&self) -> impl Future<Output = std::io::Result<()>> {
                use $crate::net::stream::HasStream;
                self.io().closed()
            }

            /// Reads what there is, up to `buf.len()` bytes, and never waits. Returns how many bytes it
            /// read; 0 is the end (or an empty `buf`).
            ///
            /// It always asks the OS, also outside an executor, and takes nothing from the
            /// [budget](crate::net#the-budget).
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is nothing to read now; and the OS's, as for [`read`](Self::read).
            pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                use $crate::net::stream::HasStream;
                if buf.is_empty() {
                    return Ok(0);
                }
                self.io().try_read_with(|mut io| std::io::Read::read(&mut io, buf))
            }

            /// Reads into several buffers, and never waits: see [`try_read`](Self::try_read).
            ///
            /// # Errors
            ///
            /// As for [`try_read`](Self::try_read).
            pub fn try_read_vectored(
                &self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                use $crate::net::stream::HasStream;
                if bufs.iter().all(|buf| buf.is_empty()) {
                    return Ok(0);
                }
                self.io().try_read_with(|mut io| std::io::Read::read_vectored(&mut io, bufs))
            }
        }
    };
}

/// Gives a stream, or the half of one that writes, its ways to write.
macro_rules! writing {
    ($stream:ty) => {
        impl $stream {
            /// Writes as much of `buf` as there is room for, and waits if there is none. Returns
            /// how many bytes it wrote.
            ///
            /// # Errors
            ///
            /// The OS's: `BrokenPipe` or `ConnectionReset` when the peer is gone. Or if the socket
            /// has to wait under another executor than its own.
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// If the future is dropped before it is ready, nothing was written.
            #[track_caller]
            pub fn write(&self, buf: &[u8]) -> impl Future<Output = std::io::Result<usize>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().operation(Direction::Write, |io| io.try_write(buf))
            }

            /// Writes like [`write`](Self::write), from several buffers, one after the other. So a
            /// head and a body that lie in different places go out in one call.
            ///
            /// # Errors
            ///
            /// As for [`write`](Self::write).
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// If the future is dropped before it is ready, nothing was written.
            #[track_caller]
            pub fn write_vectored(
                &self,
                bufs: &[std::io::IoSlice<'_>],
            ) -> impl Future<Output = std::io::Result<usize>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().operation(Direction::Write, |io| io.try_write_vectored(bufs))
            }

            /// Writes all of `buf`.
            ///
            /// # Errors
            ///
            /// As for [`write`](Self::write), and `WriteZero` if the OS takes nothing more.
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// Not cancel safe: if the future is dropped, a part of `buf` may have been written,
            /// and its length is lost.
            #[track_caller]
            pub fn write_all(&self, mut buf: &[u8]) -> impl Future<Output = std::io::Result<()>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().operation(Direction::Write, move |io| io.try_write_all(&mut buf))
            }

            /// Writes as much of `buf` as there is room for, and never waits. Returns how many bytes it
            /// wrote.
            ///
            /// It always asks the OS, also outside an executor, and takes nothing from the
            /// [budget](crate::net#the-budget).
            ///
            /// # Errors
            ///
            /// `WouldBlock` if there is no room now; and the OS's, as for [`write`](Self::write).
            pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
                use $crate::net::stream::HasStream;
                self.io().try_write_with(|mut io| std::io::Write::write(&mut io, buf))
            }

            /// Writes several buffers, and never waits: see [`try_write`](Self::try_write).
            ///
            /// # Errors
            ///
            /// As for [`try_write`](Self::try_write).
            pub fn try_write_vectored(
                &self,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                use $crate::net::stream::HasStream;
                self.io().try_write_with(|mut io| std::io::Write::write_vectored(&mut io, bufs))
            }

            /// Waits until there may be room to write, or an error.
            ///
            /// "May be": the next write can still find none, and waits then.
            ///
            /// # Errors
            ///
            /// If the socket cannot be registered, or has to wait under another executor than its
            /// own.
            ///
            /// # Panics
            ///
            /// If it has to wait and no executor runs on this thread.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing.
            #[track_caller]
            pub fn writable(&self) -> impl Future<Output = std::io::Result<()>> {
                use $crate::{id::Direction, net::stream::HasStream};
                self.io().ready(Direction::Write)
            }
        }
    };
}
