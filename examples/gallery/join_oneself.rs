//! # A task that joins itself
//!
//! What one sees: at the end, when all tasks have done their work, the program does not end.
//!
//! What gives it away: the table of tasks shows a task that waits for its own end. This is a proven
//! deadlock, so `Executor::run` panics with the table. (It finds a ring of tasks that wait for each
//! other in the same way.)
//!
//! ```text
//! cook: I go home
//!     task 0: finished
//! chef: the next one on the list has gone home
//!     task 1: pending
//! It panics: deadlock: run waits for ever: …
//! task 1     waiting        1 …  the end of task 1; chef
//! ```
//!
//! The cause: the chef waits for every task on the list, and the list contains the chef.
//!
//! The cure: a task that waits for all others must not be on the list. Here the chef leaves out its
//! own handle. In most programs it is better if `main` waits.
//!
//! ```text
//! chef: the next one on the list has gone home
//! chef: I close the door
//!     task 1: finished
//! What is left:
//! no tasks
//! ```

use std::{cell::RefCell, rc::Rc};

use pizzaiolo::{Executor, JoinHandle};

use super::{
    Exhibit,
    watch::{say, spawn, watch},
};

pub(crate) const EXHIBIT: Exhibit = Exhibit {
    name: "join-oneself",
    source: include_str!("join_oneself.rs"),
    wrong: || watch(|executor| program(executor, wrong)),
    cured: || watch(|executor| program(executor, cured)),
};

type List = Rc<RefCell<Vec<JoinHandle<()>>>>;

async fn wrong(list: List) {
    for worker in list.take() {
        worker.await.expect("no worker panics");
        say("chef: the next one on the list has gone home");
    }
    say("chef: I close the door");
}

async fn cured(list: List) {
    // The chef is the last on the list.
    let me = list.borrow_mut().pop();
    for worker in list.take() {
        worker.await.expect("no worker panics");
        say("chef: the next one on the list has gone home");
    }
    say("chef: I close the door");
    drop(me);
}

fn program<F: Future<Output = ()> + 'static>(executor: &Executor, chef: fn(List) -> F) {
    let list = List::default();
    let cook = spawn(executor, "cook", async { say("cook: I go home") });
    let chef = spawn(executor, "chef", chef(Rc::clone(&list)));
    list.borrow_mut().extend([cook, chef]);
    executor.run();
}
