//! What concerns a whole process: descriptors, memory, signals, the logger; and the examples, as processes.
#![cfg_attr(
    not(target_os = "linux"),
    allow(unused_imports, dead_code, reason = "what only the tests of other systems use")
)]

mod descriptors;
mod examples;
mod interrupts;
mod leaks;
mod log_story;
mod memory;
mod own_process;
mod questions;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod system_calls;
