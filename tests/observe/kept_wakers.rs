//! A socket keeps the waker of the task that waits for it from one wait to the next. A waker that is
//! kept and idle will not be called, so the executor must not count it: it knows exactly which tasks
//! can be woken and which cannot.

use std::{io::Read as _, net};

use pizzaiolo::{net::TcpStream, trace::Warning};

use crate::support::prelude::*;

/// A read of one byte that may be passed around.
type Read = Pin<Box<dyn Future<Output = io::Result<u8>>>>;

/// Our end of a connection, and the peer's.
fn shared_pair() -> (Rc<TcpStream>, net::TcpStream) {
    let (stream, peer) = pair().expect("loopback");
    (Rc::new(stream), peer)
}

fn read(stream: &Rc<TcpStream>) -> Read {
    let stream = Rc::clone(stream);
    Box::pin(async move {
        let mut buf = [0];
        stream.read_exact(&mut buf).await?;
        Ok(buf[0])
    })
}

/// Polls a read that finds nothing.
fn begin(read: &mut Read, cx: &mut Context<'_>) {
    assert!(read.as_mut().poll(cx).is_pending(), "nothing was written yet");
}

fn lost(warnings: &[(Option<pizzaiolo::trace::TaskId>, Warning, String)]) -> usize {
    warnings.iter().filter(|(_, warning, _)| *warning == Warning::LostWaker).count()
}

/// Runs a task that has so many polls before it is left waiting, and says whether it was warned of.
fn is_warned_of(task: impl Future<Output = ()> + 'static) -> bool {
    let (executor, events) = watched();
    let _task = executor.spawn(task);
    executor.run_until_idle();
    lost(&events.warnings()) > 0
}

#[test]
fn a_read_that_was_begun_in_an_earlier_poll_still_counts() {
    let (executor, events) = watched();
    let (stream, mut peer) = shared_pair();
    let mut read = read(&stream);
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    let task = executor.spawn(poll_fn(move |cx| {
        counted.set(counted.get() + 1);
        match counted.get() {
            1 => {
                begin(&mut read, cx);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            // This poll does not ask, and the waker is nowhere.
            2 => Poll::Pending,
            _ => read.as_mut().poll(cx),
        }
    }));
    executor.run_until_idle();
    assert_eq!((polls.get(), lost(&events.warnings())), (2, 0));

    peer.write_all(b"7").expect("it is connected");
    assert_eq!(executor.block_on(task).expect("no panic").expect("a byte"), b'7');
    assert_eq!((polls.get(), lost(&events.warnings())), (3, 0));
}

#[test]
fn a_read_that_was_dropped_in_the_same_poll_does_not_count() {
    bound();
    let (stream, _peer) = shared_pair();
    assert!(is_warned_of(poll_fn(move |cx| {
        begin(&mut read(&stream), cx);
        Poll::Pending
    })));
}

#[test]
fn a_read_that_was_dropped_in_a_later_poll_does_not_count() {
    bound();
    let (stream, _peer) = shared_pair();
    let mut waiting = None;
    assert!(is_warned_of(poll_fn(move |cx| {
        if waiting.take().is_none() {
            begin(waiting.insert(read(&stream)), cx);
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    })));
}

#[test]
fn a_read_that_is_done_does_not_count() {
    let (executor, events) = watched();
    let (stream, mut peer) = shared_pair();
    let reading = Rc::clone(&stream);
    let _task = executor.spawn(async move {
        read(&reading).await.expect("a byte");
        pending::<()>().await;
    });
    executor.run_until_idle();
    assert_eq!(lost(&events.warnings()), 0);
    peer.write_all(b"1").expect("it is connected");
    // The event comes when it comes: another task waits for the next byte, and is served.
    executor.block_on(async {
        peer.write_all(b"2").expect("it is connected");
        read(&stream).await.expect("a byte");
    });
    executor.run_until_idle();
    assert_eq!(lost(&events.warnings()), 1);
}

#[test]
fn two_reads_of_one_socket_by_one_task_count_both() {
    bound();
    let (stream, _peer) = shared_pair();
    for kept in 0..=2 {
        let stream = Rc::clone(&stream);
        let mut waiting = Vec::new();
        let warned = is_warned_of(poll_fn(move |cx| {
            let mut reads = [read(&stream), read(&stream)];
            for read in &mut reads {
                begin(read, cx);
            }
            // The older one goes first.
            waiting.extend(reads.into_iter().skip(2 - kept));
            Poll::Pending
        }));
        assert_eq!(warned, kept == 0, "{kept} reads are kept");
    }
}

#[test]
fn a_read_that_another_task_drops_does_not_count() {
    let (executor, events) = watched();
    let (stream, _peer) = shared_pair();
    let shared = Rc::new(RefCell::new(Some(read(&stream))));
    let kept = Rc::clone(&shared);
    let _waits = executor.spawn(poll_fn(move |cx| {
        if let Some(read) = &mut *kept.borrow_mut() {
            begin(read, cx);
        }
        Poll::<()>::Pending
    }));
    executor.run_until_idle();
    assert_eq!(lost(&events.warnings()), 0);
    let drops = executor.spawn(async move { drop(shared.take()) });
    executor.run_until_idle();
    assert!(drops.is_finished());
    // No task reads, and nothing can wake the first task any more.
    deadlock(|| executor.run());
}

#[test]
fn a_read_that_goes_on_in_another_task_wakes_that_one_only() {
    let (executor, events) = watched();
    let (stream, mut peer) = shared_pair();
    let shared = Rc::new(RefCell::new(Some(read(&stream))));
    let begun = Rc::clone(&shared);
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    let begins = executor.spawn(poll_fn(move |cx| {
        counted.set(counted.get() + 1);
        if let Some(read) = &mut *begun.borrow_mut() {
            begin(read, cx);
        }
        Poll::<()>::Pending
    }));
    executor.run_until_idle();
    let read = shared.take().expect("it waits");
    let goes_on = executor.spawn(read);
    executor.run_until_idle();
    peer.write_all(b"7").expect("it is connected");
    assert_eq!(executor.block_on(goes_on).expect("no panic").expect("a byte"), b'7');
    executor.run_until_idle();
    assert_eq!(polls.get(), 1, "the first has no part in it any more");
    assert!(!begins.is_finished());
    assert_eq!(lost(&events.warnings()), 0, "it is not polled again, so no check is made");
}

/// A wake is code of others: it may poll what waits with the waker of a task that does not run.
#[test]
fn a_read_that_is_begun_between_two_turns_waits_with_its_waker() {
    struct Later {
        read: Read,
        waker: Waker,
        peer: net::TcpStream,
    }
    thread_local! {
        static LATER: RefCell<Option<Later>> = const { RefCell::new(None) };
    }
    struct PollsLater;
    impl Wake for PollsLater {
        fn wake(self: Arc<Self>) {
            let mut later = LATER.take().expect("there is one wake");
            begin(&mut later.read, &mut Context::from_waker(&later.waker));
            later.peer.write_all(b"2").expect("it is connected");
            LATER.set(Some(later));
        }
    }

    let (executor, _events) = watched();
    let ((first, mut first_peer), (second, second_peer)) = (shared_pair(), shared_pair());
    let mut first = read(&first);
    let task = poll_fn(move |cx| {
        if let Some(mut later) = LATER.take() {
            return later.read.as_mut().poll(cx);
        }
        begin(&mut first, &mut Context::from_waker(&Arc::new(PollsLater).into()));
        first_peer.write_all(b"1").expect("it is connected");
        let (read, waker, peer) = (read(&second), cx.waker().clone(), second_peer.try_clone());
        LATER.set(Some(Later { read, waker, peer: peer.expect("a duplicate") }));
        Poll::Pending
    });
    // The task's turn is the last one before the wake.
    let byte = executor.block_on(async { spawn(task).await });
    assert_eq!(byte.expect("no panic").expect("a byte"), b'2');
}

#[cfg(unix)]
type Source = pizzaiolo::Async<std::os::unix::net::UnixStream>;

/// What is logged of a task when a byte comes to its socket, and `then`.
#[cfg(unix)]
fn logged_with_a_byte<F: Future<Output = ()> + 'static>(
    task: impl FnOnce(Source) -> F,
    then: impl FnOnce(&Executor, &mut dyn Write),
) -> Vec<String> {
    logged(|| {
        let executor = executor();
        let (ours, mut peer) = unix_pair();
        executor.spawn(task(Source::from_fd(ours))).detach();
        executor.run_until_idle();
        peer.write_all(b"!").expect("there is room");
        executor.run_until_idle();
        then(&executor, &mut peer);
    })
}

#[test]
#[cfg(unix)]
fn a_task_whose_last_waker_is_kept_by_a_socket_is_warned_of() {
    let forgets = |source: Source| async move {
        source.readable().await.expect("it is registered");
        pending::<()>().await;
    };
    let lines = logged_with_a_byte(forgets, |_, _| {});
    assert!(lines.len() == 1 && lines[0].contains("it can never run again"), "{lines:?}");
}

#[test]
#[cfg(unix)]
fn a_task_whose_last_waker_is_kept_by_a_socket_a_second_time_is_warned_of() {
    let slot = Slot::new();
    let woken = slot.woken();
    let forgets = |source: Source| async move {
        source.read_with(|mut io| io.read(&mut [0])).await.expect("a byte");
        woken.await;
        source.read_with(|mut io| io.read(&mut [0])).await.expect("a byte");
        pending::<()>().await;
    };
    let lines = logged_with_a_byte(forgets, |executor, peer| {
        slot.take().expect("it waits elsewhere").wake();
        executor.run_until_idle();
        peer.write_all(b"!").expect("there is room");
        executor.run_until_idle();
    });
    assert!(lines.len() == 1 && lines[0].contains("it can never run again"), "{lines:?}");
}

#[test]
#[cfg(unix)]
fn a_task_that_waits_elsewhere_after_a_socket_is_not_warned_of() {
    let slot = Slot::new();
    let woken = slot.woken();
    let waits = |source: Source| async move {
        source.readable().await.expect("it is registered");
        woken.await;
    };
    let lines = logged_with_a_byte(waits, |_, _| {});
    assert!(slot.take().is_some());
    assert_eq!(lines, Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn a_waker_that_a_socket_keeps_hides_no_deadlock() {
    let executor = executor();
    let (ours, mut peer) = unix_pair();
    let source = pizzaiolo::Async::from_fd(ours);
    peer.write_all(b"!").expect("there is room");
    let forgets = async {
        source.readable().await.expect("it is registered");
        pending::<()>().await;
    };
    deadlock(|| executor.block_on(forgets));
}
