//! Which executor a socket belongs to.

use std::{
    io::{ErrorKind, Read, Write},
    net,
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
};

use pizzaiolo::{
    Executor,
    net::{TcpListener, TcpStream},
};

use crate::support::{
    Counter, bounded, boxed_read, pair, panic_of, poll_here, poll_once, poll_with, runs_code,
    watched,
};

#[test]
fn sockets_may_be_made_before_any_executor() {
    bounded(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("its address");
        let (stream, mut peer) = pair().expect("a connection");
        pizzaiolo::block_on(async {
            let accept = pizzaiolo::spawn(async move { listener.accept().await });
            TcpStream::connect(addr).await.expect("it listens");
            accept.await.expect("no panic").expect("a connection");
            peer.write_all(b"!").expect("there is room");
            assert_eq!(stream.read(&mut [0; 8]).await.expect("a byte"), 1);
        });
    });
}

#[test]
fn a_socket_that_never_has_to_wait_never_registers() {
    bounded(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("its address");
        let mut client = net::TcpStream::connect(addr).expect("it listens");
        client.write_all(b"one two").expect("there is room");
        // Each operation under an executor of its own.
        let (executors, events): (Vec<_>, Vec<_>) = (0..5).map(|_| watched()).unzip();
        let (conn, _) = executors[0].block_on(listener.accept()).expect("it is there already");
        // An accepted stream registers when it is first read, so this one is made of std's.
        let conn = net::TcpStream::try_from(conn).expect("it is not registered");
        let conn = TcpStream::try_from(conn).expect("it is a socket");
        let mut buf = [0; 3];
        executors[1].block_on(conn.peek(&mut buf)).expect("it is there already");
        executors[2].block_on(conn.read_exact(&mut buf)).expect("it is there already");
        executors[3].block_on(conn.read_exact(&mut buf)).expect("it is there already");
        executors[4].block_on(conn.write_all(b"done")).expect("there is room");
        assert_eq!(client.read(&mut [0; 8]).expect("the answer"), 4);
        assert!(events.iter().all(|events| events.registered().is_empty()));

        // And outside any executor.
        let mut write = pin!(conn.write(b"!"));
        let poll = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(poll, Poll::Ready(Ok(1))));
    });
}

#[test]
fn a_socket_is_registered_once() {
    bounded(|| {
        let (executor, events) = watched();
        let (stream, mut peer) = pair().expect("a connection");
        for _ in 0..100 {
            executor.block_on(async {
                assert!(poll_here(stream.read(&mut [0; 8])).await.is_pending());
                peer.write_all(b"!").expect("there is room");
                assert_eq!(stream.read(&mut [0; 8]).await.expect("a byte"), 1);
                stream.writable().await.expect("there is room");
            });
        }
        assert_eq!(events.registered(), ["socket 0"]);
    });
}

#[test]
fn waiting_under_another_executor_is_an_error_that_says_so() {
    bounded(|| {
        let (first, second) =
            (Executor::new().expect("an executor"), Executor::new().expect("an executor"));
        let (stream, mut peer) = pair().expect("a connection");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        first.block_on(async {
            assert!(poll_here(stream.readable()).await.is_pending());
            assert!(poll_here(listener.accept()).await.is_pending());
        });
        let says_so = |error: std::io::Error| {
            assert_eq!(error.kind(), ErrorKind::Other);
            assert!(error.to_string().contains("another executor"), "{error}");
        };
        second.block_on(async {
            says_so(stream.read(&mut [0; 8]).await.expect_err("it has to wait"));
            says_so(stream.readable().await.expect_err("it has to wait"));
            says_so(listener.accept().await.expect_err("it has to wait"));
        });
        // Under its own executor nothing has changed.
        peer.write_all(b"!").expect("there is room");
        let read = first.block_on(async { stream.read(&mut [0; 8]).await });
        assert_eq!(read.expect("a byte"), 1);
    });
}

#[test]
fn waiting_when_the_executor_is_gone_is_an_error_that_says_so() {
    bounded(|| {
        let (stream, _peer) = pair().expect("a connection");
        pizzaiolo::block_on(async {
            assert!(poll_here(stream.readable()).await.is_pending());
        });
        for _ in 0..2 {
            let error = pizzaiolo::block_on(async { stream.read(&mut [0; 8]).await })
                .expect_err("it has to wait");
            assert_eq!(error.kind(), ErrorKind::Other);
            assert!(error.to_string().contains("executor is gone"), "{error}");
        }
    });
}

/// Row "an operation pending when its executor goes away hangs" (tokio#2903), for sockets: its
/// waker is woken, and its next poll is an error, under any executor and under none.
#[test]
fn an_operation_pending_when_its_executor_goes_away_ends_with_an_error() {
    bounded(|| {
        let (stream, _peer) = pair().expect("a connection");
        let mut buf = [0; 8];
        let mut read = pin!(stream.read(&mut buf));
        let mut readable = pin!(stream.readable());
        let (count, waker) = Counter::with_waker();
        let executor = Executor::new().expect("an executor");
        executor.block_on(async {
            assert!(poll_with(read.as_mut(), &waker).is_pending());
            assert!(poll_with(readable.as_mut(), &waker).is_pending());
        });
        assert_eq!(count.get(), 0);
        drop(executor);
        assert_eq!(count.get(), 2, "one wake for each operation");

        let error = pizzaiolo::block_on(read).expect_err("nobody would wake it");
        assert!(error.to_string().contains("executor is gone"), "{error}");
        // Another runtime, or none of ours: an error all the same, for the fault is no longer
        // that no executor runs here.
        let Poll::Ready(Err(error)) = readable.as_mut().poll(&mut Context::from_waker(&waker))
        else {
            panic!("it waits for an executor that is gone");
        };
        assert!(error.to_string().contains("executor is gone"), "{error}");
    });
}

/// The same row (tokio#2903), for who asks in the middle of it: what would wait for an executor
/// that is going away is an error too, whether it waited before or not.
#[test]
fn an_operation_polled_while_its_executor_goes_away_ends_with_an_error() {
    bounded(|| {
        let (old, _old_peer) = pair().expect("a connection");
        let (new, _new_peer) = pair().expect("a connection");
        let mut reads = [boxed_read(old), boxed_read(new)];
        let (in_the_wake, waker) = runs_code();
        let executor = Executor::new().expect("an executor");
        executor.block_on(async {
            assert!(poll_with(reads[0].as_mut(), &waker).is_pending());
        });
        let (tell, told) = mpsc::channel();
        in_the_wake(Box::new(move || {
            for mut read in reads {
                let poll = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                tell.send(poll.map(|read| read.map_err(|error| error.to_string())))
                    .expect("it is heard");
            }
        }));
        drop(executor);
        let polls: Vec<_> = told.iter().collect();
        assert_eq!(polls.len(), 2);
        for poll in polls {
            let Poll::Ready(Err(error)) = poll else { panic!("nobody will wake it: {poll:?}") };
            assert!(error.contains("executor is gone"), "{error}");
        }
    });
}

#[test]
fn waiting_outside_an_executor_panics_and_names_the_remedy() {
    bounded(|| {
        let (stream, mut peer) = pair().expect("a connection");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        for (message, _) in [
            panic_of(|| drop(poll_once(stream.read(&mut [0; 8])))),
            panic_of(|| drop(poll_once(listener.accept()))),
        ] {
            assert!(message.contains("no pizzaiolo executor"), "{message}");
            assert!(message.contains("pizzaiolo::block_on"), "{message}");
        }
        // It has done no harm.
        peer.write_all(b"!").expect("there is room");
        let read = pizzaiolo::block_on(async { stream.read(&mut [0; 8]).await });
        assert_eq!(read.expect("a byte"), 1);
    });
}

#[test]
fn a_socket_that_went_through_std_may_wait_under_another_executor() {
    bounded(|| {
        let (stream, mut peer) = pair().expect("a connection");
        let executor = Executor::new().expect("an executor");
        executor.block_on(async {
            assert!(poll_here(stream.readable()).await.is_pending());
        });
        let stream = net::TcpStream::try_from(stream).expect("it is taken out");
        let stream = TcpStream::try_from(stream).expect("it is put in again");
        pizzaiolo::block_on(async {
            let mut buf = [0; 8];
            let mut read = pin!(stream.read(&mut buf));
            assert!(poll_here(read.as_mut()).await.is_pending());
            peer.write_all(b"!").expect("there is room");
            assert_eq!(read.await.expect("a byte"), 1);
        });
    });
}
