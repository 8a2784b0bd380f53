//! Single steps: one poll a `tick`, and the queue before and after it.

use pizzaiolo::{TaskId, task::TaskState};

use crate::support::prelude::*;

#[test]
fn a_tick_is_one_poll_of_the_first_in_the_queue() {
    let (executor, events) = watched();
    let one = executor.spawn(async {
        yield_now().await;
    });
    let two = executor.spawn(async {});
    let steps: [&[TaskId]; 4] = [&[one.id(), two.id()], &[two.id(), one.id()], &[one.id()], &[]];
    for (step, queue) in steps.iter().enumerate() {
        assert_eq!(events.polled().len(), step);
        assert_eq!(executor.ready_queue(), *queue);
        assert_eq!(executor.tick(), !queue.is_empty());
        if let Some(next) = queue.first() {
            assert_eq!(events.polled().last(), Some(&Some(*next)));
        }
    }
    assert_eq!(events.polled().len(), 3);
    assert!(one.is_finished() && two.is_finished());
}

#[test]
fn a_tick_drops_an_aborted_task_on_the_way_to_the_next_poll() {
    let (executor, events) = watched();
    let aborted = executor.spawn(async {});
    let next = executor.spawn(async {});
    aborted.abort();
    assert!(executor.tick());
    assert!(aborted.is_finished() && next.is_finished());
    assert_eq!(events.polled(), [Some(next.id())]);
    assert!(!executor.tick());
}

#[test]
fn a_waiting_task_is_in_the_queue_from_its_wake_to_its_poll() {
    let executor = executor();
    let bell = Bell::default();
    let waiter = executor.spawn(bell.clone());
    let state = || executor.tasks()[0].state;

    assert_eq!((state(), executor.ready_queue()), (TaskState::Ready, vec![waiter.id()]));
    assert!(executor.tick());
    assert_eq!((state(), executor.ready_queue()), (TaskState::Waiting, vec![]));
    assert!(!executor.tick());
    let ringer = executor.spawn(async move { bell.ring() });
    assert_eq!(executor.ready_queue(), [ringer.id()]);
    assert!(executor.tick());
    assert_eq!((state(), executor.ready_queue()), (TaskState::Ready, vec![waiter.id()]));
    assert!(executor.tick());
    assert!(executor.tasks().is_empty());
}

/// A wake from outside the executor's run is a letter: the next tick reads it.
#[test]
fn a_tick_looks_at_what_is_there_already() {
    let executor = executor();
    let bell = Bell::default();
    let waiter = executor.spawn(bell.clone());
    assert!(executor.tick());
    bell.ring();
    assert_eq!(executor.tasks()[0].state, TaskState::Ready);
    assert!(executor.tick());
    assert!(waiter.is_finished());
}

#[test]
fn the_future_of_block_on_sees_the_queue_without_itself_and_the_others_see_it_in_it() {
    let executor = Rc::new(executor());
    let seen: Rc<RefCell<Vec<String>>> = Rc::default();
    let (weak, queue) = (Rc::downgrade(&executor), Rc::clone(&seen));
    let task = executor.spawn(async move {
        let executor: Rc<Executor> = weak.upgrade().expect("it runs");
        queue.borrow_mut().extend(executor.ready_queue().iter().map(TaskId::to_string));
    });
    let mut turns = 0;
    let before = executor.block_on(std::future::poll_fn(|cx| {
        turns += 1;
        cx.waker().wake_by_ref();
        if turns == 1 { Poll::Pending } else { Poll::Ready(executor.ready_queue().len()) }
    }));
    assert!(task.is_finished());
    assert_eq!(seen.take(), ["root"]);
    // It had woken itself again.
    assert_eq!(before, 1);
    // And what it left in the queue is no task's poll.
    assert!(!executor.tick());
}

#[test]
fn a_waker_of_an_earlier_block_on_queues_nothing_also_after_a_panic_of_the_loop() {
    let chooser = |_: &[TaskId]| panic!("it cannot choose");
    let executor = Executor::builder().chooser(chooser).build().expect("descriptors");
    let waker = RefCell::new(None);
    let broken = quietly(|| {
        executor.block_on(async {
            executor.spawn(async {}).detach();
            executor.spawn(async {}).detach();
            give_waker(|own| drop(waker.replace(Some(own)))).await;
        });
    });
    assert!(broken.is_err());
    executor.block_on(async {
        waker.take().expect("it was polled").wake();
        let ready = executor.ready_queue();
        assert!(ready.iter().all(|id| !id.is_root()), "{ready:?}");
    });
}

#[test]
fn a_task_that_takes_the_waker_of_one_before_it_is_in_the_queue_once() {
    let executor = executor();
    // Each has a waker of its own, which is kept: enough for all tasks that follow.
    for _ in 0..8 {
        executor.spawn(yield_now()).detach();
    }
    executor.run();
    let task = executor.spawn(pending::<()>());
    let state = executor.tasks().iter().map(|info| info.state).collect::<Vec<_>>();
    assert_eq!(state, [TaskState::Ready]);
    let wakes = executor.stats().wakes_local;
    executor.block_on(async {
        // An abort is a wake, of a task that is in the queue already.
        let task = executor.spawn(async {});
        task.abort();
        assert_eq!(executor.ready_queue(), [task.id()]);
        assert_eq!(executor.stats().wakes_local, wakes);
    });
    task.abort();
}
