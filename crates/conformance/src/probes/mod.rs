//! The probes: for each rule, a little program that ends with a verdict.

pub(crate) mod abort;
pub(crate) mod drops;
pub(crate) mod idle;
pub(crate) mod join;
pub(crate) mod panics;
pub(crate) mod polls;
pub(crate) mod queue;
pub(crate) mod tcp;
pub(crate) mod threads;
pub(crate) mod time;
