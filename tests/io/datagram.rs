//! What every kind of datagram socket promises. Compiled for each kind, as `stream` is.

use super::{Datagram, StdDatagram, datagram_pair};
use crate::support::prelude::*;

fn pair() -> io::Result<(Datagram, Datagram)> {
    let (socket, peer) = datagram_pair()?;
    Ok((socket, peer.try_into()?))
}

#[test]
fn a_short_datagram_does_not_hide_the_next_one() {
    run(async || {
        let (kitchen, table) = pair()?;
        let mut buf = [0; 1024];
        // The first wait registers the socket; only a registered one remembers anything.
        assert!(poll_here(kitchen.recv(&mut buf)).await.is_pending());
        for order in [&b"one"[..], b"", b"three"] {
            assert_eq!(table.send(order).await?, order.len());
        }
        for order in [&b"one"[..], b"", b"three"] {
            let len = kitchen.recv(&mut buf).await?;
            assert_eq!(&buf[..len], order);
        }
        Ok(())
    });
}

/// On loopback a datagram that was sent is there.
#[test]
fn a_try_works_under_no_executor_and_before_the_socket_is_registered() {
    let (receiver, sender) = pair().expect("loopback");
    assert!(would_block(receiver.try_recv_from(&mut [0; 8])));
    for _ in 0..2 {
        assert_eq!(sender.try_send(b"pizza").expect("there is room"), 5);
    }
    assert_eq!(receiver.try_recv_from(&mut [0; 8]).expect("it is there").0, 5);
    assert_eq!(receiver.try_recv(&mut [0; 8]).expect("it is there"), 5);
    assert!(would_block(receiver.try_recv(&mut [0; 8])));
}

#[test]
fn a_try_to_receive_asks_the_os_also_when_the_socket_is_known_not_to_be_ready() {
    let (executor, (receiver, sender)) = (executor(), pair().expect("loopback"));
    let receive_what_comes = || {
        for _ in 0..2 {
            assert_eq!(sender.try_send(b"pizza").expect("there is room"), 5);
        }
        assert_eq!(receiver.try_recv(&mut [0; 8]).expect("it is there"), 5);
        assert_eq!(receiver.try_recv_from(&mut [0; 8]).expect("it is there").0, 5);
        assert!(would_block(receiver.try_recv(&mut [0; 8])));
    };
    executor.block_on(async {
        assert!(poll_here(receiver.readable()).await.is_pending(), "it is registered");
        receive_what_comes();
    });
    receive_what_comes();
    drop(executor);
    receive_what_comes();
}

/// A datagram comes, and the receive that waits for it is given up: the next one gets it.
#[track_caller]
pub(super) fn loses_no_datagram(receive: &impl AsyncFn(&Datagram) -> io::Result<usize>) {
    cancelled_at_each_await(async |cancel| {
        let (kitchen, table) = pair()?;
        begin_and_drop(receive(&kitchen));
        let sender = spawn(async move {
            yield_now().await;
            table.send(b"order").await.map(|_| table)
        });
        assert_eq!(again(cancel, async || receive(&kitchen).await).await?, 5);
        let _table = sender.await??;
        assert!(would_block(kitchen.try_recv(&mut [0; 8])), "there was one");
        Ok(())
    });
}

#[test]
fn a_dropped_recv_leaves_the_datagram_to_the_next() {
    loses_no_datagram(&async |socket| socket.recv(&mut [0; 8]).await);
    loses_no_datagram(&async |socket| Ok(socket.recv_from(&mut [0; 8]).await?.0));
}

#[test]
fn a_dropped_wait_for_a_datagram_leaves_it_to_the_next() {
    loses_no_datagram(&async |socket| {
        loop {
            socket.readable().await?;
            let tried = socket.try_recv(&mut [0; 8]);
            if !tried.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
                return tried;
            }
        }
    });
}

#[test]
fn readable_and_writable_say_when() {
    run(async || {
        let (kitchen, table) = pair()?;
        table.writable().await?;
        let readable = begun(kitchen.readable()).await;
        table.send(b"order").await?;
        readable.await?;
        assert_eq!(kitchen.recv(&mut [0; 64]).await?, 5);
        Ok(())
    });
}

#[test]
fn a_socket_of_stds_becomes_non_blocking_and_blocking_again() {
    run(async || {
        let (socket, peer) = datagram_pair()?;
        // It registers here, and leaves the reactor with `into_inner`.
        assert!(poll_here(socket.recv(&mut [0; 8])).await.is_pending());
        let back = StdDatagram::try_from(socket)?;
        #[cfg(unix)]
        assert!(!socket2::SockRef::from(&back).nonblocking()?);
        // On another thread, and there it blocks until something comes.
        let receiver = thread::spawn(move || back.recv(&mut [0; 8]));
        peer.send(b"order")?;
        assert_eq!(receiver.join().expect("no panic")?, 5);
        Ok(())
    });
}
