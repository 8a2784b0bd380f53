//! # A waker kept from an earlier poll
//!
//! What one sees: a future works where it was first polled, and hangs when it is moved: into
//! another task, into a `select`, or from one round of a loop to the next.
//!
//! What gives it away: the trace shows no wake of the task that waits. The waker that is called
//! belongs to task 0. That task has finished, so the call does nothing. If nothing holds the waker
//! of the task that waits, the executor warns.
//!
//! ```text
//!     task 0: polled
//! trainee: not done yet, another task must wait
//!     task 0: finished
//!     task 2: polled
//!     task 2: warning, "waiter", …: it returned Pending, but nothing holds its waker: it can never run again
//! oven: done
//! It panics: deadlock: run waits for ever: …
//! task 2     waiting        1 …  something unknown; waiter
//! ```
//!
//! The cause: only the waker of the last poll counts. This future kept the waker of its first poll:
//! the waker of the trainee, which has finished.
//!
//! The cure: store the new waker in each poll. `Waker::clone_from` avoids the clone if both wake
//! the same task.
//!
//! ```text
//! trainee: not done yet, another task must wait
//!     task 2: polled
//! oven: done
//!     task 2: woken by task 1
//! waiter: I serve the pizza
//! What is left:
//! no tasks
//! ```

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use pizzaiolo::{Executor, task, yield_now};

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "stale-waker",
    source: include_str!("stale_waker.rs"),
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

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.done.get() {
            return Poll::Ready(());
        }
        let mut waiting = self.0.waiting.borrow_mut();
        if waiting.is_none() {
            *waiting = Some(cx.waker().clone());
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
        match &mut *self.0.waiting.borrow_mut() {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

fn program<F: Future + 'static>(executor: &Executor, wait: fn(Rc<Oven>) -> F) {
    let oven = Rc::new(Oven::default());
    let mut pizza = Box::pin(wait(Rc::clone(&oven)));
    let _trainee = spawn(executor, "trainee", async move {
        let looked = poll_fn(|cx| Poll::Ready(pizza.as_mut().poll(cx))).await;
        assert!(looked.is_pending(), "the oven has not been turned on yet");
        say("trainee: not done yet, another task must wait");
        task::Builder::new()
            .name("waiter")
            .spawn(async move {
                pizza.await;
                say("waiter: I serve the pizza");
            })
            .detach();
    });
    let _oven = spawn(executor, "oven", async move {
        yield_now().await;
        oven.finish();
    });
    executor.run();
}
