//! What `Async` promises for sources that the crate does not know.
#![cfg(unix)]

use std::os::{
    fd::{AsFd, AsRawFd, OwnedFd},
    unix::net::UnixStream,
};

use mio::unix::pipe;
use pizzaiolo::Async;

use crate::support::prelude::*;

/// A pair of std's sockets; the first does not block.
fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (a, b) = UnixStream::pair()?;
    a.set_nonblocking(true)?;
    Ok((a, b))
}

#[test]
fn a_pipe_carries_bytes_between_tasks() {
    run(async || {
        let (sender, receiver) = pipe::new()?;
        let (sender, receiver) = (Async::new(sender)?, Async::new(receiver)?);
        let data = pattern(1_000_000);
        let expected = data.clone();
        let writer = spawn(async move {
            let mut rest = &data[..];
            while !rest.is_empty() {
                let len = sender.write_with(|mut pipe| pipe.write(rest)).await?;
                rest = &rest[len..];
            }
            Ok::<_, io::Error>(())
        });
        let all = rest_of(async |buf| receiver.read_with(|mut pipe| pipe.read(buf)).await).await?;
        assert!(all == expected);
        writer.await?
    });
}

#[test]
fn interrupted_is_tried_again_at_once_and_would_block_when_there_is_news() {
    run(async || {
        let (mut sender, receiver) = pipe::new()?;
        let receiver = Async::new(receiver)?;
        let answers = RefCell::new(vec![ErrorKind::WouldBlock, ErrorKind::Interrupted]);
        // A new source is tried when the OS has said that it is ready.
        sender.write_all(b"!")?;
        receiver.readable().await?;
        let mut op = pin!(receiver.read_with(|mut pipe| {
            match answers.borrow_mut().pop() {
                Some(kind) => Err(kind.into()),
                None => pipe.read(&mut [0; 8]),
            }
        }));
        assert!(poll_here(op.as_mut()).await.is_pending());
        assert!(answers.borrow().is_empty(), "both were taken in one poll");
        sender.write_all(b"?")?;
        assert_eq!(op.await?, 2);
        Ok(())
    });
}

#[test]
fn other_errors_are_the_callers() {
    run(async || {
        let (_sender, receiver) = pair()?;
        let source = Async::from_fd(receiver);
        let error = source.read_with(|_| Err::<(), _>(ErrorKind::InvalidData.into())).await;
        assert_eq!(error.expect_err("it was returned").kind(), ErrorKind::InvalidData);
        let error = source.write_with(|_| Err::<(), _>(ErrorKind::InvalidData.into())).await;
        assert_eq!(error.expect_err("it was returned").kind(), ErrorKind::InvalidData);
        Ok(())
    });
}

#[test]
fn readable_and_writable_stay_true_until_an_operation_would_block() {
    run(async || {
        let (ours, mut theirs) = pair()?;
        let source = Async::from_fd(ours);
        source.writable().await?;
        assert!(poll_here(source.readable()).await.is_pending());
        theirs.write_all(b"order")?;
        source.readable().await?;
        source.readable().await?;
        let mut buf = [0; 8];
        assert_eq!(source.read_with(|mut io| io.read(&mut buf)).await?, 5);
        // A short read says nothing about a source of an unknown kind.
        source.readable().await?;
        assert!(poll_here(source.read_with(|mut io| io.read(&mut buf))).await.is_pending());
        assert!(poll_here(source.readable()).await.is_pending());
        Ok(())
    });
}

#[test]
fn write_with_waits_for_room() {
    run(async || {
        let (ours, mut theirs) = pair()?;
        let source = Async::from_fd(ours);
        let chunk = [7; 10_000];
        let mut sent = 0;
        loop {
            let mut write = pin!(source.write_with(|mut io| io.write(&chunk)));
            match poll_here(write.as_mut()).await {
                Poll::Ready(result) => sent += result?,
                Poll::Pending => break,
            }
        }
        let reader = thread::spawn(move || {
            let mut all = vec![0; sent + 1];
            theirs.read_exact(&mut all)
        });
        source.write_with(|mut io| io.write(&chunk)).await?;
        reader.join().expect("no panic")
    });
}

#[test]
fn read_with_mut_lends_the_source() {
    run(async || {
        /// Counts what it reads, so it has to be changed.
        struct Counting(UnixStream, usize);

        impl AsFd for Counting {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        let (ours, mut theirs) = pair()?;
        let mut source = Async::from_fd(Counting(ours, 0));
        let mut buf = [0; 8];
        let mut read = |source: &mut Counting| {
            let len = source.0.read(&mut buf)?;
            source.1 += len;
            Ok(len)
        };
        {
            let mut waits = pin!(source.read_with_mut(&mut read));
            assert!(poll_here(waits.as_mut()).await.is_pending());
            theirs.write_all(b"order")?;
            assert_eq!(waits.await?, 5);
        }
        theirs.write_all(b"!")?;
        assert_eq!(source.read_with_mut(&mut read).await?, 1);
        assert_eq!(source.get_ref().1, 6);
        assert_eq!(source.into_inner()?.1, 6);
        Ok(())
    });
}

#[test]
fn a_borrowed_descriptor_can_be_waited_for_and_stays_open() {
    run(async || {
        let (ours, mut theirs) = pair()?;
        {
            let source = Async::from_fd(ours.as_fd());
            let mut readable = pin!(source.readable());
            assert!(poll_here(readable.as_mut()).await.is_pending());
            theirs.write_all(b"order")?;
            readable.await?;
            assert_eq!(source.as_raw_fd(), ours.as_raw_fd());
        }
        assert_eq!((&ours).read(&mut [0; 8])?, 5);
        // The OS has let it go too: else it could not be registered again.
        let source = Async::from_fd(&ours);
        assert!(poll_here(source.readable()).await.is_pending());
        Ok(())
    });
}

#[test]
fn an_owned_descriptor_is_closed_with_its_source() {
    run(async || {
        let (ours, mut theirs) = pair()?;
        let source = Async::from_fd(OwnedFd::from(ours));
        assert!(poll_here(source.readable()).await.is_pending());
        drop(source);
        assert_eq!(theirs.read(&mut [0; 8])?, 0);
        Ok(())
    });
}

#[test]
fn an_operation_that_is_dropped_leaves_no_waker() {
    run(async || {
        let (ours, mut theirs) = pair()?;
        let source = Async::from_fd(ours);
        begin_and_drop(source.readable());
        theirs.write_all(b"order")?;
        source.readable().await
    });
}

#[test]
fn a_descriptor_that_into_inner_takes_out_can_be_registered_elsewhere() {
    bound();
    let (ours, mut theirs) = pair().expect("two sockets");
    let source = Async::from_fd(ours);
    let one = Executor::new().expect("descriptors");
    one.block_on(async {
        assert!(poll_here(source.readable()).await.is_pending());
    });
    let other = Executor::new().expect("descriptors");
    other.block_on(async {
        source.readable().await.expect_err("it belongs to the first executor");
        let source = Async::from_fd(source.into_inner().expect("it can be deregistered"));
        let mut readable = pin!(source.readable());
        assert!(poll_here(readable.as_mut()).await.is_pending());
        theirs.write_all(b"order").expect("there is room");
        readable.await.expect("it is readable");
    });
    drop(one);
}

#[test]
fn into_inner_works_when_the_executor_is_gone() {
    bound();
    let (ours, mut theirs) = pair().expect("two sockets");
    let source = Async::from_fd(ours);
    let executor = Executor::new().expect("descriptors");
    executor.block_on(async {
        assert!(poll_here(source.readable()).await.is_pending());
    });
    drop(executor);
    pizzaiolo::block_on(source.readable()).expect_err("its executor is gone");
    let source = Async::from_fd(source.into_inner().expect("there is nothing to leave"));
    theirs.write_all(b"order").expect("there is room");
    pizzaiolo::block_on(source.readable()).expect("it is readable");
}

/// A source that is registered cannot be replaced by another one, which would wait for ever. This
/// does not compile if `Async` has a `get_mut` of its own, which would come before the trait's.
#[test]
fn a_source_cannot_be_replaced() {
    struct Absent;

    trait GetMut {
        fn get_mut(&mut self) -> Absent;
    }

    impl<S> GetMut for Async<S> {
        fn get_mut(&mut self) -> Absent {
            Absent
        }
    }

    let (_, receiver) = pipe::new().expect("the OS has pipes");
    let Absent = Async::from_fd(receiver).get_mut();
}

#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
fn a_plain_file_cannot_be_waited_for() {
    run(async || {
        let file = std::fs::File::open("/proc/self/exe")?;
        let source = Async::from_fd(file);
        for _ in 0..3 {
            let error = source.readable().await.expect_err("epoll refuses it");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        }
        // What needs no wait works.
        let mut magic = [0; 4];
        source.read_with(|mut file| file.read_exact(&mut magic)).await?;
        assert_eq!(&magic, b"\x7fELF");
        source.into_inner()?;
        Ok(())
    });
}

#[test]
fn all_who_wait_for_a_source_are_woken() {
    run(async || {
        let (ours, mut theirs) = pair()?;
        let source = Rc::new(Async::from_fd(ours));
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let source = Rc::clone(&source);
                spawn(async move { source.readable().await })
            })
            .collect();
        yield_now().await;
        theirs.write_all(b"order")?;
        for task in waiting {
            task.await??;
        }
        Ok(())
    });
}
