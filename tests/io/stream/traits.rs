//! Our streams under futures-util's combinators: the traits of `futures-io`, and its own wakers.

use std::{
    future::ready,
    io::{IoSlice, IoSliceMut},
};

use futures_util::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt,
    future::{Either, join_all, select, try_join},
    io::{BufReader, copy},
    stream::FuturesUnordered,
};

use super::{connect, listen, narrow_pair, own_pair, pair, with_pair, written};
use crate::support::prelude::*;

const LEN: usize = 1_000_000;

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

/// Sends back what comes, until the end.
async fn echoes(from: impl AsyncRead, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    copy(from, &mut to).await?;
    to.close().await
}

#[test]
fn copy_by_reference_makes_an_echo_server() {
    run(async || {
        let (client, server) = own_pair()?;
        let echo = spawn(async move { echoes(&server, &server).await });
        through_an_echo(&client, &client).await?;
        echo.await?
    });
}

#[test]
fn split_divides_a_stream_by_value() {
    run(async || {
        let (client, server) = own_pair()?;
        let ((from, to), (reader, writer)) = (server.split(), client.split());
        let echo = spawn(echoes(from, to));
        through_an_echo(reader, writer).await?;
        echo.await?
    });
}

#[test]
fn owned_halves_read_write_and_close() {
    run(async || {
        let (client, server) = own_pair()?;
        let ((from, to), (reader, writer)) = (server.into_split(), client.into_split());
        let echo = spawn(echoes(from, to));
        through_an_echo(reader, writer).await?;
        echo.await?
    });
}

#[test]
fn lines_come_whole_and_the_end_ends_them() {
    with_pair(async |stream, mut peer| {
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
        let (listener, addr) = listen()?;
        let server = spawn(async move {
            let served = (0..50).map(|_| async {
                let (mut conn, _) = listener.accept().await?;
                let mut order = [0; 4];
                AsyncReadExt::read_exact(&mut conn, &mut order).await?;
                AsyncWriteExt::write_all(&mut conn, &order).await
            });
            join_all(served).await.into_iter().collect::<io::Result<Vec<()>>>()
        });
        let addr = Rc::new(addr);
        let clients = (0..50_u32).map(|number| {
            let addr = Rc::clone(&addr);
            spawn(async move {
                let mut client = connect(&addr).await?;
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
    with_pair(async |mut stream, mut peer| {
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
        assert!(poll_here(waiting.next()).await.is_pending());
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
    with_pair(async |stream, mut peer| {
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
    with_pair(async |mut stream, mut peer| {
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
    with_pair(async |mut stream, mut peer| {
        AsyncWriteExt::write_all(&mut stream, b"order").await?;
        stream.flush().await?;
        stream.close().await?;
        stream.close().await?;
        assert_eq!(rest(&mut peer)?, b"order");
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
fn a_write_waits_for_room() {
    run(async || {
        let (mut stream, peer) = narrow_pair()?;
        let data = pattern(3 * LEN);
        let expected = data.clone();
        let writer = spawn(async move {
            AsyncWriteExt::write_all(&mut stream, &data).await?;
            stream.close().await
        });
        written(writer, peer, &expected).await
    });
}

#[test]
fn an_idle_read_is_polled_twice() {
    with_pair(async |mut stream, mut peer| {
        let (polls, read) =
            counted(async move { AsyncReadExt::read(&mut stream, &mut [0; 8]).await });
        let read = spawn(read);
        turns(1_000).await;
        peer.write_all(b"order")?;
        assert_eq!((read.await??, polls.get()), (5, 2));
        Ok(())
    });
}
