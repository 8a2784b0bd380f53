//! Futures that panic.

use std::{
    future::{pending, poll_fn},
    panic::{self, AssertUnwindSafe},
    task::Poll,
};

use crate::{
    LocalFuture,
    child::check,
    lab::{Drops, Lab, OnDrop, Watched, yield_now},
};

/// Panics.
fn deliberate() {
    panic!("a deliberate panic of the probe")
}

/// Spawns a task that goes on for a while, and then finishes what is returned.
fn busy(lab: Lab) -> Watched {
    let end = Watched::new();
    let ended = end.clone();
    lab.spawn(async move {
        for _ in 0..10 {
            yield_now().await;
        }
        ended.finish();
    });
    end
}

pub(crate) fn others(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let before = busy(lab);
        lab.spawn(async { deliberate() });
        let after = busy(lab);
        before.await;
        after.await;
    })
}

pub(crate) fn in_drop(lab: Lab) -> LocalFuture<'static> {
    Box::pin(async move {
        let before = busy(lab);
        let panics = OnDrop(deliberate);
        lab.spawn(poll_fn(move |_| {
            let _ = &panics;
            Poll::Ready(())
        }));
        let after = busy(lab);
        before.await;
        after.await;
    })
}

pub(crate) fn root(lab: Lab) {
    let panicking = AssertUnwindSafe(|| lab.block_on(async { deliberate() }));
    check(panic::catch_unwind(panicking).is_err(), "the panic of `block_on`'s future", "none");
    lab.block_on(async {});
}

pub(crate) fn root_frees(lab: Lab) {
    let drops = Drops::default();
    let token = drops.token();
    let panicking = AssertUnwindSafe(|| {
        lab.block_on(async move {
            lab.spawn(async move {
                let _token = token;
                pending::<()>().await;
            });
            lab.settle().await;
            deliberate();
        });
    });
    drop(panic::catch_unwind(panicking));
    let seen = format!("{} drops", drops.count());
    check(drops.count() == 1, "1 drop of a task whose executor goes by a panic", seen);
}
