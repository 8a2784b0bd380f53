//! Panics that are expected, without their noise.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
    thread,
};

/// Where a panic was.
type FileAndLine = (String, u32);

thread_local! {
    /// Where the last panic of this thread was, while the hook is quiet about them.
    static QUIET: RefCell<Option<FileAndLine>> = const { RefCell::new(None) };
}

/// Calls `code`; its panics, caught inside or not, print nothing.
pub(crate) fn quietly<R>(code: impl FnOnce() -> R) -> thread::Result<R> {
    caught(code).map_err(|(payload, _)| payload)
}

/// The message of the panic that `code` ends with, and the source file that it blames.
#[track_caller]
pub(crate) fn panic_of<R>(code: impl FnOnce() -> R) -> (String, String) {
    let (message, (file, _)) = panic_with_line(code);
    (message, file)
}

/// The message of the panic that `code` ends with, and the source file and the line that it blames.
#[track_caller]
pub(crate) fn panic_with_line<R>(code: impl FnOnce() -> R) -> (String, FileAndLine) {
    let Err((payload, location)) = caught(code) else { panic!("it did not panic") };
    (message_of(&*payload), location)
}

pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("the panic has a message")
}

fn caught<R>(code: impl FnOnce() -> R) -> Result<R, (Box<dyn Any + Send>, FileAndLine)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let quiet = QUIET.try_with(|quiet| {
                let mut quiet = quiet.borrow_mut();
                if let (Some(last), Some(location)) = (quiet.as_mut(), info.location()) {
                    *last = (location.file().to_owned(), location.line());
                }
                quiet.is_some()
            });
            if !quiet.unwrap_or(false) {
                loud(info);
            }
        }));
    });
    let outer = QUIET.replace(Some(Default::default()));
    let result = panic::catch_unwind(AssertUnwindSafe(code));
    let location = QUIET.replace(outer).unwrap_or_default();
    result.map_err(|payload| (payload, location))
}

/// The message of the panic that says that this is a deadlock.
#[track_caller]
pub(crate) fn deadlock<R>(run: impl FnOnce() -> R) -> String {
    let (message, _) = panic_of(run);
    assert!(message.starts_with("deadlock: "), "another panic: {message}");
    message
}

/// Panics when it is dropped.
pub(crate) struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("dropped");
    }
}
