//! Which rule is broken in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

static FAULT: OnceLock<&str> = OnceLock::new();

/// Breaks a rule; the empty one leaves all whole.
pub(crate) fn set(rule: &'static str) {
    let _ = FAULT.set(rule);
}

/// Whether just this rule is broken.
pub(crate) fn is(rule: &str) -> bool {
    FAULT.get().is_some_and(|fault| *fault == rule)
}

static COUNTS: Mutex<Option<HashMap<&str, u64>>> = Mutex::new(None);

fn count(name: &'static str, more: u64) -> u64 {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.get_or_insert_default().entry(name).or_default();
    *count += more;
    *count
}

/// Counts the calls with this name, from 1.
pub(crate) fn nth(name: &'static str) -> u64 {
    count(name, 1)
}

/// Returns how many calls of [`nth`] with this name there were.
pub(crate) fn calls(name: &'static str) -> u64 {
    count(name, 0)
}
