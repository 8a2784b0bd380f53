//! The order of ready tasks by chance, to find code that leans on luck.

use std::collections::HashMap;

use pizzaiolo::TaskId;
use pizzaiolo_testkit::Explorer;

use crate::support::prelude::*;

fn shuffled(seed: u64) -> Executor {
    Executor::builder().ready_order(seed).build().expect("the OS has descriptors")
}

/// In which order twenty tasks take their three turns.
fn turns(executor: &Executor) -> Vec<usize> {
    let turns: Rc<RefCell<Vec<usize>>> = Rc::default();
    for task in 0..20 {
        let turns = Rc::clone(&turns);
        let _task = executor.spawn(async move {
            for _ in 0..3 {
                turns.borrow_mut().push(task);
                yield_now().await;
            }
        });
    }
    executor.run();
    turns.take()
}

#[test]
fn without_a_seed_it_is_first_in_first_out() {
    let round: Vec<usize> = (0..20).collect();
    assert_eq!(turns(&executor()), [round.clone(), round.clone(), round].concat());
}

#[test]
fn the_same_seed_makes_the_same_order() {
    bound();
    for seed in 0..20 {
        assert_eq!(turns(&shuffled(seed)), turns(&shuffled(seed)));
    }
}

/// What was run before, and how long it took until nothing was ready any more, plays a part; how
/// often the queue was found empty does not.
#[test]
fn a_look_at_an_empty_queue_changes_nothing() {
    bound();
    let executor = shuffled(1);
    for _ in 0..7 {
        assert!(!executor.tick());
        executor.run_until_idle();
    }
    assert_eq!(turns(&executor), turns(&shuffled(1)));
}

#[test]
fn different_seeds_make_different_orders() {
    bound();
    let mut orders: Vec<_> = (0..20).map(|seed| turns(&shuffled(seed))).collect();
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), 20);
}

#[test]
fn every_task_has_all_its_turns() {
    bound();
    for seed in 0..20 {
        let mut turns = turns(&shuffled(seed));
        turns.sort_unstable();
        let expected: Vec<usize> = (0..20).flat_map(|task| [task; 3]).collect();
        assert_eq!(turns, expected);
    }
}

#[test]
fn the_future_of_block_on_has_its_turn_among_the_others() {
    let places: Vec<_> = (0..20)
        .map(|seed| {
            let (executor, events) = watched_with(Executor::builder().ready_order(seed));
            let tasks: Vec<_> = (0..5).map(|_| executor.spawn(async {})).collect();
            executor.block_on(async {});
            executor.run();
            let polled = events.polled();
            assert_eq!(polled.len(), tasks.len() + 1);
            let is_task = |id: &Option<_>| tasks.iter().any(|task| Some(task.id()) == *id);
            polled.iter().position(|id| !is_task(id)).expect("it was polled")
        })
        .collect();
    for place in 0..=5 {
        assert!(places.contains(&place), "it never was in place {place}: {places:?}");
    }
}

/// The program that leans on luck: the waiter takes for granted that the cook, who was spawned
/// first, is done when it has stepped aside once.
async fn lucky() -> bool {
    let table: Rc<RefCell<Vec<&str>>> = Rc::default();
    let served = Rc::clone(&table);
    let _cook = spawn(async move { table.borrow_mut().push("pizza") });
    yield_now().await;
    let pizza = served.borrow_mut().pop();
    pizza.is_some()
}

#[test]
fn a_program_that_leans_on_the_order_of_its_tasks_is_found_out() {
    assert!(executor().block_on(lucky()), "first in, first out, it is always right");
    let found = (0..20).filter(|seed| !shuffled(*seed).block_on(lucky())).count();
    assert!(0 < found && found < 20, "{found} of 20 seeds");
    let failure = Explorer::new().check(|| async { assert!(lucky().await) }).unwrap_err();
    assert_eq!(failure.choices(), "1", "of two, the waiter and not the cook");
}

#[test]
fn a_program_that_waits_for_what_it_needs_is_right_in_every_order() {
    in_all_orders(10, || async {
        let cooks = ["pizza", "pasta"].map(|dish| {
            spawn(async move {
                yield_now().await;
                dish
            })
        });
        let [pizza, pasta] = cooks;
        assert_eq!((pizza.await.ok(), pasta.await.ok()), (Some("pizza"), Some("pasta")));
    });
}

/// Returns the order in which four tasks that are ready at once run.
fn order(executor: &Executor) -> Vec<usize> {
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
        *counts.entry(order(&shuffled(seed))).or_insert(0) += 1;
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
    assert_eq!((order(&executor), asked.take()), (vec![3, 2, 1, 0], vec![4, 3, 2]));
}
