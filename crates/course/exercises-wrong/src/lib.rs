//! Wrong solutions of the exercises. Each is a `.diff` in `examples/exercises/wrong`: first what is wrong, then
//! `fails:` with the message that its tests must give, then the lines in which it differs from the
//! solution. `cargo test -p exercises-wrong` runs them all.
//!
//! One does not even compile. In exercise 12, a waker that owns its task, as in step 8 of the ladder,
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
