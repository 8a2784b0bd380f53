//! What a UDP socket promises, over loopback: what holds for every kind of datagram socket, and what only UDP has.

#[path = "datagram.rs"]
mod datagram;

use std::{
    future::Future,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdDatagram},
};

use pizzaiolo::net::{UdpSocket, UdpSocket as Datagram};

use crate::support::prelude::*;

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Two sockets, each the other's peer.
fn pair() -> io::Result<(UdpSocket, UdpSocket)> {
    let (socket, peer) = datagram_pair()?;
    Ok((socket, peer.try_into()?))
}

/// The same; one is std's.
fn datagram_pair() -> io::Result<(Datagram, StdDatagram)> {
    let (socket, peer) = (StdDatagram::bind(ANY_PORT)?, StdDatagram::bind(ANY_PORT)?);
    socket.connect(peer.local_addr()?)?;
    peer.connect(socket.local_addr()?)?;
    Ok((socket.try_into()?, peer))
}

#[test]
fn recv_from_tells_the_sender_and_waits_for_it() {
    run(async || {
        let (kitchen, table) = (UdpSocket::bind(ANY_PORT)?, UdpSocket::bind(ANY_PORT)?);
        let (at_kitchen, at_table) = (kitchen.local_addr()?, table.local_addr()?);
        let receiver = spawn(async move {
            let mut buf = [0; 64];
            let (len, from) = kitchen.recv_from(&mut buf).await?;
            kitchen.send_to(b"ciao", from).await?;
            Ok::<_, std::io::Error>((buf[..len].to_vec(), from))
        });
        yield_now().await;
        assert!(!receiver.is_finished(), "it waits");

        assert_eq!(table.send_to(b"2 margheritas", at_kitchen).await?, 13);
        let mut reply = [0; 64];
        assert_eq!(table.recv_from(&mut reply).await?, (4, at_kitchen));
        assert_eq!(receiver.await??, (b"2 margheritas".to_vec(), at_table));
        Ok(())
    });
}

#[test]
fn peek_leaves_the_datagram() {
    run(async || {
        let (kitchen, table) = pair()?;
        table.send(b"one").await?;
        table.send(b"two").await?;
        let mut buf = [0; 64];
        assert_eq!(kitchen.peek(&mut buf).await?, 3);
        assert_eq!(kitchen.peek_from(&mut buf).await?, (3, table.local_addr()?));
        assert_eq!(kitchen.recv(&mut buf).await?, 3);
        assert_eq!(&buf[..3], b"one");
        assert_eq!(kitchen.recv(&mut buf).await?, 3);
        assert_eq!(&buf[..3], b"two");
        Ok(())
    });
}

#[test]
fn a_dropped_peek_leaves_the_datagram_to_the_next() {
    datagram::loses_no_datagram(&async |socket| {
        socket.peek(&mut [0; 8]).await?;
        socket.peek_from(&mut [0; 8]).await?;
        socket.recv(&mut [0; 8]).await
    });
}

#[test]
#[cfg_attr(windows, ignore = "there, what is too long for the buffer is an error")]
fn a_datagram_that_is_too_long_is_cut() {
    run(async || {
        let (kitchen, table) = pair()?;
        table.send(b"a very long order").await?;
        table.send(b"short").await?;
        let mut buf = [0; 6];
        assert_eq!(kitchen.recv(&mut buf).await?, 6);
        assert_eq!(&buf, b"a very");
        assert_eq!(kitchen.recv(&mut buf).await?, 5);
        Ok(())
    });
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    run(async || {
        let (kitchen, table) = pair()?;
        let stranger = UdpSocket::bind(ANY_PORT)?;
        assert_eq!(kitchen.peer_addr()?, table.local_addr()?);
        stranger.send_to(b"spam", kitchen.local_addr()?).await?;
        table.send(b"order").await?;
        let mut buf = [0; 64];
        let len = kitchen.recv(&mut buf).await?;
        assert_eq!(&buf[..len], b"order");
        Ok(())
    });
}

#[test]
fn without_a_peer_there_is_none() {
    run(async || {
        let socket = UdpSocket::bind(ANY_PORT)?;
        let error = socket.peer_addr().expect_err("no peer");
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        socket.send(b"to no one").await.expect_err("no peer");
        let none: &[SocketAddr] = &[];
        let error = socket.connect(none).expect_err("no address");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = socket.send_to(b"to no one", none).await.expect_err("no address");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_that_is_not_there_is_an_error_once_and_the_socket_goes_on() {
    run(async || {
        let (kitchen, table) = pair()?;
        let at_table = table.local_addr()?;
        drop(table);
        kitchen.send(b"is the kitchen open?").await?;
        let mut buf = [0; 64];
        let error = kitchen.recv(&mut buf).await.expect_err("no socket is there");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(kitchen.take_error()?.is_none(), "it was reported");

        let table = UdpSocket::bind(at_table)?;
        let receive = begun(kitchen.recv(&mut buf)).await;
        table.send_to(b"I am", kitchen.local_addr()?).await?;
        assert_eq!(receive.await?, 4);
        Ok(())
    });
}

#[test]
fn options_are_kept() {
    let socket = UdpSocket::bind(ANY_PORT).expect("a port");
    let set_and_get = || {
        socket.set_ttl(7)?;
        assert_eq!(socket.ttl()?, 7);
        assert!(!socket.broadcast()?);
        socket.set_broadcast(true)?;
        assert!(socket.broadcast()?);
        assert!(socket.multicast_loop_v4()?);
        socket.set_multicast_loop_v4(false)?;
        assert!(!socket.multicast_loop_v4()?);
        assert_eq!(socket.multicast_ttl_v4()?, 1);
        socket.set_multicast_ttl_v4(3)?;
        assert_eq!(socket.multicast_ttl_v4()?, 3);
        Ok::<(), std::io::Error>(())
    };
    set_and_get().expect("the OS knows these options");
}

/// A machine without IPv6 skips it, and says so.
#[test]
fn ipv6_options_are_kept() {
    let Ok(socket) = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) else {
        eprintln!("skipped: there is no IPv6 here");
        return;
    };
    assert!(socket.multicast_loop_v6().expect("the OS knows it"));
    socket.set_multicast_loop_v6(false).expect("the OS knows it");
    assert!(!socket.multicast_loop_v6().expect("the OS knows it"));
    socket.join_multicast_v6(&Ipv6Addr::LOCALHOST, 0).expect_err("it is not a group");
    socket.leave_multicast_v6(&Ipv6Addr::LOCALHOST, 0).expect_err("it is not in that group");
}

#[test]
fn a_group_is_joined_and_left() {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    let group = Ipv4Addr::new(224, 0, 0, 251);
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).expect("loopback is an interface");
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).expect_err("it is in it already");
    socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST).expect("it is in it");
    socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST).expect_err("it is not in it");
    let unused = Ipv4Addr::new(192, 0, 2, 1);
    socket.join_multicast_v4(&unused, &Ipv4Addr::LOCALHOST).expect_err("it is not a group");
}

/// The OS reports the refusal as an error, and not as something to read.
#[test]
#[cfg(target_os = "linux")]
fn a_recv_that_waits_is_ended_by_a_refusal() {
    run(async || {
        let (kitchen, table) = pair()?;
        drop(table);
        let mut buf = [0; 64];
        let receive = begun(kitchen.recv(&mut buf)).await;
        kitchen.send(b"is the kitchen open?").await?;
        let error = receive.await.expect_err("nothing is bound there");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        Ok(())
    });
}

#[test]
fn a_datagram_is_tried_to_an_address_and_says_where_it_comes_from() {
    let (receiver, sender) =
        (UdpSocket::bind(ANY_PORT).unwrap(), UdpSocket::bind(ANY_PORT).unwrap());
    assert_eq!(sender.try_send_to(b"pizza", receiver.local_addr().unwrap()).unwrap(), 5);
    let from = sender.local_addr().unwrap();
    assert_eq!(receiver.try_recv_from(&mut [0; 8]).unwrap(), (5, from));
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
