//! Sees the panics of a program that is explored, and keeps them off the screen: a bug that is
//! found is shown once, not once a run.

use std::{
    cell::{Cell, RefCell},
    panic::{self, PanicHookInfo},
    sync::Once,
};

thread_local! {
    /// How many watches there are on this thread.
    static WATCHES: Cell<u32> = const { Cell::new(0) };
    static HAS_PANICKED: Cell<bool> = const { Cell::new(false) };
    /// The first panic: what it said, and where.
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// While it lives, panics of this thread are noted, and not printed.
pub(super) struct Watch;

/// Begins to watch. The first call of all puts a hook before the process's own one.
pub(super) fn watch() -> Watch {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(
            move |info| if WATCHES.get() > 0 { note(info) } else { others(info) },
        ));
    });
    WATCHES.set(WATCHES.get() + 1);
    HAS_PANICKED.set(false);
    Watch
}

/// Says whether there was a panic since the last watch began.
pub(super) fn has_panicked() -> bool {
    HAS_PANICKED.get()
}

/// Returns what the first panic said, and where.
pub(super) fn message() -> String {
    FIRST.take().unwrap_or_default()
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHES.set(WATCHES.get() - 1);
    }
}

fn note(info: &PanicHookInfo<'_>) {
    if HAS_PANICKED.replace(true) {
        return;
    }
    let payload = info.payload();
    let message = match payload.downcast_ref::<&str>() {
        Some(message) => message,
        None => payload.downcast_ref::<String>().map_or("(no message)", String::as_str),
    };
    let place = info.location().map_or_else(String::new, |location| format!(", at {location}"));
    FIRST.set(Some(format!("{message}{place}")));
}
