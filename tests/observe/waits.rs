//! The events say when a wait for a socket is given up.

use std::{future::poll_fn, rc::Rc, task::Poll};

use pizzaiolo::{
    TaskId,
    net::{TcpListener, UdpSocket},
    spawn, yield_now,
};

use crate::support::{Boxed, Events, poll_here, run_watched, watched};

/// What is said of a task's waits for sockets, in words, and of its end.
fn said(events: &Events, of: TaskId) -> Vec<String> {
    let is_it =
        |said: &String| ["pending on", "woken", "aborted"].iter().any(|it| said.contains(it));
    events
        .pick(|event| (event.task() == Some(of)).then(|| event.kind().to_string()))
        .into_iter()
        .filter(is_it)
        .collect()
}

fn socket() -> Rc<UdpSocket> {
    Rc::new(UdpSocket::bind("127.0.0.1:0").expect("a free port"))
}

const BEGUN: &str = "pending on socket 0 (read)";
const ENDED: &str = "no longer pending on socket 0 (read)";

#[test]
fn a_future_that_is_dropped_ends_its_wait() {
    let (executor, events) = watched();
    let socket = socket();
    let task = executor.spawn(async move {
        assert!(poll_here(&mut Box::pin(socket.recv_from(&mut [0]))).await.is_pending());
        yield_now().await;
    });
    let id = task.id();
    executor.run();
    assert_eq!(said(&events, id), [BEGUN, ENDED, &format!("woken by {id}")]);
}

#[test]
fn a_task_that_is_aborted_ends_its_wait_first() {
    run_watched(async |events| {
        let waits = spawn(async { socket().recv_from(&mut [0]).await });
        let id = waits.id();
        yield_now().await;
        waits.abort();
        assert!(waits.await.is_err());
        let said = said(&events, id);
        assert_eq!(
            [&*said[0], &*said[said.len() - 2], &*said[said.len() - 1]],
            [BEGUN, ENDED, "aborted"]
        );
        Ok(())
    });
}

#[test]
fn a_wait_that_the_socket_ends_is_not_given_up() {
    run_watched(async |events| {
        let (reader, writer) = (socket(), socket());
        let to = reader.local_addr()?;
        let waits = spawn(async move { reader.recv_from(&mut [0]).await });
        let id = waits.id();
        yield_now().await;
        writer.send_to(b"1", to).await?;
        waits.await.expect("it does not panic")?;
        assert_eq!(said(&events, id), [BEGUN, "woken by socket 0 (read)"]);
        Ok(())
    });
}

/// Of two that wait for one direction, the second has no slot of its own.
#[test]
fn each_wait_that_ends_is_that_of_its_own_task() {
    let (executor, events) = watched();
    let socket = socket();
    let waits = |socket: Rc<UdpSocket>, polls| async move {
        let mut receives = [0];
        let mut receives = Box::pin(socket.recv_from(&mut receives));
        assert!(poll_here(&mut receives).await.is_pending());
        for _ in 0..polls {
            yield_now().await;
        }
    };
    let first = executor.spawn(waits(Rc::clone(&socket), 2));
    let second = executor.spawn(waits(socket, 1));
    let (first, second) = (first.id(), second.id());
    executor.run();
    for id in [first, second] {
        let said = said(&events, id);
        assert_eq!(said.iter().filter(|said| *said == ENDED).count(), 1, "{id}: {said:?}");
    }
    let order = events.pick(|event| (event.kind().to_string() == ENDED).then(|| event.task()));
    assert_eq!(order, [Some(second), Some(first)]);
}

#[test]
fn a_future_that_another_task_polls_ends_the_wait_of_the_first() {
    let (executor, events) = watched();
    let first = executor.spawn(async {
        let mut receives: Boxed<()> = Box::pin(async {
            let _ = socket().recv_from(&mut [0]).await;
        });
        assert!(poll_here(&mut receives).await.is_pending());
        let second = spawn(async move { assert!(poll_here(&mut receives).await.is_pending()) });
        second.id()
    });
    let id = first.id();
    let second = executor.block_on(first).expect("it does not panic");
    executor.run();
    assert_eq!(said(&events, id), [BEGUN, ENDED]);
    assert_eq!(said(&events, second), [BEGUN, ENDED]);
}

#[test]
fn a_poll_that_takes_the_slot_of_another_task_ends_the_wait_of_that() {
    let (executor, events) = watched();
    let listener = Rc::new(TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let polls = |listener: Rc<TcpListener>| async move {
        poll_fn(|cx| {
            assert!(listener.poll_accept(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        yield_now().await;
    };
    let first = executor.spawn(polls(Rc::clone(&listener))).id();
    let second = executor.spawn(polls(listener)).id();
    executor.run();
    assert_eq!(said(&events, first), [BEGUN, &format!("woken by {first}"), ENDED]);
    assert_eq!(said(&events, second), [BEGUN, &format!("woken by {second}")]);
}
