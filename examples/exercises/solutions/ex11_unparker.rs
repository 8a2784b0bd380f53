//! Exercise 11. The same loop as in exercise 2. Only the sleep is another one: it ends with an
//! event of a socket, with a deadline, and with the waker.

use std::{
    io,
    pin::pin,
    task::{Context, Poll, Waker},
};

use pizzaiolo::Reactor;

pub(crate) fn block_on<F: Future>(reactor: &Reactor, future: F) -> io::Result<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(reactor.unparker());
    loop {
        let mut cx = Context::from_waker(&waker);
        if let Poll::Ready(output) = reactor.enter(|| future.as_mut().poll(&mut cx)) {
            return Ok(output);
        }
        reactor.park(None)?;
    }
}

#[cfg(test)]
#[path = "../tests/ex11_unparker.rs"]
mod tests;
