//! # Waking only the last of two waiters
//!
//! What one sees: with one client everything works. With two clients, the first hangs as soon as
//! the second has come. Which one hangs depends on which was polled last.
//!
//! What gives it away: two tasks are pending, and one is woken. The executor does not warn at once:
//! when the poll of the first task ended, its waker was still stored. It was dropped later. In the
//! end the deadlock is proven.
//!
//! ```text
//!     task 0: polled
//!     task 0: pending
//!     task 1: polled
//!     task 1: pending
//! oven: done
//!     task 1: woken by task 2
//! waiter 2: I have my pizza
//! It panics: deadlock: run waits for ever: …
//! task 0     waiting        1 …  something unknown; waiter 1
//! ```
//!
//! The cause: there is one slot for a waker, and two tasks wait. The second task replaces the waker
//! of the first.
//!
//! The cure: have a slot for each waiter, and wake all of them. (Or use a type that allows one
//! waiter only: `poll` with `&mut self`, and no `Clone`.)
//!
//! ```text
//! oven: done
//!     task 0: woken by task 2
//!     task 1: woken by task 2
//! waiter 1: I have my pizza
//! waiter 2: I have my pizza
//! What is left:
//! no tasks
//! ```

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use pizzaiolo::Executor;

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "last-waiter",
    source: include_str!("last_waiter.rs"),
    wrong: || watch(program::<Wrong>),
    cured: || watch(program::<Cured>),
};

trait Oven: Default + 'static {
    fn poll_done(&self, cx: &mut Context<'_>) -> Poll<()>;
    fn finish(&self);
}

#[derive(Default)]
struct Wrong {
    done: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
}

impl Oven for Wrong {
    fn poll_done(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.done.get() {
            return Poll::Ready(());
        }
        self.waiting.replace(Some(cx.waker().clone()));
        Poll::Pending
    }

    fn finish(&self) {
        self.done.set(true);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

#[derive(Default)]
struct Cured {
    done: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Oven for Cured {
    fn poll_done(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.done.get() {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn finish(&self) {
        self.done.set(true);
        for waker in self.waiting.take() {
            waker.wake();
        }
    }
}

fn program<O: Oven>(executor: &Executor) {
    let oven = Rc::new(O::default());
    for number in 1..=2 {
        let oven = Rc::clone(&oven);
        let _waiter = spawn(executor, &format!("waiter {number}"), async move {
            poll_fn(|cx| oven.poll_done(cx)).await;
            say(format!("waiter {number}: I have my pizza"));
        });
    }
    let _oven = spawn(executor, "oven", async move {
        say("oven: done");
        oven.finish();
    });
    executor.run();
}
