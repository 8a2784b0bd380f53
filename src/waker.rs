//! Waking: how anyone, on any thread, says that a task can go on.
//!
//! A wake first asks whether it is at home, which is when the task's executor runs on this very
//! thread. Then it is a mark and a push, with neither lock nor atomic read-modify-write. From
//! anywhere else it is a mark and a letter in the [`inbox`](crate::inbox). Either way a task that
//! is queued already is left alone: woken many times, polled once.
//!
//! The waker is an [`Arc`] because anyone may keep it anywhere, and because the safe way to make a
//! [`Waker`](std::task::Waker) is [`Wake`]. That is also why it owns no future: the last clone may
//! go on a foreign thread, and the future must not.

use std::{ptr, rc::Rc, sync::Arc, task::Wake};

use crate::{context, header::Header, inbox::Letter, trace::EventKind};

impl Wake for Header {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !wake_here(self) && self.mark_elsewhere() {
            // A letter that comes back means that the executor is gone, and the task with it.
            let _ = self.inbox().send(Letter::Wake(self.id()));
        }
    }
}

/// Queues the task if its executor runs on this thread. False if it does not.
fn wake_here(header: &Header) -> bool {
    let mut watched = None;
    let here = context::with(|context| {
        if !ptr::eq(header.inbox(), &raw const *context.inbox) {
            return false;
        }
        if header.mark_here() {
            context.home.tasks.ready.push(header.id());
            if context.home.tracer.is_on() {
                watched = Some(Rc::clone(context));
            }
        }
        true
    });
    if let Some(context) = watched {
        // Outside the borrow of the thread-local: who watches is foreign code.
        let by = context.home.turn.running();
        context.home.tracer.emit(Some(header.id()), || EventKind::Woken { by });
    }
    here == Some(true)
}
