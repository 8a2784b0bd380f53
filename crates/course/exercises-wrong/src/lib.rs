//! Wrong solutions of the exercises. Each is a `.diff` in `examples/exercises/wrong`: the mistake, then
//! `fails:` with the message that the tests must give, then the lines that differ from the solution.
//! `cargo test -p exercises-wrong` runs them all.
//!
//! One wrong solution does not compile. In exercise 12, a waker that owns its task, as in step 8 of the ladder,
//! needs futures that are `Send`, and a socket of the crate is not:
//!
//! ```compile_fail,E0277
//! use pizzaiolo::net::TcpStream;
//! use std::{
//!     pin::Pin,
//!     sync::{Arc, Mutex},
//!     task::{Wake, Waker},
//! };
//!
//! struct Task(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);
//!
//! impl Wake for Task {
//!     fn wake(self: Arc<Self>) {}
//! }
//!
//! fn spawn(stream: TcpStream) {
//!     // error[E0277]: `Rc<…>` cannot be sent between threads safely
//!     let task = Task(Mutex::new(Box::pin(async move { drop(stream) })));
//!     let waker = Waker::from(Arc::new(task));
//! }
//! ```
