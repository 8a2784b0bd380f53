//! # Pending without storing the waker
//!
//! What one sees: the task is polled once and never again, although the awaited thing happened long
//! ago. The program hangs, without any load.
//!
//! What gives it away: the executor warns directly after that poll. No line of the trace says that
//! the task was woken. When nothing else is left to do, the deadlock is proven.
//!
//! ```text
//!     task 0: polled
//!     task 0: pending
//!     task 0: warning, "waiter", …: it returned Pending, but nothing holds its waker: it can never run again
//! oven: done
//!     task 1: finished
//! It panics: deadlock: run waits for ever: …
//! task 0     waiting        1 …  something unknown; waiter
//! ```
//!
//! The cause: a future that returns Pending has to store its waker (`cx.waker()`) where some code
//! will call it. This one reads a flag and stores nothing.
//!
//! The cure: store a clone of the waker where the code that sets the flag finds it.
//!
//! ```text
//!     task 0: pending
//! oven: done
//!     task 0: woken by task 1
//! waiter: I serve the pizza
//! What is left:
//! no tasks
//! ```

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "pending-without-waker",
    source: include_str!("pending_without_waker.rs"),
    wrong: || watch(|executor| program(executor, Wrong)),
    cured: || watch(|executor| program(executor, Cured)),
};

#[derive(Default)]
struct Oven {
    done: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
}

impl Oven {
    fn finish(&self) {
        say("oven: done");
        self.done.set(true);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

struct Wrong(Rc<Oven>);

impl Future for Wrong {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.done.get() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

struct Cured(Rc<Oven>);

impl Future for Cured {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.done.get() {
            return Poll::Ready(());
        }
        self.0.waiting.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

fn program<F: Future + 'static>(executor: &pizzaiolo::Executor, wait: fn(Rc<Oven>) -> F) {
    let oven = Rc::new(Oven::default());
    let pizza = wait(Rc::clone(&oven));
    let _waiter = spawn(executor, "waiter", async move {
        pizza.await;
        say("waiter: I serve the pizza");
    });
    let _oven = spawn(executor, "oven", async move { oven.finish() });
    executor.run();
}
