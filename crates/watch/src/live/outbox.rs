//! The messages that are still to be sent to one browser. A slow browser loses messages, and then starts
//! again with the whole history.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

/// How many bytes may wait for one browser.
const MOST_BYTES: usize = 4 << 20;

#[derive(Default)]
pub(crate) struct Outbox {
    messages: RefCell<VecDeque<Rc<str>>>,
    bytes: Cell<usize>,
    /// The browser starts again with the whole history.
    behind: Cell<bool>,
    closed: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// What comes next.
pub(crate) enum Next {
    Message(Rc<str>),
    /// Messages were lost.
    Anew,
    Closed,
}

impl Outbox {
    /// Of a new browser.
    pub(crate) fn new() -> Outbox {
        let outbox = Outbox::default();
        outbox.behind.set(true);
        outbox
    }

    pub(crate) fn push(&self, message: &Rc<str>) {
        if !self.behind.get() {
            self.messages.borrow_mut().push_back(Rc::clone(message));
            self.bytes.set(self.bytes.get() + message.len());
            if self.bytes.get() > MOST_BYTES {
                self.messages.borrow_mut().clear();
                self.bytes.set(0);
                self.behind.set(true);
            }
        }
        self.wake();
    }

    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits for what comes next.
    pub(crate) async fn next(&self) -> Next {
        poll_fn(|cx| {
            if self.behind.take() {
                return Poll::Ready(Next::Anew);
            }
            if let Some(message) = self.messages.borrow_mut().pop_front() {
                self.bytes.set(self.bytes.get() - message.len());
                return Poll::Ready(Next::Message(message));
            }
            if self.closed.get() {
                return Poll::Ready(Next::Closed);
            }
            self.waker.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is ready now, in a word each.
    fn ready(outbox: &Outbox) -> Vec<String> {
        let mut ready = Vec::new();
        pizzaiolo::block_on(async {
            outbox.close();
            loop {
                match outbox.next().await {
                    Next::Message(message) => ready.push(message.chars().take(8).collect()),
                    Next::Anew => ready.push("anew".to_owned()),
                    Next::Closed => return,
                }
            }
        });
        ready
    }

    #[test]
    fn a_browser_begins_with_all_that_is_held_and_then_gets_each_message() {
        let outbox = Outbox::new();
        outbox.push(&Rc::from("before"));
        assert_eq!(ready(&outbox), ["anew"]);
        for message in ["one", "two"] {
            outbox.push(&Rc::from(message));
        }
        assert_eq!(ready(&outbox), ["one", "two"]);
    }

    #[test]
    fn a_slow_browser_holds_a_bounded_number_of_bytes_and_begins_anew() {
        let outbox = Outbox::default();
        let large: Rc<str> = Rc::from("x".repeat(MOST_BYTES / 4));
        for _ in 0..100 {
            outbox.push(&large);
            assert!(outbox.bytes.get() <= MOST_BYTES);
        }
        assert_eq!(ready(&outbox), ["anew"]);
        assert_eq!(outbox.bytes.get(), 0);
    }
}
