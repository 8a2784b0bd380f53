//! Streams and datagrams that are tried.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    task::Poll,
};

use pizzaiolo::net::{TcpListener, TcpStream, UdpSocket};

use crate::support::{poll_here, run};

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    Ok((client, listener.accept().await?.0))
}

fn would_block<T: std::fmt::Debug>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn a_try_of_a_stream_never_waits() {
    run(async || {
        let (client, server) = pair().await?;
        let mut buf = [0; 8];
        assert!(would_block(server.try_read(&mut buf)));
        assert_eq!(client.try_write(b"dough")?, 5);
        server.readable().await?;
        assert_eq!(server.try_read(&mut buf)?, 5);
        assert!(would_block(server.try_read(&mut buf)));

        assert_eq!(client.try_write_vectored(&[IoSlice::new(b"to"), IoSlice::new(b"mato")])?, 6);
        server.readable().await?;
        let (mut first, mut second) = ([0; 4], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(server.try_read_vectored(&mut bufs)?, 6);
        assert_eq!((&first, &second[..2]), (b"toma", &b"to"[..]));

        // Until there is no room.
        while client.try_write(&[0; 8192]).is_ok() {}
        assert!(would_block(client.try_write(&[0])));
        drop(client);
        while server.read(&mut [0; 8192]).await? > 0 {}
        assert_eq!(server.try_read(&mut buf)?, 0, "the end");
        Ok(())
    });
}

/// On a Unix socket Linux would answer "would block".
#[cfg(unix)]
#[test]
fn to_try_to_read_nothing_reads_nothing() {
    run(async || {
        let (stream, _peer) = pizzaiolo::net::UnixStream::pair()?;
        assert_eq!(stream.try_read(&mut [])?, 0);
        assert_eq!(stream.try_read_vectored(&mut [IoSliceMut::new(&mut [])])?, 0);
        Ok(())
    });
}

#[test]
fn the_halves_of_a_stream_try_too_and_the_one_that_reads_peeks() {
    run(async || {
        let (client, server) = pair().await?;
        let ((reads, _keep), (_, writes)) = (server.into_split(), client.into_split());
        let mut buf = [0; 8];
        assert!(would_block(reads.try_read(&mut buf)));
        assert_eq!(writes.try_write(b"dough")?, 5);
        for _ in 0..2 {
            assert_eq!(reads.peek(&mut buf).await?, 5);
        }
        assert_eq!(reads.peek(&mut []).await?, 0);
        assert_eq!(reads.try_read(&mut buf)?, 5);
        Ok(())
    });
}

/// A try that finds nothing clears the readiness: otherwise `readable` would return at once, for ever.
#[test]
fn readable_waits_after_a_try_that_would_block() {
    run(async || {
        let (client, server) = pair().await?;
        client.write_all(b"pizza").await?;
        server.readable().await?;
        assert_eq!(server.try_read(&mut [0; 5])?, 5);
        assert!(would_block(server.try_read(&mut [0; 5])));
        assert!(poll_here(server.readable()).await.is_pending());
        Ok(())
    });
}

#[test]
fn a_try_works_under_no_executor_and_before_the_socket_is_registered() {
    let (receiver, sender) =
        (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let to = receiver.local_addr().unwrap();
    assert!(would_block(receiver.try_recv_from(&mut [0; 8])));
    sender.connect(to).unwrap();
    assert_eq!(sender.try_send(b"pizza").unwrap(), 5);
    assert_eq!(sender.try_send_to(b"pizza", to).unwrap(), 5);
    let mut buf = [0; 8];
    // On loopback a datagram that was sent is there.
    assert_eq!(receiver.try_recv_from(&mut buf).unwrap(), (5, sender.local_addr().unwrap()));
    assert_eq!(receiver.try_recv(&mut buf).unwrap(), 5);
    assert!(would_block(receiver.try_recv(&mut buf)));
}

/// The budget is public behaviour: Pending need not mean "would block", and a try is what says that.
#[test]
fn a_try_takes_nothing_from_the_budget_and_works_when_it_is_spent() {
    run(async || {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let addr = socket.local_addr()?;
        socket.connect(addr)?;
        poll_fn(|cx| {
            for _ in 0..1000 {
                assert_eq!(socket.try_send(b"pizza").unwrap(), 5);
                assert_eq!(socket.try_recv(&mut [0; 8]).unwrap(), 5);
            }
            let mut sent = 0;
            while Box::pin(socket.send(b"pizza")).as_mut().poll(cx).is_ready() {
                sent += 1;
                assert_eq!(socket.try_recv(&mut [0; 8]).unwrap(), 5);
            }
            assert_eq!(sent, 128);
            assert_eq!(socket.try_send(b"pizza").unwrap(), 5, "it would not block");
            Poll::Ready(())
        })
        .await;
        Ok(())
    });
}

#[cfg(unix)]
#[test]
fn unix_datagrams_are_tried_too() {
    use pizzaiolo::net::UnixDatagram;

    let (a, b) = UnixDatagram::pair().unwrap();
    assert!(would_block(b.try_recv(&mut [0; 8])));
    assert_eq!(a.try_send(b"pizza").unwrap(), 5);
    assert_eq!(b.try_recv_from(&mut [0; 8]).unwrap().0, 5);
    let error = a.try_send_to(b"pizza", "/no/such/path").unwrap_err();
    assert_ne!(error.kind(), ErrorKind::WouldBlock);
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_unix_addresses_are_bound_and_connected_to() {
    use pizzaiolo::net::{UnixDatagram, UnixListener, UnixStream};
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

    run(async || {
        let addr = |kind| {
            let name = format!("pizzaiolo-test-{kind}-{}", std::process::id());
            SocketAddr::from_abstract_name(name)
        };
        let listener = UnixListener::bind_addr(&addr("stream")?)?;
        let client = UnixStream::connect_addr(&addr("stream")?).await?;
        let (server, _) = listener.accept().await?;
        client.write_all(b"pizza").await?;
        server.read_exact(&mut [0; 5]).await?;

        let socket = UnixDatagram::bind_addr(&addr("datagram")?)?;
        let bound = socket.local_addr()?;
        assert_eq!(bound.as_abstract_name(), addr("datagram")?.as_abstract_name());

        let refused = UnixStream::connect_addr(&addr("nobody")?).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}
