//! An operation that is dropped before it is ready loses no data and leaves nothing behind.

use std::{
    future::Future,
    io::{self, Read, Write},
    net::{self, Shutdown},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
    thread,
};

use futures_core::Stream;
use pizzaiolo::{net::TcpListener, spawn, yield_now};

use crate::support::{Counter, fill, full_listener, narrow_pair, pair, poll_with, run};

/// Polls a future until it waits, drops it, and looks whether its waker went with it.
async fn begin_and_drop<F: Future>(future: F) {
    let (count, waker) = Counter::with_waker();
    {
        let mut future = pin!(future);
        assert!(poll_with(future.as_mut(), &waker).is_pending());
        assert_eq!(count.wakers(), 2, "it waits");
    }
    assert_eq!(count.wakers(), 1, "its waker went with it");
    assert_eq!(count.get(), 0);
}

#[test]
fn a_dropped_read_loses_nothing() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let mut buf = [0; 8];
        begin_and_drop(stream.read(&mut buf)).await;
        peer.write_all(b"early")?;
        assert_eq!(stream.read(&mut buf).await?, 5);
        begin_and_drop(stream.read(&mut buf)).await;
        peer.write_all(b"late")?;
        assert_eq!(stream.read(&mut buf).await?, 4);
        assert_eq!(&buf[..4], b"late");
        Ok(())
    });
}

#[test]
fn a_read_that_is_woken_and_then_dropped_leaves_the_bytes_to_the_next() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let (count, waker) = Counter::with_waker();
        let mut buf = [0; 8];
        {
            let mut read = pin!(stream.read(&mut buf));
            assert!(poll_with(read.as_mut(), &waker).is_pending());
            peer.write_all(b"bytes")?;
            stream.readable().await?;
            assert_eq!(count.get(), 1);
        }
        assert_eq!(stream.read(&mut buf).await?, 5);
        assert_eq!(&buf[..5], b"bytes");
        Ok(())
    });
}

#[test]
fn a_dropped_peek_or_wait_leaves_nothing_behind() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        let filled = fill(&stream).await?;
        begin_and_drop(stream.peek(&mut [0; 8])).await;
        begin_and_drop(stream.readable()).await;
        begin_and_drop(stream.writable()).await;
        peer.write_all(b"!")?;
        assert_eq!(stream.peek(&mut [0; 8]).await?, 1);
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        drop(peer);
        assert!(filled > 0);
        Ok(())
    });
}

#[test]
fn a_dropped_write_has_written_nothing() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        let filled = fill(&stream).await?;
        begin_and_drop(stream.write(b"never")).await;
        let reader = thread::spawn(move || -> io::Result<_> {
            let mut all = Vec::new();
            peer.read_to_end(&mut all)?;
            Ok(all)
        });
        stream.write_all(b"!").await?;
        stream.shutdown(Shutdown::Write)?;
        let all = reader.join().expect("no panic")?;
        assert_eq!(all.len(), filled + 1);
        assert_eq!(all.last(), Some(&b'!'));
        Ok(())
    });
}

#[test]
fn a_dropped_accept_leaves_the_connection_to_the_next() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        begin_and_drop(listener.accept()).await;
        let client = net::TcpStream::connect(addr)?;
        let (_conn, peer) = listener.accept().await?;
        assert_eq!(peer, client.local_addr()?);

        // Woken, and dropped before its turn.
        let (count, waker) = Counter::with_waker();
        let mut accept = Box::pin(listener.accept());
        assert!(poll_with(accept.as_mut(), &waker).is_pending());
        let client = net::TcpStream::connect(addr)?;
        while count.get() == 0 {
            yield_now().await;
        }
        drop(accept);
        let (_conn, peer) = listener.accept().await?;
        assert_eq!(peer, client.local_addr()?);
        Ok(())
    });
}

#[test]
fn dropped_incoming_leaves_the_connection_to_the_next() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (count, waker) = Counter::with_waker();
        let mut incoming = listener.incoming();
        // As a part of the task, for it has to wait inside an executor.
        let first = std::future::poll_fn(|_| {
            let poll = Pin::new(&mut incoming).poll_next(&mut Context::from_waker(&waker));
            Poll::Ready(poll.is_pending())
        });
        assert!(first.await);
        assert_eq!(count.wakers(), 2, "it waits");
        drop(incoming);
        assert_eq!(count.wakers(), 1, "its waker went with it");
        let client = net::TcpStream::connect(listener.local_addr()?)?;
        let (_conn, peer) = listener.accept().await?;
        assert_eq!(peer, client.local_addr()?);
        assert_eq!(count.get(), 0);
        Ok(())
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_dropped_connect_closes_what_it_began() {
    run(async || {
        let (listener, waiting) = full_listener()?;
        let addr = listener.local_addr()?;
        begin_and_drop(pizzaiolo::net::TcpStream::connect(addr)).await;
        // Those that were in the queue, and nobody else.
        for client in waiting {
            let (_, peer) = listener.accept()?;
            assert_eq!(peer, client.local_addr()?);
        }
        let client = pizzaiolo::net::TcpStream::connect(addr).await?;
        let (_, peer) = listener.accept()?;
        assert_eq!(peer, client.local_addr()?);
        Ok(())
    });
}

#[test]
fn ten_thousand_dropped_waits_leave_nothing_behind() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let (count, waker) = Counter::with_waker();
        for _ in 0..10_000 {
            let mut buf = [0; 8];
            let mut read = pin!(stream.read(&mut buf));
            assert!(poll_with(read.as_mut(), &waker).is_pending());
        }
        assert_eq!(count.wakers(), 1);
        peer.write_all(b"!")?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        assert_eq!(count.get(), 0);
        Ok(())
    });
}

#[test]
fn a_dropped_wait_leaves_the_others_waiting() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let stream = Rc::new(stream);
        let reader = || {
            let stream = Rc::clone(&stream);
            spawn(async move { stream.read(&mut [0]).await })
        };
        let first = reader();
        yield_now().await;
        let mut buf = [0];
        let mut dropped = Box::pin(stream.read(&mut buf));
        assert!(poll_with(dropped.as_mut(), Waker::noop()).is_pending());
        let last = reader();
        yield_now().await;
        drop(dropped);
        peer.write_all(b"ab")?;
        assert_eq!((first.await??, last.await??), (1, 1));
        Ok(())
    });
}
