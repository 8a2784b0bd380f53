//! What the library logs on one thread. A process has one logger, which all tests of a binary share.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
};

use log::{Level, LevelFilter, Metadata, Record};

/// What is called with each line.
type Hook = Box<dyn FnMut(Level, &str)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Hands each line of the library to the hook of its thread.
struct Logger;

impl log::Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "pizzaiolo"
    }

    fn log(&self, record: &Record<'_>) {
        // Taken out meanwhile: the hook may do what is logged itself. At the end of a thread there is none.
        let Ok(Some(mut hook)) = HOOK.try_with(RefCell::take) else { return };
        if self.enabled(record.metadata()) {
            hook(record.level(), &record.args().to_string());
        }
        HOOK.set(Some(hook));
    }

    fn flush(&self) {}
}

/// Calls `hook` with each line, up to this level, that the library logs on this thread from here on.
///
/// The level is that of the process. Below `Debug`, the library follows what happens on every executor of
/// the process, so tests that need this are where such tests are (in `process`).
pub(crate) fn on_log(level: LevelFilter, mut hook: impl FnMut(Level, &str) + 'static) {
    static IS_SET: AtomicBool = AtomicBool::new(false);
    if !IS_SET.swap(true, Ordering::SeqCst) {
        log::set_logger(&Logger).expect("there is no other logger");
    }
    log::set_max_level(log::max_level().max(level));
    HOOK.set(Some(Box::new(move |at, line| {
        if at <= level {
            hook(at, line);
        }
    })));
}
