//! Handles of tasks: aborting from anywhere, sets of tasks, spawning from other threads, and what a
//! task knows of itself.

mod abort;
mod inside;
mod join_set;
mod remote;
mod spawn;
