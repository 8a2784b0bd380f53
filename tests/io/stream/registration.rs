//! What a registration costs, and what it leaves behind.

use pizzaiolo::trace::{Event, EventKind};

use super::{StdStream, Stream, listen, pair, std_connect, std_pair};
use crate::support::prelude::*;

/// Row "an older operation clears newer readiness" (tokio#6133). The library reports `Registered`
/// between the first try and the wait; that is when the event comes.
#[test]
fn an_event_between_the_first_try_and_the_wait_survives() {
    let (stream, peer) = pair().expect("a connection");
    let sent = Counter::new();
    let count = sent.clone();
    let executor = made(Executor::builder().observer(OnEvent(move |event: &Event| {
        if let EventKind::Registered { .. } = event.kind() {
            (&peer).write_all(b"now").expect("there is room");
            count.add();
        }
    })));
    let read = executor.block_on(stream.read(&mut [0; 8]));
    assert_eq!(read.expect("three bytes"), 3);
    assert_eq!(sent.get(), 1, "the event came between the try and the wait");
}

/// Row "a registration leaks when register or deregister fails" (tokio#6329, #7773). The place of
/// a registration that failed is used again, so it is free.
#[test]
#[cfg(unix)]
fn a_registration_that_fails_leaves_nothing_behind() {
    run_watched(async |events| {
        for _ in 0..1_000 {
            // What epoll and kqueue do not watch, in a socket's clothes.
            let file = std::fs::File::open("/dev/null")?;
            let stream = StdStream::from(std::os::fd::OwnedFd::from(file));
            let stream = Stream::try_from(stream)?;
            let error = stream.readable().await.expect_err("it cannot be watched");
            assert_ne!(error.kind(), ErrorKind::WouldBlock);
        }
        assert_eq!(events.registered(), [""; 0]);
        let (stream, mut peer) = pair()?;
        peer.write_all(b"!")?;
        stream.readable().await?;
        assert_eq!(events.registered(), ["socket 0.1000"]);
        Ok(())
    });
}

/// Row "a registration leaks when register or deregister fails" (tokio#6329, #7773), for sockets
/// that are dropped or taken out.
#[test]
fn a_socket_that_goes_leaves_nothing_behind() {
    run_watched(async |events| {
        for round in 0..500 {
            let (stream, mut peer) = pair()?;
            peer.write_all(b"!")?;
            stream.readable().await?;
            if round % 2 == 0 {
                drop(stream);
            } else {
                StdStream::try_from(stream)?;
            }
        }
        let names = events.registered();
        assert_eq!((names.len(), &*names[499]), (500, "socket 0.499"));
        Ok(())
    });
}

/// The same row (tokio#6329, #7773): epoll still knows a descriptor that was closed while the
/// file behind it is open elsewhere. It does no harm.
#[test]
#[cfg(unix)]
fn a_socket_whose_duplicate_lives_on_can_be_registered_again() {
    use std::os::fd::AsRawFd;

    run(async || {
        let (stream, mut peer) = std_pair()?;
        // The duplicate's number is below the first one's, and then there is a hole for the next.
        let duplicate = stream.try_clone()?;
        let mut stream = Stream::try_from(stream)?;
        let number = stream.as_raw_fd();
        assert!(poll_here(stream.readable()).await.is_pending());
        drop(stream);
        // Until one has the number of the first; other tests take descriptors too.
        let mut others = Vec::new();
        loop {
            let next = duplicate.try_clone()?;
            if next.as_raw_fd() == number {
                stream = next.try_into()?;
                break;
            }
            if next.as_raw_fd() > number + 1_000 {
                println!("skipped: another test has taken descriptor {number}");
                return Ok(());
            }
            others.push(next);
        }
        assert!(poll_here(stream.readable()).await.is_pending());
        peer.write_all(b"!")?;
        stream.readable().await?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        Ok(())
    });
}

/// Row "a blocking std socket freezes the loop" (tokio#3099).
#[test]
fn a_blocking_std_socket_does_not_freeze_the_loop() {
    run(async || {
        let (stream, mut peer) = std_pair()?;
        let stream = Stream::try_from(stream)?;
        let (listener, addr) = listen()?;
        let reader = spawn(async move { stream.read(&mut [0; 8]).await });
        let acceptor = spawn(async move { listener.accept().await });
        // Had either of them blocked, this would never run.
        yield_now().await;
        let _client = std_connect(&addr)?;
        peer.write_all(b"!")?;
        assert_eq!(reader.await??, 1);
        acceptor.await??;
        Ok(())
    });
}
