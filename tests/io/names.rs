//! Addresses and names: nothing blocks the loop, and an address that hangs keeps no other from being
//! tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use pizzaiolo::{
    net::{TcpListener, TcpStream, UdpSocket, lookup_host},
    trace::EventKind,
};

use crate::support::prelude::*;

fn listener() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

#[test]
fn whatever_is_an_address_is_connected_to() {
    run(async || {
        let (_listener, addr) = listener()?;
        let SocketAddr::V4(v4) = addr else { panic!("it is bound to one") };
        let port = addr.port();
        TcpStream::connect(addr).await?;
        TcpStream::connect(v4).await?;
        TcpStream::connect((IpAddr::from(Ipv4Addr::LOCALHOST), port)).await?;
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        TcpStream::connect(("127.0.0.1", port)).await?;
        TcpStream::connect((String::from("localhost"), port)).await?;
        TcpStream::connect(format!("127.0.0.1:{port}")).await?;
        TcpStream::connect(&*format!("LocalHost:{port}")).await?;
        TcpStream::connect([addr, addr]).await?;
        TcpStream::connect(vec![addr]).await?;
        TcpStream::connect(&[addr][..]).await?;
        Ok(())
    });
}

#[test]
fn whatever_is_an_ipv6_address_is_its_own_answer() {
    run(async || {
        let v6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 0);
        let (addr, ip) = (SocketAddr::from(v6), Ipv6Addr::LOCALHOST);
        let answers = [
            lookup_host(addr).await?,
            lookup_host(v6).await?,
            lookup_host((IpAddr::from(ip), 80)).await?,
            lookup_host((ip, 80)).await?,
            lookup_host(("::1", 80)).await?,
            lookup_host((String::from("::1"), 80)).await?,
            lookup_host("[::1]:80").await?,
            lookup_host(String::from("[::1]:80")).await?,
            lookup_host([addr]).await?,
        ];
        for answer in answers {
            assert_eq!(answer.collect::<Vec<_>>(), [addr]);
        }
        let on_a_link = SocketAddrV6::new("fe80::1".parse().expect("an address"), 80, 7, 3);
        let answer: Vec<_> = lookup_host(on_a_link).await?.collect();
        assert_eq!(answer, [SocketAddr::from(on_a_link)], "with its flow and its scope");
        let answer: Vec<_> = lookup_host("[fe80::1%3]:80").await?.collect();
        assert_eq!(answer, [SocketAddrV6::new(*on_a_link.ip(), 80, 0, 3).into()]);
        Ok(())
    });
}

#[test]
fn what_is_no_address_is_an_error_that_says_so() {
    run(async || {
        for text in ["", "127.0.0.1", "localhost", "localhost:http", "localhost:65536"] {
            let error = TcpStream::connect(text).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(error.to_string().contains("`host:port`"), "{error}");
        }
        let none: [SocketAddr; 0] = [];
        let error = TcpStream::connect(none).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let error = socket.send_to(b"pizza", &[][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        Ok(())
    });
}

#[test]
fn localhost_is_the_two_loopbacks_without_a_lookup() {
    run(async || {
        let addrs: Vec<_> = lookup_host("localhost:80").await?.collect();
        assert_eq!(addrs, ["127.0.0.1:80".parse().unwrap(), "[::1]:80".parse().unwrap()]);
        assert_eq!(TcpListener::bind("localhost:0")?.local_addr()?.ip(), Ipv4Addr::LOCALHOST);
        let receiver = UdpSocket::bind("localhost:0")?;
        let sender = UdpSocket::bind(("localhost", 0))?;
        sender.send_to(b"pizza", ("localhost", receiver.local_addr()?.port())).await?;
        assert_eq!(receiver.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

#[test]
fn a_function_that_is_not_awaited_looks_no_name_up_and_names_the_one_that_does() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let errors = [
        TcpListener::bind("pizza.invalid:80").unwrap_err(),
        UdpSocket::bind(("pizza.invalid", 80)).unwrap_err(),
        socket.connect("pizza.invalid:80").unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("lookup_host"), "{error}");
    }
}

/// Its waker goes with it. The next has a socket of its own.
#[cfg(target_os = "linux")]
#[test]
fn a_connect_that_was_dropped_leaves_no_waker_and_may_be_begun_again() {
    run(async || {
        let (full, _waiting) = full_listener()?;
        let (_listener, addr) = listener()?;
        begin_and_drop(TcpStream::connect(full.local_addr()?));
        assert_eq!(TcpStream::connect(addr).await?.peer_addr()?, addr);
        Ok(())
    });
}

#[cfg(not(feature = "dns"))]
#[test]
fn without_the_feature_a_name_is_an_error_that_says_what_to_do() {
    run(async || {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let errors = [
            TcpStream::connect("127.1:80").await.unwrap_err(),
            socket.send_to(b"pizza", "127.1:80").await.unwrap_err(),
            lookup_host("127.1:80").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("feature `dns`"), "{error}");
        }
        Ok(())
    });
}

/// `127.1` is no address to Rust. The OS's resolver takes it for one (as `inet_aton` does), and so
/// answers without asking another machine.
#[cfg(all(feature = "dns", unix))]
#[test]
fn with_the_feature_a_name_is_looked_up_and_connected_and_sent_to() {
    run(async || {
        let (listener, addr) = listener()?;
        let (name, port) = ("127.1", addr.port());
        let addrs: Vec<_> = lookup_host((name, port)).await?.collect();
        assert_eq!(addrs, [addr]);
        TcpStream::connect((name, port)).await?;
        listener.accept().await?;
        let receiver = UdpSocket::bind("127.0.0.1:0")?;
        let sender = UdpSocket::bind("127.0.0.1:0")?;
        sender.send_to(b"pizza", (name, receiver.local_addr()?.port())).await?;
        assert_eq!(receiver.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

#[cfg(all(feature = "dns", unix))]
#[test]
fn a_lookup_that_was_dropped_may_be_begun_again() {
    run(async || {
        let lookup = || lookup_host(("127.1", 80));
        // It may be over at once: another thread answers.
        let _ = poll_here(lookup()).await;
        assert_eq!(lookup().await?.collect::<Vec<_>>(), [([127, 0, 0, 1], 80).into()]);
        Ok(())
    });
}

/// The clock of this executor stands still, so the next address is not tried because time passes.
#[test]
fn an_address_that_refuses_gives_way_to_the_next_at_once() {
    paused().block_on(async {
        let (_listener, addr) = listener().unwrap();
        let ((first, _first), (second, _second)) = (refused().unwrap(), refused().unwrap());
        let stream = TcpStream::connect([first, second, addr]).await;
        assert_eq!(stream.unwrap().peer_addr().unwrap(), addr);
        let error = TcpStream::connect([first; 2]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

/// Also beside one that hangs: the lookup waits for that one only.
#[cfg(target_os = "linux")]
#[test]
fn each_address_that_hangs_costs_one_wait_and_those_that_refuse_cost_none() {
    let (executor, events) = watched();
    executor.block_on(async {
        let (full, _waiting) = full_listener().unwrap();
        let hangs = full.local_addr().unwrap();
        let (_listener, addr) = listener().unwrap();
        let (refused, _bound) = refused().unwrap();
        let stream = TcpStream::connect([hangs, refused, refused, addr]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addr);
    });
    assert_eq!(events.count(|kind| matches!(kind, EventKind::TimerSet { .. })), 1);
}

/// "One address that hangs keeps the others from being tried": the next is tried after 250 ms.
#[cfg(target_os = "linux")]
#[test]
fn an_address_that_hangs_keeps_no_other_from_being_tried() {
    run(async || {
        let (full, _waiting) = full_listener()?;
        let hangs = full.local_addr()?;
        let (_listener, addr) = listener()?;
        let start = Instant::now();
        let stream = TcpStream::connect([hangs, hangs, addr]).await?;
        assert_eq!(stream.peer_addr()?, addr);
        assert!(start.elapsed() >= Duration::from_millis(500), "250 ms for each that hangs");
        // If the others fail, the one that hangs still has its chance: this does not end.
        let (refused, _bound) = refused()?;
        let still = TcpStream::connect([hangs, refused]);
        assert!(pizzaiolo::time::timeout(Duration::from_millis(600), still).await.is_err());
        Ok(())
    });
}

#[test]
fn nothing_happens_before_the_future_is_awaited() {
    // Outside an executor, and to a port without a socket: it is dropped, and that is all.
    let (refused, _bound) = refused().unwrap();
    drop(TcpStream::connect(refused));
    #[cfg(unix)]
    {
        let path = socket_path("lazy");
        let listener = pizzaiolo::net::UnixListener::bind(&path).unwrap();
        drop(pizzaiolo::net::UnixStream::connect(&path));
        assert_eq!(listener.try_accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        std::fs::remove_file(path).unwrap();
    }
}
