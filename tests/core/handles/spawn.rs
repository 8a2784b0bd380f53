//! `Handle::spawn`: from anywhere, at any time.

use crate::support::prelude::*;

#[test]
fn a_handle_spawns_from_any_thread_in_the_order_of_the_calls() {
    let executor = executor();
    let (order, orders) = mpsc::channel();
    let handle = executor.handle();
    thread::spawn(move || {
        for number in 0..100 {
            let order = order.clone();
            handle.spawn(async move { order.send(number).unwrap() });
        }
    })
    .join()
    .unwrap();
    executor.run();
    assert_eq!(orders.iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_handle_wakes_an_executor_that_sleeps() {
    let executor = executor();
    executor.block_on(async {
        let mut sent = false;
        let done = Counter::new();
        poll_fn(|cx| {
            if !std::mem::replace(&mut sent, true) {
                let (done, root) = (done.clone(), cx.waker().clone());
                let handle = executor.handle();
                thread::spawn(move || {
                    handle.spawn(async move {
                        done.add();
                        root.wake();
                    });
                });
            }
            if done.get() == 1 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    });
}

#[test]
fn a_handle_whose_executor_is_gone_drops_the_future_there_and_then() {
    let (drops, polls) = (Counter::new(), Counter::new());
    let handle = executor().handle();
    handle.spawn(polls.polls(holds(&drops)));
    assert_eq!((drops.get(), polls.get()), (1, 0));
}

/// No join handle is left that could ask for the outcome, so the entry is free when the task ends.
#[test]
fn the_entry_of_a_task_that_a_handle_has_sent_is_used_again() {
    let (executor, polls) = (executor(), Counter::new());
    for _ in 0..100 {
        executor.handle().spawn(polls.polls(async {}));
        executor.run();
    }
    assert_eq!(polls.get(), 100);
    let id = executor.spawn(pending::<()>()).id().to_string();
    assert!(id.starts_with("task 0."), "{id} is not in the first entry");
}
