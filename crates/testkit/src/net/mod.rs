//! A network in memory, with the methods of [`pizzaiolo::net`] and the traits of `futures-io`.
//!
//! A [`Network`] has latency and bandwidth, on the clock of the executor: with a paused clock, a minute
//! on the wire takes no time, and the same seed gives the same run. It cuts reads and writes into pieces,
//! and it can have partitions: what is on the way is held back until they end.
//!
//! ```
//! use std::time::Duration;
//! use pizzaiolo::{spawn, time};
//! use pizzaiolo_testkit::net::Network;
//!
//! # fn main() -> std::io::Result<()> {
//! let executor = pizzaiolo::Executor::builder().paused_clock(true).build()?;
//! executor.block_on(async {
//!     let network = Network::new().latency(Duration::from_millis(20));
//!     let listener = network.bind("10.0.0.1:80")?;
//!     let server = spawn(async move {
//!         let (order, _) = listener.accept().await?;
//!         order.write_all(b"Thank you!").await
//!     });
//!     let start = time::now();
//!     let client = network.connect("10.0.0.1:80").await?;
//!     client.read_exact(&mut [0; 10]).await?;
//!     assert_eq!(time::now() - start, Duration::from_millis(40));
//!     server.await?
//! })
//! # }
//! ```
//!
//! It behaves as TCP on Linux does, as far as a program can see. A stream that is dropped with bytes that
//! were not read resets the connection. What came before a reset can still be read. A write to an end
//! that is gone succeeds, until the reset that answers it has come back. There is no packet loss, no name
//! lookup, and no limit of the connections that wait to be accepted.

mod conn;
mod futures_io;
mod listener;
mod network;
mod pipe;
mod split;
mod stream;
mod waiters;

pub use self::{
    listener::TcpListener,
    network::{Host, Network},
    split::{OwnedReadHalf, OwnedWriteHalf},
    stream::TcpStream,
};
