//! # A join on oneself
//!
//! What one sees: at the end of the day, when all have done their work, the program does not end.
//!
//! What gives it away: the table of tasks shows a task that waits for its own end. That is a proven
//! deadlock, so `Executor::run` panics with the table. (A ring of tasks that wait for each other
//! is found just so.)
//!
//! ```text
//! cook: I go home
//!     task 0: finished
//! chef: the next one on the list has gone home
//!     task 1: pending
//! It panics: deadlock: run waits for ever, …
//! task 1     waiting        1 …  the end of task 1; chef
//! ```
//!
//! The cause: the chef waits for everybody on the list, and is on the list.
//!
//! The cure: whoever waits for all is none of them. Here the chef leaves its own handle out; in
//! most programs `main` is the better one to wait.
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
        worker.await.expect("nobody panics here");
        say("chef: the next one on the list has gone home");
    }
    say("chef: I close the door");
}

async fn cured(list: List) {
    // The chef was the last to come.
    let me = list.borrow_mut().pop();
    for worker in list.take() {
        worker.await.expect("nobody panics here");
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
