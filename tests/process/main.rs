//! What concerns a whole process: descriptors, memory, signals, the logger; and the examples, as processes.

#[path = "../support/common.rs"]
mod common;
mod descriptors;
#[path = "../support/example.rs"]
mod example;
mod examples;
mod interrupts;
mod leaks;
mod log_story;
#[path = "../support/logger.rs"]
mod logger;
mod memory;
mod own_process;
mod signals;
