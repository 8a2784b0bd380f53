//! The halves of a stream, reading and writing in several buffers, and waiting for the peer to hang up.

use std::{
    io::{IoSlice, IoSliceMut},
    net::Shutdown,
};

use pizzaiolo::net::{OwnedReadHalf, OwnedWriteHalf};
use socket2::SockRef;

use super::{StdStream, Stream, arrived, echo, narrow_pair, own_pair, pair, with_pair, written};
use crate::support::prelude::*;

/// Whether the peer still could send something.
fn is_open(peer: &StdStream) -> io::Result<bool> {
    peer.set_nonblocking(true)?;
    let result = SockRef::from(peer).peek(&mut [std::mem::MaybeUninit::uninit()]);
    peer.set_nonblocking(false)?;
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
        result => result.map(|len| len > 0),
    }
}

#[test]
fn the_halves_work_at_the_same_time() {
    with_pair(async |stream, peer| {
        let (data, echo) = (pattern(3_000_000), echo(peer));
        let (read, write) = stream.into_split();
        let sent = data.clone();
        let writer = spawn(async move { write.write_all(&sent).await });
        assert!(rest_of(async |buf| read.read(buf).await).await? == data);
        writer.await??;
        echo.join().expect("no panic")
    });
}

#[test]
fn the_halves_try_in_several_buffers() {
    run(async || {
        let (client, server) = own_pair()?;
        let ((reads, _keep), (_, writes)) = (server.into_split(), client.into_split());
        let (mut first, mut second) = ([0; 4], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert!(would_block(reads.try_read_vectored(&mut bufs)));
        assert_eq!(writes.try_write_vectored(&[IoSlice::new(b"to"), IoSlice::new(b"mato")])?, 6);
        reads.readable().await?;
        assert_eq!(reads.try_read_vectored(&mut bufs)?, 6);
        assert_eq!((&first, &second[..2]), (b"toma", &b"to"[..]));
        Ok(())
    });
}

#[test]
fn dropping_the_write_half_sends_the_end_and_the_read_half_goes_on() {
    with_pair(async |stream, mut peer| {
        let (read, write) = stream.into_split();
        write.write_all(b"order").await?;
        drop(write);
        assert_eq!(rest(&mut peer)?, b"order");
        peer.write_all(b"pizza")?;
        let mut buf = [0; 64];
        assert_eq!(read.read(&mut buf).await?, 5);
        Ok(())
    });
}

#[test]
fn dropping_the_read_half_ends_nothing() {
    with_pair(async |stream, mut peer| {
        let (read, write) = stream.into_split();
        drop(read);
        assert!(is_open(&peer)?);
        write.write_all(b"order").await?;
        drop(write);
        assert_eq!(rest(&mut peer)?, b"order");
        Ok(())
    });
}

#[test]
fn a_write_half_that_is_forgotten_sends_no_end_until_the_socket_is_closed() {
    with_pair(async |stream, peer| {
        let (read, write) = stream.into_split();
        write.forget();
        assert!(is_open(&peer)?);
        drop(read);
        assert!(!is_open(&peer)?);
        Ok(())
    });
}

#[test]
fn halves_of_one_stream_are_reunited_without_an_end() {
    with_pair(async |stream, mut peer| {
        let addr = format!("{:?}", stream.local_addr()?);
        let (read, write) = stream.into_split();
        // It is registered, and stays so.
        assert!(poll_here(read.read(&mut [0; 8])).await.is_pending());
        assert_eq!(format!("{:?}", read.as_ref().local_addr()?), addr);
        assert_eq!(format!("{:?}", write.as_ref().local_addr()?), addr);
        let stream = read.reunite(write).expect("they are of one stream");
        assert!(is_open(&peer)?);
        let (read, write) = stream.into_split();
        let stream = write.reunite(read).expect("they are of one stream");
        assert!(is_open(&peer)?);
        peer.write_all(b"pizza")?;
        stream.read_exact(&mut [0; 5]).await?;
        drop(stream);
        assert!(!is_open(&peer)?);
        Ok(())
    });
}

#[test]
fn halves_of_two_streams_come_back_with_the_error() {
    run(async || {
        let ((one, mut at_one), (two, mut at_two)) = (pair()?, pair()?);
        let ((read_one, write_one), (read_two, write_two)) = (one.into_split(), two.into_split());
        let error = read_one.reunite(write_two).expect_err("they are of two streams");
        assert_eq!(error.to_string(), "the two halves are not of one stream");
        let (read_one, write_two) = (error.read, error.write);
        assert!(is_open(&at_two)?);
        at_one.write_all(b"one")?;
        read_one.read_exact(&mut [0; 3]).await?;
        write_two.write_all(b"two").await?;
        at_two.read_exact(&mut [0; 3])?;
        read_one.reunite(write_one).expect("they are of one stream");
        write_two.reunite(read_two).expect("they are of one stream");
        Ok(())
    });
}

#[test]
fn vectored_reads_fill_each_buffer_before_the_next() {
    with_pair(async |stream, mut peer| {
        let (mut first, mut second) = ([0; 3], [0; 8]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        {
            let read = begun(stream.read_vectored(&mut bufs)).await;
            peer.write_all(b"abcdef")?;
            assert_eq!(read.await?, 6);
        }
        assert_eq!((&first, &second[..3]), (b"abc", &b"def"[..]));

        let (read, _write) = stream.into_split();
        peer.write_all(b"g")?;
        drop(peer);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(read.read_vectored(&mut bufs).await?, 1);
        assert_eq!(read.read_vectored(&mut bufs).await?, 0);
        Ok(())
    });
}

#[test]
fn a_read_into_empty_buffers_is_done_at_once() {
    with_pair(async |stream, _peer| {
        // From here on, the socket is known to have nothing.
        assert!(poll_here(stream.read(&mut [0])).await.is_pending());
        assert_eq!(stream.read(&mut []).await?, 0);
        assert_eq!(stream.read_vectored(&mut []).await?, 0);
        let mut bufs = [IoSliceMut::new(&mut []), IoSliceMut::new(&mut [])];
        assert_eq!(stream.read_vectored(&mut bufs).await?, 0);
        Ok(())
    });
}

/// The OS takes 1,024 buffers in one call, for example. That the others stay empty does not mean
/// that the socket is.
#[test]
fn more_buffers_than_the_os_takes_at_once_hide_nothing() {
    run(async || {
        const LEN: usize = 5_000;
        let (stream, mut peer) = pair()?;
        assert!(poll_here(stream.read(&mut [0; 1])).await.is_pending());
        peer.write_all(&[7; LEN])?;
        arrived(&stream, LEN).await?;
        let mut all = vec![[0]; LEN];
        let mut filled = 0;
        while filled < LEN {
            let mut bufs: Vec<_> = all[filled..].iter_mut().map(|b| IoSliceMut::new(b)).collect();
            filled += stream.read_vectored(&mut bufs).await?;
        }
        assert!(all.iter().all(|byte| *byte == [7]));
        Ok(())
    });
}

#[test]
fn more_buffers_than_the_os_takes_at_once_are_all_written() {
    with_pair(async |stream, mut peer| {
        assert!(poll_here(stream.read(&mut [0; 1])).await.is_pending());
        stream.writable().await?;
        let all = vec![[7]; 5_000];
        let mut written = 0;
        while written < all.len() {
            let bufs: Vec<_> = all[written..].iter().map(|byte| IoSlice::new(byte)).collect();
            let done = stream.write_vectored(&bufs).await?;
            assert!(done > 0);
            written += done;
        }
        drop(stream);
        let read = rest(&mut peer)?;
        assert_eq!(read.len(), all.len());
        Ok(())
    });
}

/// What such a call does says nothing of what the socket could have done: it is not known how many of
/// the buffers the OS has looked at.
#[test]
fn after_a_call_whose_first_buffers_were_empty_the_next_is_tried() {
    with_pair(async |stream, mut peer| {
        stream.writable().await?;
        let mut bufs = [IoSlice::new(b""); 17];
        bufs[16] = IoSlice::new(b"2");
        assert_eq!(stream.write_vectored(&bufs).await?, 1);
        assert!(poll_here(stream.write(b"3")).await.is_ready());

        peer.write_all(b"a calzone")?;
        stream.readable().await?;
        arrived(&stream, 9).await?;
        let mut byte = [0];
        let mut bufs: Vec<_> = (0..16).map(|_| IoSliceMut::new(&mut [])).collect();
        bufs.push(IoSliceMut::new(&mut byte));
        assert_eq!(stream.read_vectored(&mut bufs).await?, 1);
        let rest = poll_here(stream.read(&mut [0; 64])).await;
        assert!(matches!(rest, Poll::Ready(Ok(8))));
        Ok(())
    });
}

#[test]
fn vectored_writes_write_all_to_a_slow_reader() {
    run(async || {
        let (stream, peer) = narrow_pair()?;
        let data = pattern(3_000_000);
        let expected = data.clone();
        let (_read, write) = stream.into_split();
        let writer = spawn(async move {
            let mut rest = &data[..];
            while !rest.is_empty() {
                let (head, body) = rest.split_at(rest.len() / 3);
                let len = write.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await?;
                rest = &rest[len..];
            }
            Ok(())
        });
        written(writer, peer, &expected).await
    });
}

#[test]
fn closed_ends_when_the_peer_ends_its_half() {
    with_pair(async |stream, peer| {
        let mut closed = begun(stream.closed()).await;
        turns(1_000).await;
        assert!(poll_here(closed.as_mut()).await.is_pending());
        peer.shutdown(Shutdown::Write)?;
        closed.await?;
        stream.closed().await?;
        // Half of the connection is still there.
        stream.write_all(b"pizza").await?;
        assert_eq!((&peer).read(&mut [0; 64])?, 5);
        assert_eq!(stream.read(&mut [0; 64]).await?, 0);
        Ok(())
    });
}

#[test]
fn closed_finds_what_happened_before_the_socket_was_registered() {
    with_pair(async |stream, mut peer| {
        peer.write_all(b"order")?;
        drop(peer);
        stream.closed().await?;
        assert_eq!(stream.read(&mut [0; 64]).await?, 5, "it has read nothing");
        assert_eq!(stream.read(&mut [0; 64]).await?, 0);
        Ok(())
    });
}

#[test]
fn unread_data_neither_ends_the_wait_for_the_end_nor_makes_it_spin() {
    run(async || {
        const CHUNKS: usize = 10;
        let (stream, mut peer) = pair()?;
        let (polls, closed) = counted(async move { stream.closed().await });
        let waiter = spawn(closed);
        for _ in 0..CHUNKS {
            peer.write_all(b"order")?;
            turns(1_000).await;
        }
        assert!(!waiter.is_finished(), "data is no end");
        drop(peer);
        waiter.await??;
        let polls = polls.get();
        // One at first, one for each event: what was there at the registration (it is writable),
        // each chunk, the end.
        assert!(polls <= CHUNKS + 3, "{polls} polls");
        Ok(())
    });
}

/// As [`unread_data_neither_ends_the_wait_for_the_end_nor_makes_it_spin`], and a task reads.
#[test]
fn closed_goes_with_a_reader() {
    with_pair(async |stream, mut peer| {
        let (read, write) = stream.into_split();
        let read = Rc::new(read);
        let waiter = spawn({
            let read = Rc::clone(&read);
            async move { read.closed().await }
        });
        let mut buf = [0; 1024];
        for _ in 0..3 {
            yield_now().await;
            peer.write_all(b"order")?;
            assert_eq!(read.read(&mut buf).await?, 5);
            assert!(!waiter.is_finished());
        }
        drop(peer);
        waiter.await??;
        assert_eq!(read.read(&mut buf).await?, 0);
        drop(write);
        Ok(())
    });
}

/// The halves' names, to be kept in a struct.
struct _Guest {
    _menu: OwnedReadHalf<Stream>,
    _orders: OwnedWriteHalf<Stream>,
}

#[test]
fn a_write_half_whose_peer_is_gone_is_dropped_in_peace() {
    with_pair(async |stream, peer| {
        let (read, write) = stream.into_split();
        drop(peer);
        read.closed().await?;
        drop(write);
        assert_eq!(read.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}
