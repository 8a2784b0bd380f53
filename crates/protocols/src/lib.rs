//! Real protocol crates on [`pizzaiolo`]: what they ask of a runtime, and an example of each.
//!
//! | protocol | crate | what it asks for | example |
//! |---|---|---|---|
//! | HTTP/1.1, HTTP/2 | hyper | its own traits for I/O, timers and spawning: [`Io`], [`Timer`], [`Executor`] | `examples/http.rs` |
//! | WebSocket | async-tungstenite | the traits of `futures-io`, which the streams have | `examples/websocket.rs` |
//! | TLS | futures-rustls | the same | `examples/tls.rs` |
//!
//! HTTP over TLS is an [`Io`] around the TLS stream, see `tests/tls.rs`. The adapters are a few lines each; copy what you
//! need.

mod executor;
mod io;
mod timer;

pub use crate::{
    executor::Executor,
    io::Io,
    timer::{Sleep, Timer},
};
