//! The order in which ready tasks are polled.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use pizzaiolo::{Executor, TaskId};

/// Returns the order in which four tasks that are ready at once run.
fn order(seed: u64) -> Vec<usize> {
    let executor = Executor::builder().ready_order(seed).build().expect("descriptors");
    let order = Rc::new(RefCell::new(Vec::new()));
    for index in 0..4 {
        let order = Rc::clone(&order);
        executor.spawn(async move { order.borrow_mut().push(index) }).detach();
    }
    executor.run();
    order.take()
}

#[test]
fn all_orders_are_about_as_likely() {
    let mut counts = HashMap::new();
    for seed in 0..2400 {
        *counts.entry(order(seed)).or_insert(0) += 1;
    }
    // 24 orders, each 100 times on average. The seeds are fixed, so this is no matter of chance.
    let (least, most) = (counts.values().min(), counts.values().max());
    assert_eq!(counts.len(), 24);
    assert!(least > Some(&60) && most < Some(&150), "{least:?} to {most:?}");
}

#[test]
fn a_chooser_says_which_ready_task_is_next() {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let counts = Rc::clone(&asked);
    let choose = move |ready: &[TaskId]| {
        counts.borrow_mut().push(ready.len());
        ready.len() - 1
    };
    let executor = Executor::builder().chooser(choose).build().expect("descriptors");
    let order = Rc::new(RefCell::new(Vec::new()));
    for index in 0..4 {
        let order = Rc::clone(&order);
        executor.spawn(async move { order.borrow_mut().push(index) }).detach();
    }
    executor.run();
    assert_eq!((order.take(), asked.take()), (vec![3, 2, 1, 0], vec![4, 3, 2]));
}
