//! What the benches and the programs beside them share.
//!
//! - [`runtime`]: one trait over an executor, one small file for each of them.
//! - [`order`]: the work of one pizza order, the same in every server.
//! - [`load`]: clients that order in a closed loop and check every reply.
//! - [`server`]: a server of one kind in a process of its own.
//! - [`process`]: what the kernel says that a process uses.
//! - [`table`]: the tables, from what was measured.
//! - [`timers`]: timers that never fire, made and dropped.
//! - [`web`]: clients of a web server that says hello.

pub mod load;
pub mod order;
pub mod process;
pub mod runtime;
pub mod server;
pub mod table;
pub mod timers;
pub mod web;
