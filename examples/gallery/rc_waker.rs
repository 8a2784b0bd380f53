//! # An `Rc` waker, and the data race that is a compile error
//!
//! What one sees: it does not compile. That is the good news: in a language without `Send` it would
//! run, and corrupt the queue once in a million wakes.
//!
//! What gives it away: the compiler, at the very line that makes a `Waker` of it.
//!
//! ```text
//! $ rustc --edition 2024 examples/gallery/rc_waker/wrong.rs
//! error[E0277]: `Rc<RefCell<VecDeque<usize>>>` cannot be sent between threads safely
//! ```
//!
//! The cause: the executor runs on one thread, but a waker may go anywhere: a `Waker` is `Send` and
//! `Sync`, whoever made it. This one leads to a queue that has no lock. Two threads that wake would
//! push into it at the same time.
//!
//! The cure: what a waker leads to is shared between threads, so a lock (or a channel) guards it.
//! This crate has both ways: at home a wake is a push without a lock, from elsewhere a letter in the
//! inbox (`waker.rs`, `inbox.rs`).
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

/// The program that does not compile. A test gives it to the compiler.
pub(crate) const WRONG: &str = include_str!("rc_waker/wrong.rs");

/// There is nothing to run: this shows the program, and what the compiler says of it.
fn wrong() {
    WRONG.lines().for_each(say);
    say("");
    say("$ rustc --edition 2024 examples/gallery/rc_waker/wrong.rs");
    say("error[E0277]: `Rc<RefCell<VecDeque<usize>>>` cannot be sent between threads safely");
}

/// Puts its task back into the queue of those that are ready.
struct TaskWaker {
    task: usize,
    ready: Arc<Mutex<VecDeque<usize>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.lock().expect("nobody panics here").push_back(self.task);
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
    say(format!("the queue: {:?}", ready.lock().expect("nobody panics here")));
}
