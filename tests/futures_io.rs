//! Our streams under futures-util's combinators: the traits of `futures-io`, and its own wakers.

mod support;

use std::{
    cell::Cell,
    future::{pending, poll_fn, ready},
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net,
    pin::{Pin, pin},
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use futures_util::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt,
    future::{Either, join_all, select, try_join},
    io::{BufReader, copy},
    stream::FuturesUnordered,
};
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, time, yield_now,
};
use socket2::SockRef;

use crate::support::{WakeCount, common::pair, count_polls, poll_once, run};

const LEN: usize = 1_000_000;

/// Bytes that show if one is missing, doubled or in the wrong place.
fn pattern(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}

/// A connection, both ends ours.
async fn own_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    Ok((client, listener.accept().await?.0))
}

/// Sends all through a stream whose peer sends it back, with the traits' methods only.
async fn through_an_echo<R, W>(mut reader: R, mut writer: W) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let data = pattern(LEN);
    let write = async {
        writer.write_all(&data).await?;
        writer.flush().await?;
        writer.close().await
    };
    let read = async {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await?;
        Ok(all)
    };
    let ((), all) = try_join(write, read).await?;
    assert!(all == data);
    Ok(())
}

#[test]
fn copy_by_reference_makes_an_echo_server() {
    run(async || {
        let (client, server) = own_pair().await?;
        let echo = spawn(async move {
            let copied = copy(&server, &mut &server).await?;
            (&server).close().await?;
            Ok::<_, io::Error>(copied)
        });
        through_an_echo(&client, &client).await?;
        assert_eq!(echo.await??, LEN as u64);
        Ok(())
    });
}

#[test]
fn split_divides_a_stream_by_value() {
    run(async || {
        let (client, server) = own_pair().await?;
        let echo = spawn(async move {
            let (reader, mut writer) = server.split();
            copy(reader, &mut writer).await?;
            writer.close().await
        });
        let (reader, writer) = client.split();
        through_an_echo(reader, writer).await?;
        echo.await?
    });
}

#[test]
fn owned_halves_read_write_and_close() {
    run(async || {
        let (client, server) = own_pair().await?;
        let echo = spawn(async move {
            let (reader, mut writer) = server.into_split();
            copy(reader, &mut writer).await?;
            writer.close().await
        });
        let (reader, writer) = client.into_split();
        through_an_echo(reader, writer).await?;
        echo.await?
    });
}

#[test]
fn lines_come_whole_and_the_end_ends_them() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let orders = spawn(async move {
            BufReader::new(stream).lines().map(|line| line.expect("text")).collect::<Vec<_>>().await
        });
        for part in ["a mar", "gherita\na cal", "zone\r\n", "the bill"] {
            peer.write_all(part.as_bytes())?;
            yield_now().await;
        }
        drop(peer);
        assert_eq!(orders.await?, ["a margherita", "a calzone", "the bill"]);
        Ok(())
    });
}

#[test]
fn join_all_waits_for_many_connections_and_tasks() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let server = spawn(async move {
            let served = (0..50).map(|_| async {
                let (mut conn, _) = listener.accept().await?;
                let mut order = [0; 4];
                AsyncReadExt::read_exact(&mut conn, &mut order).await?;
                AsyncWriteExt::write_all(&mut conn, &order).await
            });
            join_all(served).await.into_iter().collect::<io::Result<Vec<()>>>()
        });
        let clients = (0..50_u32).map(|number| {
            spawn(async move {
                let mut client = TcpStream::connect(addr).await?;
                AsyncWriteExt::write_all(&mut client, &number.to_be_bytes()).await?;
                let mut reply = [0; 4];
                AsyncReadExt::read_exact(&mut client, &mut reply).await?;
                assert_eq!(u32::from_be_bytes(reply), number);
                Ok::<_, io::Error>(())
            })
        });
        for client in join_all(clients).await {
            client??;
        }
        assert_eq!(server.await??.len(), 50);
        Ok(())
    });
}

#[test]
fn a_read_that_lost_a_select_loses_no_bytes() {
    run(async || {
        let (mut stream, mut peer) = pair()?;
        let mut buf = [0; 8];
        for _ in 0..3 {
            let read = AsyncReadExt::read(&mut stream, &mut buf);
            match select(read, time::sleep(Duration::from_millis(1))).await {
                Either::Left(_) => panic!("there is nothing to read"),
                Either::Right(((), _read)) => {}
            }
        }
        peer.write_all(b"order")?;
        let read = AsyncReadExt::read(&mut stream, &mut buf);
        match select(read, pending::<()>()).await {
            Either::Left((len, _)) => assert_eq!(len?, 5),
            Either::Right(_) => unreachable!("it never ends"),
        }
        Ok(())
    });
}

/// It gives each future a waker of its own, and polls only those that were woken.
#[test]
fn futures_unordered_serves_connections_in_the_order_of_their_orders() {
    run(async || {
        let mut waiting = FuturesUnordered::new();
        let mut peers = Vec::new();
        for number in 0..20_u8 {
            let (mut stream, peer) = pair()?;
            peers.push(peer);
            waiting.push(async move {
                let mut order = [0; 1];
                AsyncReadExt::read_exact(&mut stream, &mut order).await.map(|()| (number, order[0]))
            });
        }
        assert!(poll_once(pin!(waiting.next())).await.is_pending());
        for number in [7, 3, 19, 0] {
            peers[usize::from(number)].write_all(&[number])?;
            let served = waiting.next().await.expect("some wait")?;
            assert_eq!(served, (number, number));
        }
        drop(peers);
        while let Some(result) = waiting.next().await {
            assert_eq!(result.expect_err("no order").kind(), ErrorKind::UnexpectedEof);
        }
        Ok(())
    });
}

#[test]
fn futures_unordered_takes_tasks_as_they_end() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let reader = spawn(async move {
            let mut order = [0; 5];
            stream.read_exact(&mut order).await.expect("an order");
            "reader"
        });
        let mut tasks: FuturesUnordered<_> =
            [reader, spawn(ready("ready")), spawn(async { "block" })].into_iter().collect();
        let mut ended = Vec::new();
        for _ in 0..2 {
            ended.push(tasks.next().await.expect("three tasks")?);
        }
        ended.sort_unstable();
        assert_eq!(ended, ["block", "ready"]);
        peer.write_all(b"order")?;
        assert_eq!(tasks.next().await.expect("three tasks")?, "reader");
        assert!(tasks.next().await.is_none());
        Ok(())
    });
}

#[test]
fn vectored_reads_and_writes_use_every_buffer() {
    run(async || {
        let (mut stream, mut peer) = pair()?;
        let bufs = [IoSlice::new(b"a "), IoSlice::new(b""), IoSlice::new(b"calzone")];
        assert_eq!(AsyncWriteExt::write_vectored(&mut stream, &bufs).await?, 9);
        let mut order = [0; 9];
        peer.read_exact(&mut order)?;
        assert_eq!(&order, b"a calzone");

        peer.write_all(&order)?;
        let (mut first, mut second) = ([0; 2], [0; 7]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(AsyncReadExt::read_vectored(&mut stream, &mut bufs).await?, 9);
        assert_eq!((&first, &second), (b"a ", b"calzone"));

        let (mut reader, mut writer) = stream.into_split();
        let bufs = [IoSlice::new(b"a "), IoSlice::new(b"calzone")];
        assert_eq!(AsyncWriteExt::write_vectored(&mut writer, &bufs).await?, 9);
        peer.read_exact(&mut order)?;
        peer.write_all(&order)?;
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(AsyncReadExt::read_vectored(&mut reader, &mut bufs).await?, 9);
        Ok(())
    });
}

#[test]
fn close_ends_the_writing_only_and_may_be_called_again() {
    run(async || {
        let (mut stream, mut peer) = pair()?;
        AsyncWriteExt::write_all(&mut stream, b"order").await?;
        stream.flush().await?;
        stream.close().await?;
        stream.close().await?;
        let mut all = Vec::new();
        peer.read_to_end(&mut all)?;
        assert_eq!(all, b"order");
        peer.write_all(b"pizza")?;
        AsyncReadExt::read_exact(&mut stream, &mut [0; 5]).await?;
        let error = AsyncWriteExt::write(&mut stream, b"!").await.expect_err("it was closed");
        // Windows has a code of its own for it, WSAESHUTDOWN, which std gives no kind.
        let is_shut_down = error.kind() == ErrorKind::BrokenPipe
            || cfg!(windows) && error.raw_os_error() == Some(10058);
        assert!(is_shut_down, "{error:?}");
        Ok(())
    });
}

#[test]
fn close_is_no_error_when_the_peer_is_gone() {
    run(async || {
        let (mut stream, peer) = pair()?;
        let peer = socket2::Socket::from(peer);
        peer.set_linger(Some(Duration::ZERO))?;
        drop(peer);
        stream.closed().await?;
        // Windows finds nothing wrong with that.
        if cfg!(not(windows)) {
            let error = stream.shutdown(net::Shutdown::Write).expect_err("it was reset");
            assert_eq!(error.kind(), ErrorKind::NotConnected);
        }
        stream.close().await
    });
}

#[test]
fn a_write_waits_for_room() {
    run(async || {
        let (mut stream, mut peer) = pair()?;
        SockRef::from(&stream).set_send_buffer_size(50_000)?;
        SockRef::from(&peer).set_recv_buffer_size(50_000)?;
        let data = pattern(8 * LEN);
        let expected = data.clone();
        let writer = spawn(async move {
            AsyncWriteExt::write_all(&mut stream, &data).await?;
            stream.close().await
        });
        for _ in 0..100 {
            yield_now().await;
        }
        // Windows takes any number of bytes in one call, if it takes any.
        assert!(cfg!(windows) || !writer.is_finished(), "it waits for the reader");
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).map(|_| all)
        });
        writer.await??;
        assert!(reader.join().expect("no panic")? == expected);
        Ok(())
    });
}

#[test]
fn an_idle_read_is_polled_twice() {
    run(async || {
        let (mut stream, mut peer) = pair()?;
        let polls = spawn(async move {
            let mut buf = [0; 8];
            let (len, polls) = count_polls(AsyncReadExt::read(&mut stream, &mut buf)).await;
            len.map(|_| polls)
        });
        for _ in 0..1_000 {
            yield_now().await;
        }
        peer.write_all(b"order")?;
        assert_eq!(polls.await??, 2);
        Ok(())
    });
}

/// Polls to read, with another waker than the task's own.
fn poll_read<S>(mut stream: &S, waker: &Waker) -> Poll<io::Result<usize>>
where
    for<'a> &'a S: AsyncRead,
{
    Pin::new(&mut stream).poll_read(&mut Context::from_waker(waker), &mut [0; 8])
}

#[test]
fn who_polls_last_is_woken_and_who_polled_before_is_forgotten() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let ((first, first_waker), (last, last_waker)) = (WakeCount::new(), WakeCount::new());
        assert!(poll_read(&stream, &first_waker).is_pending());
        assert!(poll_read(&stream, &first_waker).is_pending());
        assert_eq!(Arc::strong_count(&first), 3, "it waits once");
        assert!(poll_read(&stream, &last_waker).is_pending());
        assert_eq!((Arc::strong_count(&first), Arc::strong_count(&last)), (2, 3));
        // A read of nothing is done at once, and takes nobody's place.
        assert_eq!(AsyncReadExt::read(&mut &stream, &mut []).await?, 0);
        peer.write_all(b"order")?;
        // This one owns its place, and does not disturb the other.
        stream.readable().await?;
        assert_eq!((first.get(), last.get()), (0, 1));
        assert!(matches!(poll_read(&stream, &last_waker), Poll::Ready(Ok(5))));
        assert_eq!(Arc::strong_count(&last), 2, "nobody waits any more");
        Ok(())
    });
}

#[test]
fn a_waiter_goes_with_its_stream() {
    run(async || {
        let (count, waker) = WakeCount::new();
        let (stream, _peer) = pair()?;
        assert!(poll_read(&stream, &waker).is_pending());
        assert_eq!(Arc::strong_count(&count), 3, "it waits");
        drop(stream);
        assert_eq!(Arc::strong_count(&count), 2, "its waker went with the stream");

        let (stream, _peer) = pair()?;
        assert!(poll_read(&stream, &waker).is_pending());
        net::TcpStream::try_from(stream)?;
        assert_eq!((Arc::strong_count(&count), count.get()), (2, 0));
        Ok(())
    });
}

/// A stream can go in a wake of its own reactor. Whoever still waits for it goes with it, and the
/// drop of their wakers is foreign code: nothing is borrowed.
#[test]
fn a_waiter_that_goes_in_a_wake_may_wake_tasks_as_it_goes_and_panic() {
    /// When it is woken, it lets the writer wait for the stream, and drops both.
    struct DropsTheStream;
    impl Wake for DropsTheStream {
        fn wake(self: Arc<Self>) {
            if let Some((stream, writer)) = STREAM.take() {
                fill(&stream, &writer);
            }
        }
    }
    /// Wakes a task when it is dropped.
    struct WakesOnDrop(Mutex<Option<Waker>>);
    impl Wake for WakesOnDrop {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for WakesOnDrop {
        fn drop(&mut self) {
            self.0.lock().unwrap().take().unwrap().wake();
            panic!("a waker that panics as it goes");
        }
    }
    thread_local! {
        static STREAM: Cell<Option<(TcpStream, Waker)>> = const { Cell::new(None) };
    }
    /// Writes until the waker waits.
    fn fill(mut stream: &TcpStream, waker: &Waker) {
        let mut cx = Context::from_waker(waker);
        while Pin::new(&mut stream).poll_write(&mut cx, &pattern(LEN)).is_ready() {}
    }

    run(async || {
        let (stream, mut peer) = pair()?;
        let reader = Waker::from(Arc::new(DropsTheStream));
        let task = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let writer = Waker::from(Arc::new(WakesOnDrop(Mutex::new(Some(task)))));
        // So that what comes says nothing of writing: the writer is not woken, but goes.
        fill(&stream, Waker::noop());
        assert!(poll_read(&stream, &reader).is_pending());
        STREAM.set(Some((stream, writer)));
        peer.write_all(b"order")?;
        // The drop wakes this very task.
        let mut polls = 0;
        poll_fn(|_| {
            polls += 1;
            if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        assert!(STREAM.take().is_none(), "the wake has dropped it");
        // The reactor goes on.
        let (client, server) = own_pair().await?;
        client.write_all(b"order").await?;
        assert_eq!(server.read(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

#[test]
fn reads_of_nothing_leave_nobody_behind() {
    run(async || {
        let (count, waker) = WakeCount::new();
        let (stream, mut peer) = pair()?;
        for _ in 0..100 {
            assert!(poll_read(&stream, &waker).is_pending());
            let mut cx = Context::from_waker(&waker);
            let mut stream = &stream;
            assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut []).is_ready());
            assert!(Pin::new(&mut stream).poll_read_vectored(&mut cx, &mut []).is_ready());
        }
        assert_eq!(Arc::strong_count(&count), 3, "it waits once");
        peer.write_all(b"order")?;
        stream.readable().await?;
        assert_eq!(count.get(), 1);
        Ok(())
    });
}

/// The stream's own methods keep all who wait, and one who polls.
#[test]
fn all_who_read_with_the_streams_own_method_are_woken_and_who_polls_too() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let stream = Rc::new(stream);
        let mut readers = Vec::new();
        for _ in 0..3 {
            let stream = Rc::clone(&stream);
            readers.push(spawn(async move { stream.read(&mut [0; 1]).await }));
        }
        readers.push(spawn({
            let stream = Rc::clone(&stream);
            async move { AsyncReadExt::read(&mut &*stream, &mut [0; 1]).await }
        }));
        yield_now().await;
        peer.write_all(b"abcd")?;
        for len in join_all(readers).await {
            assert_eq!(len??, 1);
        }
        Ok(())
    });
}

#[cfg(unix)]
mod unix {
    use pizzaiolo::net::UnixStream;

    use super::*;

    #[test]
    fn streams_copy_split_and_close() {
        run(async || {
            let (client, server) = UnixStream::pair()?;
            let echo = spawn(async move {
                let copied = copy(&server, &mut &server).await?;
                (&server).close().await?;
                Ok::<_, io::Error>(copied)
            });
            let (reader, writer) = AsyncReadExt::split(client);
            through_an_echo(reader, writer).await?;
            assert_eq!(echo.await??, LEN as u64);
            Ok(())
        });
    }

    #[test]
    fn owned_halves_read_write_and_close() {
        run(async || {
            let (client, server) = UnixStream::pair()?;
            let echo = spawn(async move {
                let (reader, mut writer) = server.into_split();
                copy(BufReader::new(reader), &mut writer).await?;
                writer.close().await
            });
            let (reader, writer) = client.into_split();
            through_an_echo(reader, writer).await?;
            echo.await?
        });
    }

    /// On Unix sockets, for what was written arrives at once: nothing makes room later on.
    #[test]
    fn reading_and_writing_have_a_waiter_each() {
        run(async || {
            let (stream, peer) = UnixStream::pair()?;
            let ((read, read_waker), (write, write_waker)) = (WakeCount::new(), WakeCount::new());
            let mut sent = 0;
            let chunk = vec![7; 100_000];
            let cx = &mut Context::from_waker(&write_waker);
            while let Poll::Ready(len) = Pin::new(&mut &stream).poll_write(cx, &chunk) {
                sent += len?;
            }
            assert!(poll_read(&stream, Waker::noop()).is_pending());
            assert!(poll_read(&stream, &read_waker).is_pending());
            assert_eq!((Arc::strong_count(&read), Arc::strong_count(&write)), (3, 3));
            // Another writer takes the writer's place, and not the reader's.
            let (other, other_waker) = WakeCount::new();
            let cx = &mut Context::from_waker(&other_waker);
            assert!(Pin::new(&mut &stream).poll_write(cx, &chunk).is_pending());
            assert_eq!((Arc::strong_count(&read), Arc::strong_count(&write)), (3, 2));
            peer.write_all(b"order").await?;
            stream.readable().await?;
            assert_eq!((read.get(), other.get()), (1, 0));
            peer.read_exact(&mut vec![0; sent]).await?;
            stream.writable().await?;
            assert_eq!((read.get(), write.get(), other.get()), (1, 0, 1));
            Ok(())
        });
    }

    #[test]
    fn close_is_no_error_when_the_peer_is_gone() {
        run(async || {
            let (mut stream, peer) = UnixStream::pair()?;
            drop(peer);
            stream.close().await
        });
    }
}
