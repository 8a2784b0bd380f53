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

/// Counts the calls with this name, from 1.
pub(crate) fn nth(name: &'static str) -> u64 {
    static COUNTS: Mutex<Option<HashMap<&str, u64>>> = Mutex::new(None);
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.get_or_insert_default().entry(name).or_default();
    *count += 1;
    *count
}
