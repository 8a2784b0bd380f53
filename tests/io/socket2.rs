//! Sockets that socket2 has made, with the options that std has no names for.
#![cfg(unix)]

use std::net::{Ipv4Addr, SocketAddr};

use pizzaiolo::net::{TcpListener, TcpStream, UdpSocket};
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};

use crate::support::prelude::*;

/// A socket that listens at `addr`, and shares the port.
fn listen(addr: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.bind(&addr.into())?;
    socket.listen(backlog)?;
    TcpListener::try_from(std::net::TcpListener::from(socket))
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

#[test]
fn listeners_share_a_port_and_each_connection_reaches_one_of_them() {
    run(async || {
        let one = listen(any_port(), 128)?;
        let addr = one.local_addr()?;
        let other = listen(addr, 128)?;
        assert_eq!(other.local_addr()?, addr);
        let error = TcpListener::bind(addr).expect_err("who does not say so does not share");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);

        for listener in [one, other] {
            drop(spawn(async move {
                loop {
                    let (conn, _) = listener.accept().await?;
                    conn.write_all(b"ciao").await?;
                }
                #[expect(unreachable_code, reason = "it gives the block its type")]
                Ok::<(), io::Error>(())
            }));
        }
        for _ in 0..50 {
            TcpStream::connect(addr).await?.read_exact(&mut [0; 4]).await?;
        }
        Ok(())
    });
}

#[test]
#[cfg(target_os = "linux")]
fn the_backlog_is_the_users() {
    run(async || {
        // The OS holds one more than it is asked for.
        let listener = listen(any_port(), 1)?;
        let addr = listener.local_addr()?;
        let _waiting = [TcpStream::connect(addr).await?, TcpStream::connect(addr).await?];
        let _third = begun(TcpStream::connect(addr)).await;
        Ok(())
    });
}

#[test]
fn keepalive_is_set_before_or_after() {
    run(async || {
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(77));
        let listener = TcpListener::bind(any_port())?;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_tcp_keepalive(&keepalive)?;
        socket.connect(&listener.local_addr()?.into())?;
        let client = TcpStream::try_from(std::net::TcpStream::from(socket))?;
        assert!(SockRef::from(&client).keepalive()?);
        assert_eq!(SockRef::from(&client).tcp_keepalive_time()?, Duration::from_secs(77));

        let (conn, _) = listener.accept().await?;
        assert!(!SockRef::from(&conn).keepalive()?);
        SockRef::from(&conn).set_tcp_keepalive(&keepalive)?;
        assert_eq!(SockRef::from(&conn).tcp_keepalive_time()?, Duration::from_secs(77));
        client.write_all(b"order").await?;
        conn.read_exact(&mut [0; 5]).await
    });
}

#[test]
fn a_datagram_socket_with_options_of_its_own() {
    run(async || {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_reuse_port(true)?;
        socket.bind(&any_port().into())?;
        let one = UdpSocket::try_from(std::net::UdpSocket::from(socket))?;
        let error = UdpSocket::bind(one.local_addr()?).expect_err("who does not say so");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(poll_here(one.recv(&mut [0; 8])).await.is_pending());
        one.send_to(b"order", one.local_addr()?).await?;
        assert_eq!(one.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

/// What this crate has no method for, its sockets have through their descriptors.
#[test]
#[cfg(target_os = "linux")]
fn the_type_of_service_is_set_through_the_descriptor() {
    run(async || {
        let listener = TcpListener::bind(any_port())?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        SockRef::from(&client).set_tos_v4(0x10)?;
        assert_eq!(SockRef::from(&client).tos_v4()?, 0x10);
        Ok(())
    });
}
