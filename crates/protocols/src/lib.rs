//! Real protocol crates on [`pizzaiolo`]: what they ask of a runtime, and an example of each.
//!
//! | protocol | crate | what it asks for | example |
//! |---|---|---|---|
//! | HTTP/1.1, HTTP/2 | hyper | its own traits for I/O, timers and spawning: [`Io`], [`Timer`], [`Executor`] | `examples/http.rs` |
//! | the same, as a client with a pool | hyper-util | connections that are `Send` by name: [`Connector`], [`LocalIo`] | `examples/client.rs` |
//! | web applications | axum | handlers that are `Send` by name: [`local()`] | `examples/axum.rs` |
//! | middleware | tower | nothing; its boxes ask for `Send` | `examples/tower.rs` |
//! | gRPC | tonic | methods and streams that are `Send` by name: [`local()`] | `examples/grpc.rs` |
//! | QUIC | quinn | its own trait for a runtime: [`Quic`] | `examples/quic.rs` |
//! | WebSocket | async-tungstenite | the traits of `futures-io`, which the streams have | `examples/websocket.rs` |
//! | TLS | futures-rustls | the same | `examples/tls.rs` |
//! | what needs tokio's reactor | reqwest | tokio, on a thread of `async_compat` | `examples/tokio_reactor.rs` |
//!
//! HTTP over TLS is an [`Io`] around the TLS stream, see `tests/tls.rs`. The adapters are a few lines each; copy what you
//! need. What else runs here, and what does not, is in `docs/compatibility.md`.

#[cfg(feature = "client")]
mod client;
mod executor;
mod io;
pub mod local;
#[cfg(feature = "quic")]
mod quic;
mod timer;

#[cfg(feature = "client")]
pub use crate::client::Connector;
#[cfg(feature = "quic")]
pub use crate::quic::Quic;
pub use crate::{
    executor::Executor,
    io::Io,
    local::{LocalIo, SendWrapper, local},
    timer::{Sleep, Timer},
};
