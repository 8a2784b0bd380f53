//! Where there are no signals (on Windows): Ctrl-C, which a thread of the crate `ctrlc` waits for.

use std::{
    future::poll_fn,
    io,
    process::exit,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use log::info;
use pizzaiolo::Executor;

/// Whether the server is to end, and the tasks that wait for it: one of each thread.
static END: Mutex<End> = Mutex::new(End { is_asked: false, waiting: Vec::new() });

struct End {
    is_asked: bool,
    waiting: Vec<Waker>,
}

fn end() -> MutexGuard<'static, End> {
    END.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Watch;

impl Watch {
    #[expect(clippy::unnecessary_wraps, reason = "with signals, it can fail")]
    pub(crate) fn new() -> io::Result<Watch> {
        Ok(Watch)
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn stop(self, _: &Executor) -> io::Result<()> {
        poll_fn(|cx| {
            let mut end = end();
            if end.is_asked {
                return Poll::Ready(());
            }
            end.waiting.retain(|waker| !waker.will_wake(cx.waker()));
            end.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
        info!("Ctrl-C: closing");
        Ok(())
    }
}

/// From now on, Ctrl-C ends the server, and the second ends the process at once, also if the server is
/// stuck.
pub(crate) fn end_at_the_second() -> io::Result<()> {
    let handler = || {
        if end().is_asked {
            exit(130);
        }
        raise();
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// Tells every thread to end.
pub(crate) fn raise() {
    let waiting = {
        let mut end = end();
        end.is_asked = true;
        std::mem::take(&mut end.waiting)
    };
    waiting.into_iter().for_each(Waker::wake);
}
