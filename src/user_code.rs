//! Calls into code of the user, so that its panic harms nothing else.
//!
//! The executor and the reactor call wakers of other runtimes, drop outputs that no handle asks for,
//! and notify observers. When such code panics, the panic is logged as an error, and the other
//! wakes and drops still happen.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

/// Calls `code` and returns its result, or the payload of its panic.
pub(crate) fn call<R>(code: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    // Unwind safe: the caller drops what the code was working on.
    catch_unwind(AssertUnwindSafe(code))
}

/// Calls a waker, and logs its panic.
pub(crate) fn wake(waker: Waker) {
    if let Err(payload) = call(|| waker.wake()) {
        report("a waker", payload);
    }
}

/// Drops a value, and logs a panic of its `Drop`. `what` is its description for the log.
pub(crate) fn drop<T>(what: &str, value: T) {
    if let Err(payload) = call(|| std::mem::drop(value)) {
        report(what, payload);
    }
}

/// Logs the panic of `what`, and drops its payload.
pub(crate) fn report(what: &str, payload: Box<dyn Any + Send>) {
    let message = panic_message(&*payload).unwrap_or("(no message)");
    log::error!(target: "pizzaiolo", "{what} panicked: {message}");
    if let Err(again) = call(|| std::mem::drop(payload)) {
        // A payload that panics when it is dropped, with a payload that may do the same.
        std::mem::forget(again);
    }
}

/// The message of a panic, if it is text, as it is for `panic!` with a message.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<&str>() {
        Some(message) => Some(message),
        None => payload.downcast_ref::<String>().map(String::as_str),
    }
}
