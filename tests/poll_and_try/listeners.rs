//! Listeners in poll style.
#![cfg_attr(not(unix), allow(unused_imports, reason = "what only the tests of other systems use"))]

use std::{
    future::poll_fn,
    io::ErrorKind,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures_util::StreamExt;
use pizzaiolo::{
    net::{TcpListener, TcpStream},
    spawn, yield_now,
};

use crate::support::{WakeCount, poll_once, run};

#[test]
fn try_accept_never_waits_and_readable_says_when_to_try() {
    run(async || {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0")?);
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
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let (server, peer) = acceptor.await??;
        assert_eq!(peer, client.local_addr()?);
        client.write_all(b"pizza").await?;
        server.read_exact(&mut [0; 5]).await?;
        // It is taken to be ready until a try finds no connection.
        listener.readable().await?;
        assert_eq!(listener.try_accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(poll_once(pin!(listener.readable())).await.is_pending());
        Ok(())
    });
}

#[test]
fn a_listener_is_polled_and_wakes_the_last_poll_beside_those_that_await() {
    run(async || {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0")?);
        let (first, first_waker) = WakeCount::new();
        let (last, last_waker) = WakeCount::new();
        for waker in [&first_waker, &last_waker] {
            assert!(listener.poll_accept(&mut Context::from_waker(waker)).is_pending());
        }
        let awaiting = Rc::clone(&listener);
        let awaited = spawn(async move { awaiting.accept().await });
        yield_now().await;
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        awaited.await??;
        assert_eq!((first.get(), last.get()), (0, 1));
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        poll_fn(|cx| listener.poll_accept(cx)).await?;
        Ok(())
    });
}

#[test]
fn the_owned_stream_of_connections_has_the_listener_and_can_be_sent_into_a_task() {
    run(async || {
        let incoming = TcpListener::bind("127.0.0.1:0")?.into_incoming();
        let addr = incoming.as_ref().local_addr()?;
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
            TcpStream::connect(addr).await?.read_exact(&mut [0]).await?;
        }
        assert_eq!(server.await??, 3);
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn unix_listeners_have_all_that_too() {
    use pizzaiolo::net::{UnixListener, UnixStream};

    let path = std::env::temp_dir().join(format!("pizzaiolo-poll-{}", std::process::id()));
    let at = path.clone();
    run(async move || {
        let listener = UnixListener::bind(&at)?;
        assert_eq!(listener.try_accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(listener.poll_accept(cx).is_pending());
        let _clients = [UnixStream::connect(&at).await?, UnixStream::connect(&at).await?];
        listener.readable().await?;
        listener.try_accept()?;
        let mut incoming = listener.into_incoming();
        poll_fn(|cx| Pin::new(&mut incoming).poll_next_unpin(cx)).await.unwrap()?;
        assert!(matches!(incoming.poll_next_unpin(cx), Poll::Pending));
        Ok(())
    });
    std::fs::remove_file(path).unwrap();
}
