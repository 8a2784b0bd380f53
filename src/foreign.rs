//! Foreign code, called so that its panic harms nobody else.
//!
//! The executor runs code that it knows nothing of: a waker that another runtime made, the `Drop`
//! of an output that nobody asked for. When such code panics, the panic is logged as an error, and
//! whoever else is to be woken or dropped has its turn all the same.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Waker,
};

/// Calls `code` and returns what it returns, or the payload of its panic.
pub(crate) fn call<R>(code: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    // Unwind safe: what the code was working on is dropped, or was never ours.
    catch_unwind(AssertUnwindSafe(code))
}

/// Wakes, and logs a panic of the waker's.
pub(crate) fn wake(waker: Waker) {
    if let Err(payload) = call(|| waker.wake()) {
        report("a waker", payload);
    }
}

/// Drops a value, and logs a panic of its `Drop`. The caller says what it is.
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
