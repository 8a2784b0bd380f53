//! What each operation of a TCP socket does.

use std::{
    future::poll_fn,
    io::{ErrorKind, Read, Write},
    net::{self, Shutdown, SocketAddr},
    pin::{Pin, pin},
    rc::Rc,
    sync::mpsc,
    task::Poll,
    thread,
};

use futures_core::Stream;
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, yield_now,
};

use crate::support::{counted, fill, narrow_pair, pair, poll_once, reset, run};

/// Bytes that show if one is missing, doubled or in the wrong place.
fn pattern(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}

#[test]
fn write_all_writes_all_to_a_slow_reader() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        let data = pattern(3_000_000);
        let expected = data.clone();
        let writer = spawn(async move {
            stream.write_all(&data).await?;
            stream.shutdown(Shutdown::Write)
        });
        yield_now().await;
        // Windows takes any number of bytes in one call, if it takes any.
        assert!(cfg!(windows) || !writer.is_finished(), "it waits for the reader");
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            let mut buf = [0; 1_000];
            while let Ok(len @ 1..) = peer.read(&mut buf) {
                all.extend_from_slice(&buf[..len]);
            }
            all
        });
        writer.await??;
        assert!(reader.join().expect("no panic") == expected);
        Ok(())
    });
}

#[test]
fn read_exact_waits_for_all_and_leaves_the_rest() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let (polls, read) = counted(async move {
            let mut buf = [0; 6];
            stream.read_exact(&mut buf).await?;
            let mut rest = [0; 8];
            let len = stream.read(&mut rest).await?;
            std::io::Result::Ok((buf, rest[..len].to_vec()))
        });
        let reader = spawn(read);
        yield_now().await;
        for part in ["mar", "g", "herita"] {
            let before = polls.get();
            peer.write_all(part.as_bytes())?;
            while polls.get() == before {
                yield_now().await;
            }
        }
        assert_eq!(reader.await??, (*b"marghe", b"rita".to_vec()));
        Ok(())
    });
}

#[test]
fn read_exact_says_if_the_end_comes_first() {
    run(async || {
        let (stream, mut peer) = pair()?;
        peer.write_all(b"mar")?;
        drop(peer);
        let mut buf = [b'.'; 6];
        let error = stream.read_exact(&mut buf).await.expect_err("three only");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(&buf, b"mar...", "what was read by then");
        stream.read_exact(&mut []).await?;
        Ok(())
    });
}

#[test]
fn peek_leaves_the_bytes_in_the_socket() {
    run(async || {
        let (stream, mut peer) = pair()?;
        let mut buf = [0; 8];
        {
            let mut look = pin!(stream.peek(&mut buf));
            assert!(poll_once(look.as_mut()).await.is_pending());
            peer.write_all(b"bytes")?;
            assert_eq!(look.await?, 5);
        }
        assert_eq!(stream.peek(&mut buf[..2]).await?, 2);
        assert_eq!(stream.read(&mut buf).await?, 5);
        assert_eq!(&buf[..5], b"bytes");
        drop(peer);
        assert_eq!(stream.peek(&mut buf).await?, 0, "the end can be peeked at");
        Ok(())
    });
}

#[test]
fn readable_and_writable_wait_for_what_they_say() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        stream.writable().await?;
        fill(&stream).await?;
        let mut readable = pin!(stream.readable());
        let mut writable = pin!(stream.writable());
        assert!(poll_once(readable.as_mut()).await.is_pending());
        assert!(poll_once(writable.as_mut()).await.is_pending());
        peer.write_all(b"!")?;
        readable.await?;
        stream.readable().await?; // As long as nothing is read.
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        if !cfg!(any(target_os = "linux", target_os = "android")) {
            // Elsewhere a read of less than was asked for does not say that there is no more.
            assert!(poll_once(pin!(stream.read(&mut [0; 8]))).await.is_pending());
        }
        assert!(poll_once(pin!(stream.readable())).await.is_pending());
        let drain = thread::spawn(move || while peer.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {});
        writable.await?;
        assert!(stream.write(b"!").await? > 0);
        stream.shutdown(Shutdown::Write)?;
        drain.join().expect("no panic");
        stream.readable().await?; // The end, too, can be read.
        assert_eq!(stream.read(&mut [0; 8]).await?, 0);
        Ok(())
    });
}

#[test]
fn an_empty_buffer_is_done_at_once() {
    run(async || {
        let (stream, _peer) = pair()?;
        assert_eq!(stream.write(&[]).await?, 0);
        stream.write_all(&[]).await?;
        assert_eq!(stream.read(&mut []).await?, 0);
        Ok(())
    });
}

#[test]
fn one_task_reads_while_another_writes() {
    run(async || {
        let (stream, peer) = narrow_pair()?;
        let stream = Rc::new(stream);
        let data = pattern(500_000);
        // The peer sends back what it gets.
        let echo = thread::spawn(move || {
            let (mut from, mut to) = (peer.try_clone()?, peer);
            std::io::copy(&mut from, &mut to)?;
            to.shutdown(Shutdown::Write)
        });
        let writer = spawn({
            let (stream, data) = (Rc::clone(&stream), data.clone());
            async move {
                stream.write_all(&data).await?;
                stream.shutdown(Shutdown::Write)
            }
        });
        let mut all = Vec::new();
        let mut buf = [0; 4096];
        loop {
            match stream.read(&mut buf).await? {
                0 => break,
                len => all.extend_from_slice(&buf[..len]),
            }
        }
        writer.await??;
        echo.join().expect("no panic")?;
        assert!(all == data);
        Ok(())
    });
}

#[test]
fn shutdown_ends_one_half() {
    run(async || {
        let (stream, mut peer) = pair()?;
        stream.write_all(b"last").await?;
        stream.shutdown(Shutdown::Write)?;
        let mut all = Vec::new();
        peer.read_to_end(&mut all)?;
        assert_eq!(all, b"last");
        let error = stream.write(b"more").await.expect_err("it is shut down");
        // Windows has a code of its own for it, WSAESHUTDOWN, which std gives no kind.
        let is_shut_down = error.kind() == ErrorKind::BrokenPipe
            || cfg!(windows) && error.raw_os_error() == Some(10058);
        assert!(is_shut_down, "{error:?}");
        peer.write_all(b"still")?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

/// Windows reports nothing to a reader when its own end is shut down.
#[cfg(unix)]
#[test]
fn shutdown_of_the_reading_half_wakes_the_reader() {
    run(async || {
        let (stream, _peer) = pair()?;
        let stream = Rc::new(stream);
        let reader = spawn({
            let stream = Rc::clone(&stream);
            async move { stream.read(&mut [0; 8]).await }
        });
        yield_now().await;
        stream.shutdown(Shutdown::Read)?;
        assert_eq!(reader.await??, 0);
        Ok(())
    });
}

#[test]
fn writing_to_a_peer_that_is_gone_is_an_error() {
    run(async || {
        let (stream, peer) = pair()?;
        reset(peer)?;
        let error = loop {
            if let Err(error) = stream.write_all(b"hello?").await {
                break error;
            }
        };
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{kind:?}");
        Ok(())
    });
}

#[test]
fn options_and_addresses_are_the_oss() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        assert_ne!(addr.port(), 0);
        listener.set_ttl(61)?;
        assert_eq!(listener.ttl()?, 61);
        assert!(listener.take_error()?.is_none());

        let stream = TcpStream::connect(addr).await?;
        let (conn, peer) = listener.accept().await?;
        assert_eq!((stream.local_addr()?, stream.peer_addr()?), (peer, addr));
        assert_eq!((conn.local_addr()?, conn.peer_addr()?), (addr, peer));
        for nodelay in [true, false] {
            stream.set_nodelay(nodelay)?;
            assert_eq!(stream.nodelay()?, nodelay);
        }
        stream.set_ttl(62)?;
        assert_eq!(stream.ttl()?, 62);
        assert!(stream.take_error()?.is_none());
        Ok(())
    });
}

/// On Windows a reset is no error of the socket: an operation returns it.
#[cfg(unix)]
#[test]
fn take_error_takes_the_error_out() {
    run(async || {
        let (stream, peer) = pair()?;
        let mut readable = pin!(stream.readable());
        assert!(poll_once(readable.as_mut()).await.is_pending());
        reset(peer)?;
        readable.await?;
        let error = stream.take_error()?.expect("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(stream.take_error()?.is_none());
        Ok(())
    });
}

#[test]
fn connect_tries_each_address_in_turn() {
    run(async || {
        let refused = net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let stream = TcpStream::connect(&[refused, addr][..]).await?;
        assert_eq!(stream.peer_addr()?, addr);

        let error = TcpStream::connect(&[refused, refused][..]).await;
        assert_eq!(error.map(drop).map_err(|e| e.kind()), Err(ErrorKind::ConnectionRefused));
        let nowhere: [SocketAddr; 0] = [];
        let error = TcpStream::connect(&nowhere[..]).await;
        assert_eq!(error.map(drop).map_err(|e| e.kind()), Err(ErrorKind::InvalidInput));
        Ok(())
    });
}

#[test]
fn bind_says_why_an_address_cannot_be_had() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let error = TcpListener::bind(listener.local_addr()?).expect_err("it is in use");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        // From an address that is for documentation only.
        let error = TcpListener::bind("192.0.2.1:0").expect_err("it is not ours");
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        Ok(())
    });
}

#[test]
fn incoming_is_a_stream_of_connections() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let server = spawn(async move {
            let mut incoming = listener.incoming();
            let mut peers = Vec::new();
            while peers.len() < 5 {
                let next = poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx)).await;
                peers.push(next.expect("it never ends")?.peer_addr()?);
            }
            std::io::Result::Ok(peers)
        });
        yield_now().await;
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(TcpStream::connect(addr).await?);
        }
        let expected: Result<Vec<_>, _> = clients.iter().map(TcpStream::local_addr).collect();
        assert_eq!(server.await??, expected?);
        Ok(())
    });
}

#[test]
#[cfg(unix)]
fn a_socket_shows_its_descriptor() {
    use std::os::fd::{AsFd, AsRawFd};

    run(async || {
        let (stream, _peer) = pair()?;
        assert_eq!(stream.as_fd().as_raw_fd(), stream.as_raw_fd());
        let number = stream.as_raw_fd();
        assert_eq!(net::TcpStream::try_from(stream)?.as_raw_fd(), number);

        let listener = TcpListener::bind("127.0.0.1:0")?;
        assert_eq!(listener.as_fd().as_raw_fd(), listener.as_raw_fd());
        Ok(())
    });
}

#[test]
fn a_socket_goes_to_std_and_back() {
    run(async || {
        let (stream, mut peer) = pair()?;
        assert!(poll_once(pin!(stream.readable())).await.is_pending());
        let mut stream = net::TcpStream::try_from(stream)?;
        // It blocks again: the read waits for a byte that is sent while it waits.
        let (ready, go) = mpsc::channel();
        let sender = thread::spawn(move || {
            go.recv().expect("the reader is about to read");
            peer.write_all(b"!").map(|()| peer)
        });
        ready.send(()).expect("the sender waits");
        assert_eq!(stream.read(&mut [0; 8])?, 1);
        let mut peer = sender.join().expect("no panic")?;
        let stream = TcpStream::try_from(stream)?;
        assert!(poll_once(pin!(stream.readable())).await.is_pending());
        peer.write_all(b"!")?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);

        let listener = TcpListener::bind("127.0.0.1:0")?;
        assert!(poll_once(pin!(listener.accept())).await.is_pending());
        let addr = listener.local_addr()?;
        let listener = net::TcpListener::try_from(listener)?;
        let client = thread::spawn(move || net::TcpStream::connect(addr));
        listener.accept()?;
        client.join().expect("no panic")?;
        Ok(())
    });
}

#[test]
fn dropping_a_socket_closes_it() {
    run(async || {
        let (stream, mut peer) = pair()?;
        // Registered or not.
        assert!(matches!(poll_once(pin!(stream.readable())).await, Poll::Pending));
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8])?, 0);
        let (stream, mut peer) = pair()?;
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8])?, 0);
        Ok(())
    });
}

/// Most clients need some time until they send something. So an accepted stream registers before its
/// first read, without a try, and a connection costs the same calls whatever its client does.
#[test]
fn an_accepted_stream_registers_before_its_first_read_and_writes_at_once() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut client = net::TcpStream::connect(listener.local_addr()?)?;
        client.write_all(b"2")?;
        let (stream, _) = listener.accept().await?;
        assert!(poll_once(pin!(stream.write(b"!"))).await.is_ready());
        let mut byte = [0];
        let mut read = pin!(stream.read(&mut byte));
        assert!(poll_once(read.as_mut()).await.is_pending());
        assert_eq!(read.await?, 1, "what was there is not lost");
        Ok(())
    });
}
