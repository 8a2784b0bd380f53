//! Which executor a socket belongs to.

use super::{StdStream, Stream, boxed_read, connect, listen, pair};
use crate::support::prelude::*;

#[test]
fn sockets_may_be_made_before_any_executor() {
    bound();
    let (listener, addr) = listen().expect("a place");
    let (stream, mut peer) = pair().expect("a connection");
    pizzaiolo::block_on(async {
        let accept = pizzaiolo::spawn(async move { listener.accept().await });
        connect(&addr).await.expect("it listens");
        accept.await.expect("no panic").expect("a connection");
        peer.write_all(b"!").expect("there is room");
        assert_eq!(stream.read(&mut [0; 8]).await.expect("a byte"), 1);
    });
}

#[test]
fn a_socket_is_registered_once() {
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
}

#[test]
fn waiting_under_another_executor_is_an_error_that_says_so() {
    bound();
    let (first, second) =
        (Executor::new().expect("an executor"), Executor::new().expect("an executor"));
    let (stream, mut peer) = pair().expect("a connection");
    let (listener, _addr) = listen().expect("a place");
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
}

#[test]
fn waiting_when_the_executor_is_gone_is_an_error_that_says_so() {
    bound();
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
}

/// Row "an operation pending when its executor goes away hangs" (tokio#2903), for sockets: its
/// waker is woken, and its next poll is an error, under any executor and under none.
#[test]
fn an_operation_pending_when_its_executor_goes_away_ends_with_an_error() {
    bound();
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

    let error = pizzaiolo::block_on(read).expect_err("nothing would wake it");
    assert!(error.to_string().contains("executor is gone"), "{error}");
    // Another runtime, or none of ours: an error all the same, for the fault is no longer
    // that no executor runs here.
    let Poll::Ready(Err(error)) = readable.as_mut().poll(&mut Context::from_waker(&waker)) else {
        panic!("it waits for an executor that is gone");
    };
    assert!(error.to_string().contains("executor is gone"), "{error}");
}

/// The same row (tokio#2903), for who asks in the middle of it: what would wait for an executor
/// that is going away is an error too, whether it waited before or not.
#[test]
fn an_operation_polled_while_its_executor_goes_away_ends_with_an_error() {
    bound();
    let (old, _old_peer) = pair().expect("a connection");
    let (new, _new_peer) = pair().expect("a connection");
    let mut reads = [boxed_read(old), boxed_read(new)];
    let (in_the_wake, waker) = runs_code();
    let executor = Executor::new().expect("an executor");
    executor.block_on(async {
        assert!(poll_with(reads[0].as_mut(), &waker).is_pending());
    });
    let (tell, received) = mpsc::channel();
    in_the_wake(Box::new(move || {
        for mut read in reads {
            let poll = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            tell.send(poll.map(|read| read.map_err(|error| error.to_string())))
                .expect("it is heard");
        }
    }));
    drop(executor);
    let polls: Vec<_> = received.iter().collect();
    assert_eq!(polls.len(), 2);
    for poll in polls {
        let Poll::Ready(Err(error)) = poll else { panic!("nothing will wake it: {poll:?}") };
        assert!(error.contains("executor is gone"), "{error}");
    }
}

#[test]
fn waiting_outside_an_executor_panics_and_names_the_remedy() {
    bound();
    let (stream, mut peer) = pair().expect("a connection");
    let (listener, _addr) = listen().expect("a place");
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
}

#[test]
fn a_socket_that_went_through_std_may_wait_under_another_executor() {
    bound();
    let (stream, mut peer) = pair().expect("a connection");
    let executor = Executor::new().expect("an executor");
    executor.block_on(async {
        assert!(poll_here(stream.readable()).await.is_pending());
    });
    let stream = StdStream::try_from(stream).expect("it is taken out");
    let stream = Stream::try_from(stream).expect("it is put in again");
    pizzaiolo::block_on(async {
        let mut buf = [0; 8];
        let read = begun(stream.read(&mut buf)).await;
        peer.write_all(b"!").expect("there is room");
        assert_eq!(read.await.expect("a byte"), 1);
    });
}
