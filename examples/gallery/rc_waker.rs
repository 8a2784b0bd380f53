//! # An `Rc` waker, and the data race that is a compile error
//!
//! What one sees: the program does not compile. In a language without `Send` it would run, and
//! corrupt the queue once in a million wakes.
//!
//! What gives it away: the compiler, at the line that makes the `Waker`.
//!
//! ```text
//! $ rustc --edition 2024 examples/gallery/rc_waker/wrong.rs
//! error[E0277]: `Rc<RefCell<VecDeque<usize>>>` cannot be sent between threads safely
//! ```
//!
//! The cause: the executor runs on one thread, but its wakers may be called on any thread: a
//! `Waker` is always `Send` and `Sync`. This one pushes into a queue without a lock. Two threads
//! that call it would push at the same time.
//!
//! The cure: threads share the queue of a waker, so a lock (or a channel) guards it. This crate has
//! both ways: on the executor's own thread a wake is a push without a lock, and on other threads it
//! is a message to the remote queue (`waker.rs`, `remote.rs`).
//!
//! ```text
//! another thread: I wake task 7
//! here: I wake task 7
//! the queue: [7, 7]
//! ```

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    task::{Wake, Waker},
    thread,
};

use super::{
    Exhibit,
    watch::{say, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "rc-waker",
    source: include_str!("rc_waker.rs"),
    wrong: || watch(|_| wrong()),
    cured: || watch(|_| cured()),
};

/// The program that does not compile. A test compiles it and compares the error.
pub(crate) const WRONG: &str = include_str!("rc_waker/wrong.rs");

/// There is nothing to run: this prints the program and the error of the compiler.
fn wrong() {
    WRONG.lines().for_each(say);
    say("");
    say("$ rustc --edition 2024 examples/gallery/rc_waker/wrong.rs");
    say("error[E0277]: `Rc<RefCell<VecDeque<usize>>>` cannot be sent between threads safely");
}

/// Pushes its task into the ready queue.
struct TaskWaker {
    task: usize,
    ready: Arc<Mutex<VecDeque<usize>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.lock().expect("no wake panics").push_back(self.task);
    }
}

fn cured() {
    let ready = Arc::new(Mutex::new(VecDeque::new()));
    let waker = Waker::from(Arc::new(TaskWaker { task: 7, ready: Arc::clone(&ready) }));
    let other = waker.clone();
    say("another thread: I wake task 7");
    let other = thread::spawn(move || other.wake());
    say("here: I wake task 7");
    waker.wake();
    other.join().expect("a wake does not panic");
    say(format!("the queue: {:?}", ready.lock().expect("no wake panics")));
}
