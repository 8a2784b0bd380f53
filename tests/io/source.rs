//! `Async`: polls, tries, rare reports, and the traits of `futures-io`.
#![cfg(unix)]

use std::os::unix::net::UnixStream;

use mio::unix::pipe;
use pizzaiolo::{Async, JoinHandle};

use crate::support::prelude::*;

#[test]
fn a_source_is_polled_for_readiness_and_tried() {
    run(async || {
        let (sender, receiver) = pipe::new()?;
        let (sender, receiver) = (Async::from_fd(sender), Async::from_fd(receiver));
        let (first, first_waker) = Counter::with_waker();
        let (last, last_waker) = Counter::with_waker();
        for waker in [&first_waker, &last_waker] {
            assert!(receiver.poll_readable(&mut Context::from_waker(waker)).is_pending());
        }
        poll_fn(|cx| sender.poll_writable(cx)).await?;
        assert_eq!(sender.try_write_with(|mut pipe| pipe.write(b"pizza"))?, 5);
        poll_fn(|cx| receiver.poll_readable(cx)).await?;
        assert_eq!((first.get(), last.get()), (0, 0), "this task has polled after them");
        let mut buf = [0; 8];
        assert_eq!(receiver.try_read_with(|mut pipe| pipe.read(&mut buf))?, 5);
        let error = receiver.try_read_with(|mut pipe| pipe.read(&mut buf)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let cx = &mut Context::from_waker(&last_waker);
        assert!(receiver.poll_readable(cx).is_pending(), "the try has cleared the readiness");
        drop(sender);
        poll_fn(|cx| receiver.poll_readable(cx)).await?;
        assert_eq!(receiver.try_read_with(|mut pipe| pipe.read(&mut buf))?, 0);
        Ok(())
    });
}

#[test]
fn a_try_to_write_that_would_block_clears_the_readiness_to_write_and_no_other() {
    run(async || {
        let (ours, mut peer) = unix_pair();
        let ours = Async::from_fd(ours);
        assert!(poll_here(ours.readable()).await.is_pending(), "it is registered");
        peer.write_all(b"!")?;
        ours.readable().await?;
        ours.writable().await?;
        let mut filled = 0;
        let error = loop {
            match ours.try_write_with(|mut it| it.write(&[0; 4096])) {
                Ok(len) => filled += len,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(poll_here(ours.readable()).await.is_ready());
        let writable = begun(ours.writable()).await;
        peer.read_exact(&mut vec![0; filled])?;
        writable.await?;
        assert_eq!(ours.try_write_with(|mut it| it.write(b"!"))?, 1);
        Ok(())
    });
}

#[test]
fn an_operation_that_changes_its_source_waits_like_any_other() {
    run(async || {
        let (mut sender, receiver) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        let mut receiver = Async::from_fd(receiver);
        let mut buf = [0; 8];
        assert!(poll_here(receiver.read_with_mut(|it| it.read(&mut buf))).await.is_pending());
        let reads = spawn(async move {
            let mut buf = [0; 8];
            receiver.read_with_mut(|it| it.read(&mut buf)).await
        });
        yield_now().await;
        sender.write_all(b"pizza")?;
        assert_eq!(reads.await??, 5);
        Ok(())
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "seen on Linux only")]
fn the_error_of_a_source_is_reported_once() {
    run(async || {
        let (sender, receiver) = pipe::new()?;
        let sender = Async::from_fd(sender);
        assert!(poll_here(sender.error()).await.is_pending());
        drop(receiver);
        sender.error().await?;
        assert!(poll_here(sender.error()).await.is_pending());
        let error = sender.write_with(|mut pipe| pipe.write(b"pizza")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

/// Has two tasks wait until a report has woken both. One of them gets it; the other is returned.
async fn the_one_that_waits_on<F: Future<Output = io::Result<()>> + 'static>(
    wait: impl Fn() -> F,
    report: impl FnOnce() -> io::Result<()>,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let polls = Counter::new();
    let [first, second] = [(); 2].map(|()| spawn(polls.polls(wait())));
    while polls.get() < 2 {
        yield_now().await;
    }
    report()?;
    while polls.get() < 4 || !(first.is_finished() || second.is_finished()) {
        yield_now().await;
    }
    let (gets, waits) = if first.is_finished() { (first, second) } else { (second, first) };
    gets.await??;
    assert!(!waits.is_finished(), "there was one report");
    Ok(waits)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "seen on Linux only")]
fn of_two_tasks_that_wait_for_an_error_one_gets_the_report() {
    run(async || {
        let (sender, receiver) = pipe::new()?;
        let sender = Rc::new(Async::from_fd(sender));
        let wait = || {
            let sender = Rc::clone(&sender);
            async move { sender.error().await }
        };
        let close = || {
            drop(receiver);
            Ok(())
        };
        the_one_that_waits_on(wait, close).await.map(drop)
    });
}

#[cfg(target_os = "linux")]
#[test]
fn of_two_tasks_that_wait_for_priority_data_one_gets_the_report_and_the_other_the_next() {
    run(async || {
        let (sender, receiver) = urgent_pair()?;
        let receiver = Rc::new(receiver);
        let wait = || {
            let receiver = Rc::clone(&receiver);
            async move { receiver.priority().await }
        };
        let waits = the_one_that_waits_on(wait, || sender.send_out_of_band(b"!").map(drop)).await?;
        sender.send_out_of_band(b"?")?;
        waits.await?
    });
}

/// A socket that can send urgent bytes, and its peer.
#[cfg(target_os = "linux")]
fn urgent_pair() -> io::Result<(socket2::Socket, Async<std::net::TcpStream>)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let sender = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (receiver, _) = listener.accept()?;
    receiver.set_nonblocking(true)?;
    Ok((sender.into(), Async::from_fd(receiver)))
}

#[cfg(target_os = "linux")]
#[test]
fn priority_data_is_reported_once_also_when_a_read_has_found_nothing_meanwhile() {
    run(async || {
        let (sender, receiver) = urgent_pair()?;
        assert!(poll_here(receiver.priority()).await.is_pending());
        sender.send_out_of_band(b"!")?;
        receiver.readable().await?;
        let error = receiver.try_read_with(|mut tcp| tcp.read(&mut [0])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "the urgent byte is not in the stream");
        receiver.priority().await?;
        assert!(poll_here(receiver.priority()).await.is_pending());
        Ok(())
    });
}

/// Does something a moment later, and keeps what it returns.
fn later<T: 'static>(act: impl FnOnce() -> io::Result<T> + 'static) -> JoinHandle<io::Result<T>> {
    spawn(async move {
        yield_now().await;
        act()
    })
}

#[test]
fn a_dropped_operation_leaves_the_bytes_to_the_next() {
    cancelled_at_each_await(async |cancel| {
        let (mut sender, receiver) = pipe::new()?;
        let receiver = Async::from_fd(receiver);
        let read = async || receiver.read_with(|mut pipe| pipe.read(&mut [0; 8])).await;
        begin_and_drop(read());
        let sends = later(move || sender.write_all(b"pizza").map(|()| sender));
        assert_eq!(again(cancel, read).await?, 5);
        sends.await?.map(drop)
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "seen on Linux only")]
fn a_dropped_wait_leaves_the_error_to_the_next() {
    cancelled_at_each_await(async |cancel| {
        let (sender, receiver) = pipe::new()?;
        let sender = Async::from_fd(sender);
        begin_and_drop(sender.error());
        let closes = later(move || {
            drop(receiver);
            Ok(())
        });
        again(cancel, async || sender.error().await).await?;
        closes.await?
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_dropped_wait_leaves_the_priority_data_to_the_next() {
    cancelled_at_each_await(async |cancel| {
        let (sender, receiver) = urgent_pair()?;
        begin_and_drop(receiver.priority());
        let sends = later(move || sender.send_out_of_band(b"!").map(|_| sender));
        again(cancel, async || receiver.priority().await).await?;
        sends.await?.map(drop)
    });
}

#[cfg(feature = "futures-io")]
mod traits {
    use super::*;
    use futures_util::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn a_pipe_is_read_to_its_end_by_value_and_written_and_closed() {
        run(async || {
            let (sender, receiver) = pipe::new()?;
            let (mut sender, mut receiver) = (Async::from_fd(sender), Async::from_fd(receiver));
            let data: Vec<u8> = (0..251).cycle().take(1_000_000).collect();
            let sent = data.clone();
            let writer = spawn(async move {
                sender.write_all(&sent).await?;
                sender.flush().await?;
                sender.close().await
            });
            let mut all = Vec::new();
            receiver.read_to_end(&mut all).await?;
            writer.await??;
            assert!(all == data);
            Ok(())
        });
    }

    #[test]
    fn a_socket_is_read_and_written_by_reference_at_once() {
        run(async || {
            let (ours, peer) = UnixStream::pair()?;
            for socket in [&ours, &peer] {
                socket.set_nonblocking(true)?;
            }
            let (ours, peer) = (Async::from_fd(ours), Async::from_fd(peer));
            let echo = spawn(async move {
                let mut buf = [0; 1000];
                (&peer).read_exact(&mut buf).await?;
                (&peer).write_all(&buf).await?;
                std::io::Result::Ok(())
            });
            let (mut reads, mut writes) = (&ours, &ours);
            let mut reply = [0; 1000];
            let (read, written) = futures_util::future::join(
                reads.read_exact(&mut reply),
                writes.write_all(&[7; 1000]),
            )
            .await;
            read?;
            written?;
            echo.await??;
            assert_eq!(reply, [7; 1000]);
            Ok(())
        });
    }
}

/// A source that cannot be moved once it is pinned still makes an `Async` that can.
#[test]
fn an_async_is_unpin() {
    fn is_unpin<T: Unpin>() {}
    is_unpin::<Async<std::marker::PhantomPinned>>();
}
