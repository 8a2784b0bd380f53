//! What never waits, what is polled, and what is only reported: `try_*`, `poll_*`, `priority`, `error`.

mod listeners;
mod sockets;
#[cfg(unix)]
mod source;
