//! What every kind of listener promises. Compiled for each kind, as `stream` is.

use futures_util::StreamExt;

use super::{Listener, StdListener, connect, listen, std_connect};
use crate::support::prelude::*;

/// Row "two tasks wait for the same direction: only the last is woken" (tokio#1413,
/// futures-rs#2292), for a listener.
#[test]
fn all_who_wait_to_accept_are_served() {
    run(async || {
        let (listener, addr) = listen()?;
        let listener = Rc::new(listener);
        let acceptors: Vec<_> = (0..3)
            .map(|_| {
                let listener = Rc::clone(&listener);
                spawn(async move { listener.accept().await })
            })
            .collect();
        yield_now().await;
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(std_connect(&addr)?);
        }
        for acceptor in acceptors {
            acceptor.await??;
        }
        Ok(())
    });
}

/// A client comes, and the accept that waits for it is given up: the next one gets it.
#[track_caller]
fn loses_no_connection(accept: &impl AsyncFn(&Listener) -> io::Result<()>) {
    cancelled_at_each_await(async |cancel| {
        let (listener, addr) = listen()?;
        begin_and_drop(accept(&listener));
        let client = spawn(async move {
            yield_now().await;
            std_connect(&addr)
        });
        again(cancel, async || accept(&listener).await).await?;
        let _client = client.await??;
        assert!(would_block(listener.try_accept()), "there was one");
        Ok(())
    });
}

#[test]
fn a_dropped_accept_leaves_the_connection_to_the_next() {
    loses_no_connection(&async |listener| listener.accept().await.map(drop));
}

#[test]
fn dropped_incoming_leaves_the_connection_to_the_next() {
    loses_no_connection(&async |listener| {
        listener.incoming().next().await.expect("it never ends").map(drop)
    });
}

#[test]
fn a_dropped_wait_for_a_connection_leaves_it_to_the_next() {
    loses_no_connection(&async |listener| {
        loop {
            listener.readable().await?;
            if !would_block(listener.try_accept()) {
                return Ok(());
            }
        }
    });
}

#[test]
fn try_accept_never_waits_and_readable_says_when_to_try() {
    run(async || {
        let (listener, addr) = listen()?;
        let listener = Rc::new(listener);
        let error = listener.try_accept().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let waiting = Rc::clone(&listener);
        let acceptor = spawn(async move {
            loop {
                waiting.readable().await?;
                match waiting.try_accept() {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    accepted => return accepted,
                }
            }
        });
        yield_now().await;
        let client = connect(&addr).await?;
        let (server, peer) = acceptor.await??;
        assert_eq!(format!("{peer:?}"), format!("{:?}", client.local_addr()?));
        client.write_all(b"pizza").await?;
        server.read_exact(&mut [0; 5]).await?;
        // It is taken to be ready until a try finds no connection.
        listener.readable().await?;
        assert_eq!(listener.try_accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(poll_here(listener.readable()).await.is_pending());
        Ok(())
    });
}

#[test]
fn a_listener_is_polled_and_wakes_the_last_poll_beside_those_that_await() {
    run(async || {
        let (listener, addr) = listen()?;
        let listener = Rc::new(listener);
        let (first, first_waker) = Counter::with_waker();
        let (last, last_waker) = Counter::with_waker();
        for waker in [&first_waker, &last_waker] {
            assert!(listener.poll_accept(&mut Context::from_waker(waker)).is_pending());
        }
        let awaiting = Rc::clone(&listener);
        let awaited = spawn(async move { awaiting.accept().await });
        yield_now().await;
        let _client = connect(&addr).await?;
        awaited.await??;
        assert_eq!((first.get(), last.get()), (0, 1));
        let _client = connect(&addr).await?;
        poll_fn(|cx| listener.poll_accept(cx)).await?;
        Ok(())
    });
}

#[test]
fn the_owned_stream_of_connections_has_the_listener_and_can_be_sent_into_a_task() {
    run(async || {
        let (listener, addr) = listen()?;
        let incoming = listener.into_incoming();
        incoming.as_ref().local_addr()?;
        let server = spawn(async move {
            let mut served = 0;
            let mut incoming = incoming.take(3);
            while let Some(connection) = incoming.next().await {
                connection?.write_all(b"x").await?;
                served += 1;
            }
            std::io::Result::Ok(served)
        });
        for _ in 0..3 {
            connect(&addr).await?.read_exact(&mut [0]).await?;
        }
        assert_eq!(server.await??, 3);
        Ok(())
    });
}

#[test]
fn incoming_yields_each_connection() {
    run(async || {
        let (listener, addr) = listen()?;
        let mut incoming = listener.incoming();
        assert!(poll_here(incoming.next()).await.is_pending());
        for order in [b"one", b"two"] {
            let mut client = std_connect(&addr)?;
            let conn = incoming.next().await.expect("it never ends")?;
            client.write_all(order)?;
            let mut buf = [0; 3];
            conn.read_exact(&mut buf).await?;
            assert_eq!(&buf, order);
        }
        Ok(())
    });
}

#[test]
fn a_listener_goes_to_std_and_blocks_again() {
    run(async || {
        let (listener, addr) = listen()?;
        assert!(poll_here(listener.accept()).await.is_pending());
        let listener = StdListener::try_from(listener)?;
        #[cfg(unix)]
        assert!(!socket2::SockRef::from(&listener).nonblocking()?);
        let acceptor = thread::spawn(move || listener.accept().map(drop));
        std_connect(&addr)?;
        acceptor.join().expect("no panic")
    });
}
