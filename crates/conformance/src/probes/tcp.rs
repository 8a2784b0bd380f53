//! Sockets.

use std::{
    cell::Cell,
    future::poll_fn,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    rc::Rc,
    sync::mpsc,
    task::Poll,
    thread,
};

use crate::{
    LocalFuture, Socket,
    child::{self, check, fail},
    lab::{Lab, Watched, local_listener, poll_now, std_pair, when_asleep},
    measure,
};

/// Reads once: the bytes, or what went wrong.
async fn read(socket: &Rc<dyn Socket>) -> Result<Vec<u8>, ErrorKind> {
    let mut buf = vec![0; 1024];
    let n = socket.read(&mut buf).await.map_err(|error| error.kind())?;
    buf.truncate(n);
    Ok(buf)
}

/// Ends the probe unless just these bytes are read at once.
async fn expect_read(socket: &Rc<dyn Socket>, bytes: &[u8]) {
    let seen = read(socket).await;
    check(seen.as_deref() == Ok(bytes), format!("a read of {bytes:?}"), format!("{seen:?}"));
}

/// Writes from outside.
fn send(mut peer: &TcpStream, bytes: &[u8]) {
    if let Err(error) = peer.write_all(bytes) {
        fail("the peer can write", error.to_string());
    }
}

pub(crate) fn read_wakes(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, peer) = lab.tcp_pair();
        for round in 0..5 {
            let Ok(peer) = peer.try_clone() else { return };
            when_asleep(move |_| send(&peer, &[round]));
            expect_read(&socket, &[round]).await;
        }
    })
}

pub(crate) fn end_seen(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, peer) = lab.tcp_pair();
        send(&peer, b"abc");
        drop(peer);
        expect_read(&socket, b"abc").await;
        expect_read(&socket, b"").await;
    })
}

/// More bytes than the buffers of both ends of a connection can hold.
const MORE_THAN_FITS: usize = 64 << 20;

pub(crate) fn both_ways(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, mut peer) = lab.tcp_pair();
        let (reader, has_read) = (Rc::clone(&socket), Watched::new());
        let read_end = has_read.clone();
        lab.spawn(async move {
            expect_read(&reader, b"order").await;
            read_end.finish();
        });
        let (writer, has_written) = (Rc::clone(&socket), Watched::new());
        let write_end = has_written.clone();
        lab.spawn(async move {
            let (chunk, mut left) = (vec![b'x'; 65_536], MORE_THAN_FITS);
            while left > 0 {
                match writer.write(&chunk).await {
                    Ok(n) => left = left.saturating_sub(n),
                    Err(error) => fail("a write that ends well", error.to_string()),
                }
            }
            write_end.finish();
        });
        lab.settle().await;
        let Ok(other) = peer.try_clone() else { return };
        when_asleep(move |_| send(&other, b"order"));
        has_read.await;
        thread::spawn(move || {
            let mut buf = vec![0; 65_536];
            while peer.read(&mut buf).is_ok_and(|n| n > 0) {}
        });
        has_written.await;
    })
}

pub(crate) fn all_arrive(lab: Lab) -> LocalFuture<'static> {
    const BYTES: usize = 8 << 20;
    Box::pin(async move {
        let (socket, mut peer) = lab.tcp_pair();
        let (sender, receiver) = mpsc::channel();
        // The reader begins when a write has to wait.
        when_asleep(move |_| {
            let (mut buf, mut all) = (vec![0; 65_536], Vec::new());
            while let Ok(n @ 1..) = peer.read(&mut buf) {
                all.extend_from_slice(&buf[..n]);
            }
            // The probe may have failed meanwhile.
            let _ = sender.send(all);
        });
        let bytes: Vec<u8> = (0..BYTES).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
        let mut unsent = &bytes[..];
        while !unsent.is_empty() {
            match socket.write(unsent).await {
                Ok(n) => unsent = &unsent[n..],
                Err(error) => fail("all bytes can be written", error.to_string()),
            }
        }
        drop(socket);
        let all = receiver.recv().unwrap_or_default();
        check(all == bytes, "all bytes, in order", format!("{} other ones", all.len()));
    })
}

pub(crate) fn reset(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, peer) = lab.tcp_pair();
        let (other, other_peer) = lab.tcp_pair();
        let _ = socket.write(b"unread").await;
        let end = Watched::new();
        let ended = end.clone();
        lab.spawn(async move {
            let seen = read(&socket).await;
            let over = seen.as_ref().map_or(true, Vec::is_empty);
            check(over, "an error, or the end, after a reset", format!("{seen:?}"));
            ended.finish();
        });
        lab.settle().await;
        // A socket that is closed with bytes unread resets its connection.
        when_asleep(move |_| drop(peer));
        end.await;
        send(&other_peer, b"still here");
        expect_read(&other, b"still here").await;
    })
}

pub(crate) fn refused(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let addr = match local_listener().local_addr() {
            Ok(addr) => addr,
            Err(error) => fail("a socket has an address", error.to_string()),
        };
        // No socket listens there any more.
        match lab.tcp_connect(addr).await {
            Ok(_) => fail("an error: the connection is refused", "a connection"),
            Err(error) => {
                let seen = format!("{:?}", error.kind());
                check(error.kind() == ErrorKind::ConnectionRefused, "ConnectionRefused", seen);
            }
        }
    })
}

pub(crate) fn spinner(lab: Lab) -> LocalFuture<'static> {
    /// How many polls of the one that spins may come after the bytes.
    const PATIENCE: u32 = 100_000;
    Box::pin(async move {
        let (socket, peer) = lab.tcp_pair();
        let has_read = Rc::new(Cell::new(false));
        let (stopped, end) = (Rc::clone(&has_read), Watched::new());
        let ended = end.clone();
        lab.spawn(async move {
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                if stopped.get() {
                    return Poll::Ready(());
                }
                if polls == 1000 {
                    send(&peer, b"order");
                }
                if polls == PATIENCE {
                    fail("a socket is served while a task spins", format!("not in {polls} polls"));
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            ended.finish();
        });
        expect_read(&socket, b"order").await;
        has_read.set(true);
        end.await;
    })
}

pub(crate) fn closed(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let Some(before) = measure::descriptor_count() else { child::not_measured() };
        let mut peers = Vec::new();
        for _ in 0..20 {
            let (ours, theirs) = std_pair();
            let socket = lab.tcp_stream(ours);
            let _ = socket.write(b"bye").await;
            drop(socket);
            peers.push(theirs);
        }
        lab.settle().await;
        for mut peer in peers {
            let _ = peer.set_nonblocking(true);
            let mut buf = [0; 16];
            let _ = peer.read(&mut buf);
            // What is sent over this machine's own loopback is there at once.
            let seen = peer.read(&mut buf).map_err(|error| error.kind());
            check(seen == Ok(0), "the end: a dropped socket is closed", format!("{seen:?}"));
        }
        let after = measure::descriptor_count().unwrap_or_default();
        // A runtime may open some for itself, once.
        check(after < before + 15, format!("{before} descriptors, as before"), after.to_string());
    })
}

pub(crate) fn dropped_read(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, peer) = lab.tcp_pair();
        let mut buf = [0; 16];
        let mut given_up = socket.read(&mut buf);
        let _ = poll_now(&mut given_up);
        drop(given_up);
        send(&peer, b"order");
        expect_read(&socket, b"order").await;
    })
}

pub(crate) fn accepts_all(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let listener = local_listener();
        let Ok(addr) = listener.local_addr() else { return };
        let listener = lab.tcp_listener(listener);
        when_asleep(move |_| {
            let clients: Vec<_> = (0..20).map(|_| TcpStream::connect(addr)).collect();
            for client in clients.iter().flatten() {
                send(client, b"order");
            }
            thread::park();
        });
        for _ in 0..20 {
            match listener.accept().await {
                Ok(socket) => expect_read(&socket, b"order").await,
                Err(error) => fail("every connection is accepted", error.to_string()),
            }
        }
    })
}

pub(crate) fn one_woken(lab: Lab) -> LocalFuture<'static> {
    const SOCKETS: usize = 20;
    Box::pin(async move {
        let (polls, end) = (Rc::new(Cell::new(0)), Watched::new());
        let mut peers = Vec::new();
        for _ in 0..SOCKETS {
            let (socket, peer) = lab.tcp_pair();
            peers.push(peer);
            let (polls, end) = (Rc::clone(&polls), end.clone());
            lab.spawn(async move {
                let mut buf = [0; 16];
                let mut read = socket.read(&mut buf);
                let _ = poll_fn(|cx| {
                    polls.set(polls.get() + 1);
                    read.as_mut().poll(cx)
                })
                .await;
                end.finish();
            });
        }
        lab.settle().await;
        let first = polls.get();
        let Some(peer) = peers[7].try_clone().ok() else { return };
        when_asleep(move |_| send(&peer, b"order"));
        end.await;
        let seen = format!("{} polls", polls.get() - first);
        // The task that is woken may try once too early.
        check(polls.get() <= first + 3, "one socket's event wakes one task", seen);
    })
}

pub(crate) fn half_closed_write(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let (socket, mut peer) = lab.tcp_pair();
        send(&peer, b"order");
        let _ = peer.shutdown(Shutdown::Write);
        expect_read(&socket, b"order").await;
        expect_read(&socket, b"").await;
        let written = socket.write(b"reply").await;
        check(
            matches!(written, Ok(5)),
            "5 bytes written to a half-closed peer",
            format!("{written:?}"),
        );
        let mut buf = [0; 16];
        let seen = peer.read(&mut buf).map_err(|error| error.kind());
        check(seen == Ok(5), "5 bytes arrive", format!("{seen:?}"));
    })
}
