//! The process that runs one probe: how it says what it saw.

use std::{
    env,
    panic::{self, PanicHookInfo},
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{Rule, Runtime, lab::Lab, rule::Body};

/// Names the runtime and the rule, by number and by name, for the process that this program starts of itself.
pub(crate) const VARIABLE: &str = "CONFORMANCE_PROBE";

/// What a line of standard output begins with that is meant for the parent.
pub(crate) const MARK: &str = "\u{1e}conformance\u{1f}";

/// Separates the parts of such a line.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// Whether a poll after Ready ends the probe. It does where that is the question; elsewhere it
/// passes, so that each probe judges its own rule.
static ASKS_POLL_AFTER_READY: AtomicBool = AtomicBool::new(false);

/// Where the last panic was, and what it said.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// What this process was started for: the number of a runtime, and the name of a rule.
pub(crate) fn assignment() -> Option<(usize, String)> {
    let variable = env::var(VARIABLE).ok()?;
    let (runtime, rule) = variable.split_once(' ')?;
    Some((runtime.parse().ok()?, rule.into()))
}

/// Runs the probe of a rule, says the verdict, and ends the process.
pub(crate) fn run(runtime: Box<dyn Runtime>, rule: &Rule) -> ! {
    panic::set_hook(Box::new(|info| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = describe(info);
    }));
    let lab = Lab::new(Box::leak(runtime));
    let probe = panic::AssertUnwindSafe(|| match rule.body {
        Body::Inside(probe) => lab.run_inside(probe),
        Body::Outside(probe) => probe(lab),
    });
    match panic::catch_unwind(probe) {
        Ok(()) => pass(),
        Err(_) => say("crashes", "no panic", &last_panic()),
    }
}

/// What a panic says, and where it was: in which file of which crate, wherever that lies on this machine.
fn describe(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("a payload that is no text").replace('\n', " ");
    let Some(location) = info.location() else { return message };
    let parts: Vec<_> = location.file().split('/').collect();
    let crate_root = parts.iter().rposition(|part| *part == "src").unwrap_or(1).saturating_sub(1);
    format!("{message}, at {}:{}", parts[crate_root..].join("/"), location.line())
}

/// Says that the rule holds, and ends the process.
pub(crate) fn pass() -> ! {
    say("passes", "", "")
}

/// Says what is wrong, and ends the process.
pub(crate) fn fail(expected: impl AsRef<str>, seen: impl AsRef<str>) -> ! {
    say("fails", expected.as_ref(), seen.as_ref())
}

/// Says that processor time was wasted, and ends the process.
pub(crate) fn burn(expected: impl AsRef<str>, seen: impl AsRef<str>) -> ! {
    say("burns", expected.as_ref(), seen.as_ref())
}

/// Says that this machine cannot measure what the probe asks, and ends the process.
pub(crate) fn not_measured() -> ! {
    say("not measured", "", "")
}

/// Ends the probe with a failure if `holds` does not.
pub(crate) fn check(holds: bool, expected: impl AsRef<str>, seen: impl AsRef<str>) {
    if !holds {
        fail(expected, seen);
    }
}

/// What the last panic said, and where.
pub(crate) fn last_panic() -> String {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// From here on, a poll after Ready ends the probe.
pub(crate) fn ask_poll_after_ready() {
    ASKS_POLL_AFTER_READY.store(true, Ordering::Relaxed);
}

/// A future was polled after it has returned Ready.
pub(crate) fn polled_after_ready() {
    if ASKS_POLL_AFTER_READY.load(Ordering::Relaxed) {
        fail("no poll after the future has returned Ready", "it was polled again");
    }
}

/// Says a verdict to the parent, and ends the process.
fn say(verdict: &str, expected: &str, seen: &str) -> ! {
    let line = [verdict, expected, seen].join(&SEPARATOR.to_string()).replace('\n', " ");
    println!("\n{MARK}{line}");
    process::exit(0);
}
