//! Operations that are given up at each of their awaits.

use std::io;

use pizzaiolo_testkit::{Cancel, check_cancel_safety};

use super::bound;

/// [`check_cancel_safety`] of an operation of a socket, bounded.
#[track_caller]
pub(crate) fn cancelled_at_each_await(check: impl AsyncFn(Cancel) -> io::Result<()>) {
    bound();
    let check = &check;
    let points = check_cancel_safety(|cancel| async move {
        check(cancel).await.expect("the test's own I/O works");
    });
    assert!(points >= 2, "it never waits, so it was not cancelled");
}

/// Begins an operation, and begins it again if it was given up. Returns what it yields.
pub(crate) async fn again<T>(cancel: Cancel, operation: impl AsyncFn() -> T) -> T {
    match cancel.run(operation()).await {
        Some(output) => output,
        None => operation().await,
    }
}
