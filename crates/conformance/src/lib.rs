//! Is this executor right? One command that says so, and names the rule.
//!
//! An executor has a contract with its futures: what is polled, woken and dropped, when, where, how
//! often, and at what cost while it is idle. Each rule of it has a page under [`rules`], and a probe
//! that looks whether it holds. Each probe runs in a process of its own, so that one that hangs,
//! burns a core, or crashes says just that, and the next one runs all the same.
//!
//! To judge an executor, implement [`Runtime`] for it and call [`main`]:
//!
//! ```no_run
//! use conformance::{BoxFuture, Capabilities, Capability, Runtime};
//! use std::process::ExitCode;
//! # mod my_executor {
//! #     pub fn block_on(_: impl Future<Output = ()>) {}
//! #     pub fn spawn(_: impl Future<Output = ()> + 'static) {}
//! # }
//!
//! struct Mine;
//!
//! impl Runtime for Mine {
//!     fn name(&self) -> String {
//!         "my executor 0.1".into()
//!     }
//!     fn capabilities(&self) -> Capabilities {
//!         &[Capability::Returns, Capability::ThreadWakes, Capability::Spawn]
//!     }
//!     fn block_on(&self, future: BoxFuture) {
//!         my_executor::block_on(future);
//!     }
//!     fn spawn(&self, future: BoxFuture) {
//!         my_executor::spawn(future);
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     conformance::main(vec![Box::new(Mine)])
//! }
//! ```
//!
//! # How it works
//!
//! [`main`] starts its own program again for each probe. The child runs it and says on its standard
//! output how it went. The parent looks at the child's threads all the while: if all of them sleep for
//! seconds and none has run, nothing is left that could wake one, and the probe hangs; if they take
//! seconds of processor time, it burns. What decides is what they do, not how long it takes, so
//! that the verdict is the same on a busy machine. Linux says these things in `/proc`; elsewhere, what
//! must be measured is "not measured", and a hang is what takes very long.

mod bound;
mod child;
mod cli;
mod judge;
mod lab;
mod measure;
mod probes;
mod rule;
pub mod rules;
mod runtime;
mod table;

pub use cli::main;
pub use judge::{Report, Verdict, judge, judge_each};
pub use rule::Rule;
pub use runtime::{
    BlockOn, BoxFuture, Capabilities, Capability, Ended, Handle, Listener, LocalFuture, Output,
    Runtime, Socket,
};

/// The README's example is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Runs the probe that this process was started for, and ends it; returns the runtimes if this is
/// the first process. For programs that call [`judge`] themselves; [`main`] does it by itself.
#[must_use]
pub fn run_if_asked(mut runtimes: Vec<Box<dyn Runtime>>) -> Vec<Box<dyn Runtime>> {
    let Some((number, id)) = child::assignment() else { return runtimes };
    let rule = rules::ALL.iter().find(|rule| rule.id() == id);
    match rule {
        Some(rule) if number < runtimes.len() => child::run(runtimes.swap_remove(number), rule),
        _ => child::fail("a runtime and a probe of these", format!("{number} {id}")),
    }
}
