use std::{
    future::poll_fn,
    io::{Read, Write},
    net::TcpStream,
    pin::pin,
    sync::mpsc,
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use pizzaiolo::{Reactor, net::TcpListener, time::sleep};

use super::block_on;
use crate::support::{ends, panics};

#[test]
#[ignore = "an exercise"]
fn a_future_that_is_ready_needs_no_wake() {
    ends("block_on must poll before it parks, because a ready future calls no waker", || {
        let reactor = Reactor::new().expect("a reactor");
        let output = block_on(&reactor, async { "pizza" }).expect("it runs");
        assert_eq!(output, "pizza", "block_on must return the future's output");
    });
}

#[test]
#[ignore = "an exercise"]
fn a_timer_ends_the_park() {
    ends("the park must end when a timer is due, because its wake comes from the park", || {
        let reactor = Reactor::new().expect("a reactor");
        let start = Instant::now();
        let nap = Duration::from_millis(20);
        let refused = panics(|| {
            block_on(&reactor, sleep(nap)).expect("it runs");
        });
        assert!(
            !refused,
            "the future must be polled inside `enter`, because a timer has to know its reactor"
        );
        assert!(start.elapsed() >= nap, "block_on must not return before the future is Ready");
    });
}

#[test]
#[ignore = "an exercise"]
fn an_event_of_a_socket_ends_the_park() {
    ends("the park must end when a socket is ready, because its wake comes from the park", || {
        let reactor = Reactor::new().expect("a reactor");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("its address");
        let mut stream = TcpStream::connect(addr).expect("it listens");
        let (waits, waiting) = mpsc::channel();
        let client = thread::spawn(move || {
            let _ = waiting.recv();
            let mut reply = String::new();
            // If it fails, the reply is not whole.
            let _ = stream.write_all(b"1").and_then(|()| stream.read_to_string(&mut reply));
            reply
        });
        let refused = panics(|| {
            let served = block_on(&reactor, async {
                let (stream, _) = listener.accept().await?;
                let mut order = [0; 10];
                let n = {
                    let mut read = pin!(stream.read(&mut order));
                    // The client orders when the server waits for that.
                    poll_fn(|cx| {
                        let poll = read.as_mut().poll(cx);
                        if poll.is_pending() {
                            let _ = waits.send(());
                        }
                        poll
                    })
                    .await?
                };
                stream.write_all(&order[..n]).await
            });
            served.expect("it runs").expect("the sockets work");
        });
        assert!(
            !refused,
            "the future must be polled inside `enter`, because a socket has to know its reactor"
        );
        let reply = client.join().expect("the client");
        assert_eq!(reply, "1", "what the future writes must arrive, because it ran to its end");
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_from_another_thread_ends_the_park_and_until_then_it_sleeps() {
    ends("a wake from another thread must end the park, because nothing else will", || {
        let reactor = Reactor::new().expect("a reactor");
        let mut polls = 0;
        let waits = poll_fn(|cx| {
            polls += 1;
            assert!(
                polls < 10,
                "block_on must sleep until the wake, because each poll before it is for nothing"
            );
            if polls == 1 {
                let waker: Waker = cx.waker().clone();
                thread::spawn(move || {
                    // Time for a busy loop to show.
                    thread::sleep(Duration::from_millis(250));
                    waker.wake();
                });
            }
            if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
        });
        let start = Instant::now();
        block_on(&reactor, waits).expect("it runs");
        assert!(
            start.elapsed() >= Duration::from_millis(200),
            "block_on must sleep until the wake, because each poll before it is for nothing"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_wake_that_comes_during_the_poll_is_not_lost() {
    let rule = "a wake during the poll must end the park after it, because the poll may have missed \
                what the wake is about";
    ends(rule, || {
        let reactor = Reactor::new().expect("a reactor");
        let mut left = 3;
        let waits = poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        block_on(&reactor, waits).expect("it runs");
    });
}
