//! What each operation of a TCP socket does.

use std::net::Shutdown;

use super::{StdStream, Stream, cut, echo, fill, narrow_pair, pair, with_pair, written};
use crate::support::prelude::*;

#[test]
fn write_all_writes_all_to_a_slow_reader() {
    run(async || {
        let (stream, peer) = narrow_pair()?;
        let data = pattern(3_000_000);
        let expected = data.clone();
        let writer = spawn(async move {
            stream.write_all(&data).await?;
            stream.shutdown(Shutdown::Write)
        });
        written(writer, peer, &expected).await
    });
}

#[test]
fn read_exact_waits_for_all_and_leaves_the_rest() {
    with_pair(async |stream, mut peer| {
        let (polls, read) = counted(async move {
            let mut buf = [0; 6];
            stream.read_exact(&mut buf).await?;
            let mut rest = [0; 8];
            let len = stream.read(&mut rest).await?;
            io::Result::Ok((buf, rest[..len].to_vec()))
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
    with_pair(async |stream, mut peer| {
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
fn readable_and_writable_wait_for_what_they_say() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        stream.writable().await?;
        fill(&stream).await?;
        let mut readable = pin!(stream.readable());
        let mut writable = pin!(stream.writable());
        assert!(poll_here(readable.as_mut()).await.is_pending());
        assert!(poll_here(writable.as_mut()).await.is_pending());
        peer.write_all(b"!")?;
        readable.await?;
        stream.readable().await?; // As long as nothing is read.
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        // Of a Unix socket, and elsewhere than on Linux, a short read does not say that there is no more.
        assert!(poll_here(stream.read(&mut [0; 8])).await.is_pending());
        assert!(poll_here(stream.readable()).await.is_pending());
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
    with_pair(async |stream, _peer| {
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
        let (data, echo) = (pattern(500_000), echo(peer));
        let writer = spawn({
            let (stream, data) = (Rc::clone(&stream), data.clone());
            async move {
                stream.write_all(&data).await?;
                stream.shutdown(Shutdown::Write)
            }
        });
        let all = rest_of(async |buf| stream.read(buf).await).await?;
        writer.await??;
        echo.join().expect("no panic")?;
        assert!(all == data);
        Ok(())
    });
}

#[test]
fn shutdown_ends_one_half() {
    with_pair(async |stream, mut peer| {
        stream.write_all(b"last").await?;
        stream.shutdown(Shutdown::Write)?;
        assert_eq!(rest(&mut peer)?, b"last");
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
    with_pair(async |stream, _peer| {
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
    with_pair(async |stream, peer| {
        cut(peer)?;
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
fn dropping_a_socket_closes_it() {
    with_pair(async |stream, mut peer| {
        // Registered or not.
        assert!(poll_here(stream.readable()).await.is_pending());
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8])?, 0);
        let (stream, mut peer) = pair()?;
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8])?, 0);
        Ok(())
    });
}

#[test]
fn a_socket_goes_to_std_and_back() {
    with_pair(async |stream, mut peer| {
        assert!(poll_here(stream.readable()).await.is_pending());
        let mut stream = StdStream::try_from(stream)?;
        #[cfg(unix)]
        assert!(!socket2::SockRef::from(&stream).nonblocking()?);
        // It blocks again: the read waits for a byte that is sent while it waits.
        let (ready, go) = mpsc::channel();
        let sender = thread::spawn(move || {
            go.recv().expect("the reader is about to read");
            peer.write_all(b"!").map(|()| peer)
        });
        ready.send(()).expect("the sender waits");
        assert_eq!(stream.read(&mut [0; 8])?, 1);
        let mut peer = sender.join().expect("no panic")?;
        let stream = Stream::try_from(stream)?;
        assert!(poll_here(stream.readable()).await.is_pending());
        peer.write_all(b"!")?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        Ok(())
    });
}
