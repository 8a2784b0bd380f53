//! Tasks that are awaited.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
};

use crate::{
    Ended, LocalFuture,
    child::check,
    lab::{Drops, Lab, number, poll_now, yield_now},
};

pub(crate) fn output(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let task = lab.joinable(async {
            for _ in 0..3 {
                yield_now().await;
            }
            42_u32
        });
        let output = number(task.join().await);
        check(output == 42, "42, the output", output.to_string());
    })
}

pub(crate) fn late(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let task = lab.joinable(async { 7_u32 });
        lab.settle().await;
        let output = number(task.join().await);
        check(output == 7, "7, the output", output.to_string());
    })
}

pub(crate) fn drops_first(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let drops = Drops::default();
        let token = drops.token();
        let task = lab.joinable(poll_fn(move |_| {
            let _ = &token;
            Poll::Ready(1_u32)
        }));
        let _ = task.join().await;
        check(drops.count() == 1, "the future is dropped before its output is seen", "it lives");
    })
}

pub(crate) fn moved(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let task = lab.joinable(async {
            for _ in 0..30 {
                yield_now().await;
            }
            1_u32
        });
        let mut join = task.join();
        // The waker of the first poll is not the one that waits.
        let _ = poll_now(&mut join);
        let _ = join.await;
    })
}

pub(crate) fn unclaimed(lab: Lab) -> LocalFuture<'static> {
    struct Output(Arc<AtomicU32>);
    impl Drop for Output {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    Box::pin(async move {
        let drops = Arc::new(AtomicU32::new(0));
        let output = Output(Arc::clone(&drops));
        let task = lab.joinable(async { output });
        lab.settle().await;
        drop(task);
        lab.settle().await;
        let count = drops.load(Ordering::SeqCst);
        check(count == 1, "an unclaimed output is dropped once", format!("{count} drops"));
    })
}

pub(crate) fn panic(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let task = lab.joinable(async { deliberate() });
        let outcome = task.join().await;
        let ended = outcome.err();
        check(ended == Some(Ended::Panicked), "the panic", format!("{ended:?}"));
    })
}

/// Panics.
fn deliberate() -> u32 {
    panic!("a deliberate panic of the probe")
}

pub(crate) fn outlives(lab: Lab) {
    let kept = Rc::new(RefCell::new(None));
    let keeper = Rc::clone(&kept);
    lab.block_on(async move {
        *keeper.borrow_mut() = Some(lab.joinable(pending::<u32>()));
    });
    let task = kept.borrow_mut().take();
    // Its end is an error or a panic, as the runtime likes; a wait without end is neither.
    let waiting = std::panic::AssertUnwindSafe(|| {
        lab.block_on(async move {
            if let Some(task) = task {
                let _ = task.join().await;
            }
        });
    });
    drop(std::panic::catch_unwind(waiting));
}
