//! Which task is woken when, and what is remembered meanwhile.

use std::{future::Future, net::Shutdown};

use pizzaiolo::trace::EventKind;

use super::{arrived, boxed_read, fill, narrow_pair, pair, with_pair};
use crate::support::prelude::*;

/// Row "two tasks wait for the same direction: only the last is woken" (tokio#1413,
/// futures-rs#2292).
#[test]
fn all_who_wait_to_read_one_socket_are_served() {
    with_pair(async |stream, mut peer| {
        let stream = Rc::new(stream);
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let stream = Rc::clone(&stream);
                spawn(async move {
                    let mut byte = [0];
                    stream.read(&mut byte).await.map(|_| byte[0])
                })
            })
            .collect();
        yield_now().await; // Now all of them wait.
        peer.write_all(b"abcd")?;
        let mut served = Vec::new();
        for reader in readers {
            served.push(reader.await??);
        }
        served.sort_unstable();
        assert_eq!(served, b"abcd");
        Ok(())
    });
}

/// Row "two tasks wait for the same direction: only the last is woken" (tokio#1413,
/// futures-rs#2292), for the other direction.
#[test]
fn all_who_wait_to_write_one_socket_are_served() {
    run(async || {
        let (stream, peer) = narrow_pair()?;
        let stream = Rc::new(stream);
        fill(&stream).await?;
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let stream = Rc::clone(&stream);
                spawn(async move { stream.write_all(b"!").await })
            })
            .collect();
        yield_now().await;
        let reader = read_all(peer);
        for writer in writers {
            writer.await??;
        }
        stream.shutdown(Shutdown::Write)?;
        let all = reader.join().expect("no panic")?;
        assert_eq!(all.split(|byte| *byte == b'!').count(), 5, "four, and what is around them");
        Ok(())
    });
}

/// Each direction of a socket has waiters of its own: what one of them waits for does not wake
/// the other.
#[test]
fn reader_and_writer_of_one_socket_each_get_their_own_wakes() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        let stream = Rc::new(stream);
        fill(&stream).await?;
        let (write_polls, write) = counted({
            let stream = Rc::clone(&stream);
            async move { stream.write(b"!").await }
        });
        let writer = spawn(write);
        yield_now().await;

        // Bytes that come in are the reader's business.
        let read = || {
            let stream = Rc::clone(&stream);
            counted(async move { stream.read(&mut [0]).await })
        };
        for _ in 0..50 {
            let (read_polls, read) = read();
            let reader = spawn(read);
            yield_now().await;
            peer.write_all(b"?")?;
            assert_eq!(reader.await??, 1);
            assert_eq!(read_polls.get(), 2, "one to wait, one to read");
        }
        // What was under way when `fill` ended may have made room for the writer once.
        let served = usize::from(writer.is_finished());
        assert_eq!(write_polls.get(), 1 + served, "the writer's polls");

        // Room to write is the writer's business.
        let (read_polls, read) = read();
        let reader = spawn(read);
        yield_now().await;
        let mut drain = peer.try_clone()?;
        let drain = thread::spawn(move || {
            let mut byte = [0];
            while byte != *b"!" && drain.read(&mut byte).is_ok_and(|n| n > 0) {}
        });
        writer.await??;
        drain.join().expect("no panic");
        assert_eq!(read_polls.get(), 1, "the reader's polls");
        peer.write_all(b"?")?;
        assert_eq!((reader.await??, read_polls.get()), (1, 2));
        Ok(())
    });
}

/// Row "a short read is taken for 'drained' and a FIN is missed" (tokio's `scheduled_io`,
/// miri#5106).
#[test]
fn three_bytes_and_the_end_are_read_as_three_and_then_zero() {
    run(async || {
        for waits_first in [false, true] {
            let (stream, mut peer) = pair()?;
            let mut buf = [0; 1024];
            if waits_first {
                // From here on the reactor watches the socket.
                assert!(poll_here(stream.read(&mut buf)).await.is_pending());
            }
            peer.write_all(b"007")?;
            peer.shutdown(Shutdown::Write)?;
            assert_eq!(stream.read(&mut buf).await?, 3);
            assert_eq!(stream.read(&mut buf).await?, 0);
            assert_eq!(stream.read(&mut buf).await?, 0, "the end stays the end");
        }
        Ok(())
    });
}

/// The same row (tokio's `scheduled_io`, miri#5106): the end is a second event that comes before
/// the first one's bytes are read.
#[test]
fn an_end_that_comes_before_the_bytes_are_read_is_not_missed() {
    with_pair(async |stream, mut peer| {
        let mut buf = [0; 1024];
        assert!(poll_here(stream.read(&mut buf)).await.is_pending());
        peer.write_all(b"007")?;
        stream.readable().await?;
        peer.shutdown(Shutdown::Write)?;
        assert_eq!(stream.read(&mut buf).await?, 3);
        assert_eq!(stream.read(&mut buf).await?, 0);
        Ok(())
    });
}

/// Row "an older operation clears newer readiness" (tokio#6133): what comes while no task waits is
/// kept for the next read.
#[test]
fn an_event_that_comes_while_nobody_waits_is_kept() {
    run_watched(async |events| {
        let (stream, mut peer) = pair()?;
        let mut buf = [0; 8];
        // It is watched from here on, though no task waits for it.
        assert!(poll_here(stream.read(&mut buf)).await.is_pending());
        peer.write_all(b"kept")?;
        let is_readable = |kind: &EventKind| kind.to_string().contains("socket 0 is readable");
        while events.count(is_readable) == 0 {
            yield_now().await;
        }
        let (polls, read) = counted(stream.read(&mut buf));
        assert_eq!((read.await?, polls.get()), (4, 1));
        Ok(())
    });
}

/// Row "RDHUP is taken for HUP: a half-closed peer spins the writer" (mio#933, tokio#449).
#[test]
fn a_half_closed_peer_does_not_spin_the_writer() {
    run(async || {
        let (stream, peer) = narrow_pair()?;
        let stream = Rc::new(stream);
        let mut expected = fill(&stream).await?;
        let written = Rc::new(Cell::new(0));
        let mut write = Box::pin({
            let (stream, written) = (Rc::clone(&stream), Rc::clone(&written));
            async move {
                while written.get() < 1_000_000 {
                    let len = stream.write(&[b'.'; 4096]).await?;
                    written.set(written.get() + len);
                }
                stream.shutdown(Shutdown::Write)
            }
        });
        // Counts the polls that write nothing.
        let useless = Rc::new(Cell::new(0));
        let writer = spawn({
            let (written, useless) = (Rc::clone(&written), Rc::clone(&useless));
            poll_fn(move |cx| {
                let before = written.get();
                let poll = write.as_mut().poll(cx);
                useless.set(useless.get() + u32::from(written.get() == before));
                poll
            })
        });
        yield_now().await;
        assert_eq!(useless.get(), 1, "it has to wait");

        peer.shutdown(Shutdown::Write)?;
        assert_eq!(stream.read(&mut [0]).await?, 0, "the peer's half is over");
        turns(1_000).await;
        assert!(useless.get() <= 3, "{} polls that wrote nothing", useless.get());

        // Our own half goes on.
        let drain = read_all(peer);
        writer.await??;
        expected += written.get();
        assert_eq!(drain.join().expect("no panic")?.len(), expected);
        Ok(())
    });
}

/// Row "the old waker is woken when it is replaced: a busy loop" (async-io's reactor), for
/// sockets: waiting costs one poll, and the answer another, whatever goes on elsewhere.
#[test]
fn an_idle_read_costs_two_polls() {
    with_pair(async |stream, mut peer| {
        let (busy, mut busy_peer) = pair()?;
        let (polls, read) = counted(async move { stream.read(&mut [0; 8]).await });
        let reader = spawn(read);
        for _ in 0..200 {
            busy_peer.write_all(b"?")?;
            assert_eq!(busy.read(&mut [0; 8]).await?, 1);
        }
        assert_eq!(polls.get(), 1);
        peer.write_all(b"!")?;
        assert_eq!((reader.await??, polls.get()), (1, 2));
        Ok(())
    });
}

/// Row "the old waker is woken when it is replaced: a busy loop" (async-io's reactor): a read that
/// is polled with another waker is woken through that one, once, and the old one is let go.
#[test]
fn an_operation_that_moves_to_another_task_takes_its_wait_along() {
    with_pair(async |stream, mut peer| {
        let mut buf = [0; 8];
        let mut read = pin!(stream.read(&mut buf));
        let (old, old_waker) = Counter::with_waker();
        assert!(poll_with(read.as_mut(), &old_waker).is_pending());
        drop(old_waker);
        let (new, new_waker) = Counter::with_waker();
        for _ in 0..10 {
            assert!(poll_with(read.as_mut(), &new_waker).is_pending());
        }
        assert_eq!(old.wakers(), 0, "the old waker is gone");
        assert_eq!(new.wakers(), 2, "the new one is kept once");
        peer.write_all(b"!")?;
        stream.readable().await?;
        assert_eq!((old.get(), new.get()), (0, 1));
        assert_eq!(new.wakers(), 1, "no one waits now");
        assert_eq!(read.await?, 1);
        Ok(())
    });
}

/// A task whose socket is always ready ends its turn after a bounded number of operations, so the
/// others have theirs.
#[test]
fn a_task_whose_socket_is_always_ready_lets_the_others_run() {
    /// `BUDGET`, in `src/current.rs`.
    const BUDGET: usize = 128;

    with_pair(async |stream, mut peer| {
        peer.write_all(&[b'!'; 1_001])?;
        let stream = Rc::new(stream);
        stream.readable().await?;
        arrived(&stream, 1_001).await?;
        let done = Rc::new(Cell::new(0));
        let (polls, reads) = counted({
            let (stream, done) = (Rc::clone(&stream), Rc::clone(&done));
            async move {
                for _ in 0..1_000 {
                    stream.read(&mut [0]).await?;
                    done.set(done.get() + 1);
                }
                io::Result::Ok(())
            }
        });
        let greedy = spawn(reads);
        let mut before = 0;
        while !greedy.is_finished() {
            yield_now().await;
            let turn = done.get() - before;
            assert!(turn <= BUDGET, "{turn} operations in one turn");
            before = done.get();
        }
        greedy.await??;
        assert_eq!(polls.get(), 1_000_usize.div_ceil(BUDGET));

        // Waiting for what is there counts too.
        let waits = spawn(async move {
            loop {
                stream.readable().await?;
                stream.writable().await?;
            }
            #[expect(unreachable_code, reason = "it names the type")]
            io::Result::Ok(())
        });
        turns(10).await;
        waits.abort();
        Ok(())
    });
}

/// A socket may be dropped inside another task's wake, while its own event is on the way; and
/// the socket that gets its place and its descriptor hears nothing of that event.
#[test]
fn a_socket_dropped_inside_another_tasks_wake_takes_its_event_along() {
    with_pair(async |first, mut first_peer| {
        let (victim, mut victims_peer) = pair()?;
        let (heir, _heirs_peer) = pair()?;

        let mut first = boxed_read(first);
        let (in_the_wake, waker) = runs_code();
        assert!(poll_with(first.as_mut(), &waker).is_pending());
        let (victims_wakes, waker) = Counter::with_waker();
        let mut victim = boxed_read(victim);
        assert!(poll_with(victim.as_mut(), &waker).is_pending());

        let (heirs_wakes, waker) = Counter::with_waker();
        let inherited = Rc::new(RefCell::new(None));
        let heritage = Rc::clone(&inherited);
        in_the_wake(Box::new(move || {
            drop(victim);
            let mut heir = boxed_read(heir);
            let poll = heir.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(poll.is_pending());
            heritage.replace(Some(heir));
        }));
        // Both events come with the same look: nothing is looked at before this turn ends.
        first_peer.write_all(b"!")?;
        victims_peer.write_all(b"!")?;
        let mut first_ready = pin!(first);
        poll_fn(|cx| {
            if inherited.borrow().is_some() {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        assert_eq!(poll_here(first_ready.as_mut()).await.map(Result::ok), Poll::Ready(Some(1)));
        yield_now().await;
        assert_eq!((victims_wakes.get(), heirs_wakes.get()), (0, 0));
        Ok(())
    });
}

/// The socket whose event it is can be dropped in the wake as well: any other task that waits for it
/// goes with it.
#[test]
fn a_socket_may_be_dropped_inside_its_own_wake() {
    with_pair(async |stream, mut peer| {
        let mut read = boxed_read(stream);
        let (in_the_wake, waker) = runs_code();
        assert!(poll_with(read.as_mut(), &waker).is_pending());
        let dropped = Rc::new(Cell::new(false));
        let seen = Rc::clone(&dropped);
        in_the_wake(Box::new(move || {
            drop(read);
            seen.set(true);
        }));
        peer.write_all(b"!")?;
        while !dropped.get() {
            yield_now().await;
        }
        assert_eq!(peer.read(&mut [0]).map_err(|error| error.kind()).unwrap_or(0), 0);
        Ok(())
    });
}
