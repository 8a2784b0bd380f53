use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
};

use super::{JoinError, JoinHandle, spawn};
use crate::{
    ex12_spawn::Executor,
    support::{Touch, bake, bounded, counting_waker, panics, poll, reenter},
};

fn executor() -> Executor {
    Executor::new(Waker::noop().clone())
}

fn run(executor: &Executor) {
    while executor.is_ready() {
        executor.run_ready();
    }
}

/// What a handle has now.
fn result<T>(handle: &mut JoinHandle<T>) -> Option<Result<T, JoinError>> {
    match poll(pin!(handle), Waker::noop()) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

#[test]
#[ignore = "an exercise"]
fn the_handle_yields_the_output_and_is_woken_for_it() {
    bounded(|| {
        let executor = executor();
        let (oven, pizza) = bake();
        let mut handle = spawn(&executor, pizza);
        let (woken, waker) = counting_waker();
        run(&executor);
        assert!(
            poll(pin!(&mut handle), &waker).is_pending(),
            "the handle must be Pending while its task waits, because there is no output"
        );
        oven.open();
        run(&executor);
        assert_eq!(
            woken.times(),
            1,
            "the end of a task must wake its handle, because the handle waits for that"
        );
        assert!(
            matches!(result(&mut handle), Some(Ok("pizza"))),
            "the handle must return the output of its task, because the task has ended"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_task_whose_handle_is_dropped_goes_on() {
    bounded(|| {
        let (executor, log) = (executor(), Rc::new(RefCell::new(Vec::new())));
        let (oven, pizza) = bake();
        let eaten = Rc::clone(&log);
        drop(spawn(&executor, async move {
            let pizza = pizza.await;
            eaten.borrow_mut().push(pizza);
        }));
        run(&executor);
        oven.open();
        run(&executor);
        assert_eq!(
            *log.borrow(),
            ["pizza"],
            "a task must continue when its handle is dropped, because that only detaches it"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_panic_ends_its_own_task_and_the_handle_yields_it() {
    bounded(|| {
        let executor = executor();
        let (oven, pizza) = bake();
        let (kept, other) = bake();
        let mut burnt = spawn(&executor, async move {
            let _dropped_with_it = other;
            pizza.await;
            std::panic::panic_any("burnt");
        });
        let mut fine = spawn(&executor, async { "fine" });
        run(&executor);
        oven.open();
        assert!(
            !panics(|| run(&executor)),
            "a panic of a task must not leave its poll, because it would end the other tasks too"
        );
        assert!(
            kept.is_empty(),
            "the future of a task that panicked must be dropped, because it has ended"
        );
        match result(&mut burnt) {
            Some(Err(JoinError::Panicked(payload))) => assert_eq!(
                payload.downcast_ref(),
                Some(&"burnt"),
                "the handle must return the payload of the panic, because it says what went wrong"
            ),
            _ => panic!("the handle must return the panic of its task, because it is the outcome"),
        }
        assert!(
            matches!(result(&mut fine), Some(Ok("fine"))),
            "the other tasks must continue after a panic, because they have no part in it"
        );
    });
}

/// Panics when it is dropped, but not during a panic, which would abort.
struct Burns;

impl Drop for Burns {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "burnt");
    }
}

#[test]
#[ignore = "an exercise"]
fn a_panic_in_the_drop_of_a_future_leaves_the_other_tasks_alone() {
    bounded(|| {
        let executor = executor();
        let burns = Burns;
        let _burnt = spawn(
            &executor,
            std::future::poll_fn(move |_| {
                let _owned = &burns;
                Poll::Ready(())
            }),
        );
        let mut fine = spawn(&executor, async { "fine" });
        assert!(
            !panics(|| run(&executor)),
            "a panic in the drop of a future must not leave its poll, because it would end the \
             other tasks too"
        );
        assert!(
            matches!(result(&mut fine), Some(Ok("fine"))),
            "the other tasks must continue after a panic, because they have no part in it"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn the_future_is_dropped_before_its_handle_is_woken() {
    bounded(|| {
        let executor = executor();
        let (oven, pizza) = bake();
        let mut handle = spawn(&executor, pizza);
        let (seen, inside) = (Rc::new(Cell::new(None)), Rc::clone(&oven));
        let look = Rc::clone(&seen);
        let enter = move || look.set(Some(inside.is_empty()));
        reenter(Touch::Called, enter, |waker| {
            run(&executor);
            let _ = poll(pin!(&mut handle), waker);
            oven.open();
            run(&executor);
        });
        assert_eq!(
            seen.get(),
            Some(true),
            "a future must be dropped before its handle is woken, because the task that joins may \
             rely on what the drop does"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn the_handle_of_a_task_whose_executor_is_gone_says_so() {
    bounded(|| {
        let executor = executor();
        let (_oven, pizza) = bake();
        let mut handle = spawn(&executor, pizza);
        run(&executor);
        let (woken, waker) = counting_waker();
        assert!(
            poll(pin!(&mut handle), &waker).is_pending(),
            "the handle must be Pending while its task waits, because there is no output"
        );
        drop(executor);
        assert_eq!(
            woken.times(),
            1,
            "the end of the executor must wake the handle, because no output will come"
        );
        assert!(
            matches!(result(&mut handle), Some(Err(JoinError::Cancelled))),
            "the handle must say that its task was cancelled, because no output will come"
        );
    });
}
