//! What the compiler makes of step 7's `serve`, by hand, and a test that drives both.

use super::{ready, reply};
use mio::Token;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::{collections::VecDeque, mem};

/// A variant for each point at which `serve` can wait, with the variables that are needed there.
/// (In the compiler's enum, a variant that waits also holds the future that it awaits. That future
/// borrows the stream and the buffer of the same variant, which needs `Pin`. Here each poll makes a
/// new one: the future of `ready` has no state.)
enum Serve<S> {
    /// Before the first poll: the arguments.
    Start { stream: S, token: Token },
    /// At the first `.await`.
    Reads { stream: S, token: Token, order: [u8; 1024] },
    /// At the second `.await`, or on its way there.
    Writes { stream: S, token: Token, order: [u8; 1024], unsent: Vec<u8> },
    /// It has returned.
    Over,
}

impl<S: Read + Write + Unpin> Future for Serve<S> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            *self = match mem::replace(&mut *self, Serve::Over) {
                Serve::Start { stream, token } => Serve::Reads { stream, token, order: [0; 1024] },
                Serve::Reads { mut stream, token, mut order } => {
                    let poll = pin!(ready(token, || stream.read(&mut order))).poll(cx);
                    match poll {
                        // `.await`: passes the same `cx` on, and returns Pending.
                        Poll::Pending => {
                            *self = Serve::Reads { stream, token, order };
                            return Poll::Pending;
                        }
                        // `?`: returns the error.
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                        Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                        Poll::Ready(Ok(n)) => {
                            let unsent = reply(&order[..n]);
                            Serve::Writes { stream, token, order, unsent }
                        }
                    }
                }
                Serve::Writes { stream, token, order, unsent } if unsent.is_empty() => {
                    Serve::Reads { stream, token, order }
                }
                Serve::Writes { mut stream, token, order, mut unsent } => {
                    let poll = pin!(ready(token, || stream.write(&unsent))).poll(cx);
                    match poll {
                        Poll::Pending => {
                            *self = Serve::Writes { stream, token, order, unsent };
                            return Poll::Pending;
                        }
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                        Poll::Ready(Ok(n)) => {
                            unsent.drain(..n);
                            Serve::Writes { stream, token, order, unsent }
                        }
                    }
                }
                Serve::Over => panic!("`async fn` resumed after completion"),
            };
        }
    }
}

/// What a client does, one event after the other.
#[derive(Clone, Copy)]
enum Event {
    /// Its order arrives.
    Order(&'static [u8]),
    /// The socket accepts this many bytes.
    Takes(usize),
    /// The call would block.
    Blocks,
    /// The client leaves.
    Leaves,
    /// The connection is reset.
    Resets,
}

/// A socket that follows a script, and records what is called and what is written.
struct Script<'a> {
    events: VecDeque<Event>,
    calls: &'a mut Vec<String>,
}

impl Script<'_> {
    fn next(&mut self, call: String) -> Event {
        self.calls.push(call);
        self.events.pop_front().expect("the script has another event")
    }
}

impl Read for Script<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.next("read".into()) {
            Event::Order(order) => (&*order).read(buffer),
            Event::Leaves => Ok(0),
            Event::Blocks => Err(ErrorKind::WouldBlock.into()),
            Event::Resets => Err(ErrorKind::ConnectionReset.into()),
            Event::Takes(_) => unreachable!("nothing is written"),
        }
    }
}

impl Write for Script<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.next(format!("write {:?}", String::from_utf8_lossy(bytes))) {
            Event::Takes(n) => Ok(n.min(bytes.len())),
            Event::Blocks => Err(ErrorKind::WouldBlock.into()),
            Event::Resets => Err(ErrorKind::ConnectionReset.into()),
            Event::Order(_) | Event::Leaves => unreachable!("nothing is read"),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Polls a `serve` to its end. Returns what each poll returned, and the calls before it.
fn polls<'a, F: Future<Output = io::Result<()>>>(
    events: &[Event],
    calls: &'a mut Vec<String>,
    serve: impl FnOnce(Script<'a>) -> F,
) -> Vec<Option<Result<(), ErrorKind>>> {
    let mut future = pin!(serve(Script { events: events.iter().copied().collect(), calls }));
    let mut cx = Context::from_waker(Waker::noop());
    let mut polls = Vec::new();
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Pending => polls.push(None),
            Poll::Ready(result) => {
                polls.push(Some(result.map_err(|error| error.kind())));
                return polls;
            }
        }
    }
}

#[test]
fn the_enum_by_hand_and_the_async_fn_do_the_same_in_each_poll() {
    use Event::{Blocks, Leaves, Order, Resets, Takes};
    let (three, wrong, one) = (Order(b"3"), Order(b"x"), Order(b"1"));
    // Each `Blocks` is one Pending, and the end is Ready.
    let scripts = [
        (vec![Leaves], 1),
        (vec![Blocks, three, Takes(100), Blocks, Blocks, Leaves], 4),
        (vec![wrong, Blocks, Takes(5), Blocks, Takes(100), one, Takes(100), Leaves], 3),
        (vec![Blocks, one, Blocks, Resets], 3),
    ];
    let token = Token(0);
    for (script, expected) in scripts {
        let (mut calls, mut by_hand) = (Vec::new(), Vec::new());
        let compiled = polls(&script, &mut calls, |stream| super::serve(stream, token));
        let manual = polls(&script, &mut by_hand, |stream| Serve::Start { stream, token });
        assert_eq!(compiled, manual);
        assert_eq!(calls, by_hand);
        assert_eq!(compiled.len(), expected);
    }
}

#[test]
fn both_keep_the_order_while_they_wait() {
    let stream = io::Cursor::new(Vec::new());
    let compiled = super::serve(stream.clone(), Token(0));
    let by_hand = Serve::Start { stream, token: Token(0) };
    assert!(size_of_val(&compiled) >= 1024 && size_of_val(&by_hand) >= 1024);
}
