//! The pizza server as a real process, and plain std clients that talk to it.

mod cli;
#[cfg(unix)]
mod limits;
mod orders;
#[cfg(unix)]
mod shutdown;
mod support;
