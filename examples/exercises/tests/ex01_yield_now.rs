use std::{cell::RefCell, pin::pin, rc::Rc};

use super::yield_now;
use crate::support::{bounded, counting_waker, poll, run};

#[test]
#[ignore = "an exercise"]
fn it_is_pending_once_and_wakes_its_task() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let mut future = pin!(yield_now());
        let first = poll(future.as_mut(), &waker);
        assert!(
            first.is_pending(),
            "the first poll must return Pending, because only then can other tasks run"
        );
        assert_eq!(
            woken.times(),
            1,
            "the first poll must call the waker once, because nothing else will have the task polled"
        );
        let second = poll(future.as_mut(), &waker);
        assert!(
            second.is_ready(),
            "the second poll must return Ready, because the task has yielded once by then"
        );
        assert_eq!(
            woken.times(),
            1,
            "the second poll must not call the waker, because a future that is ready has ended"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn every_other_ready_task_is_polled_first() {
    run(async || {
        let order = Rc::new(RefCell::new(Vec::new()));
        for name in ["Anna", "Bruno"] {
            let order = Rc::clone(&order);
            pizzaiolo::spawn(async move {
                for round in 1..=2 {
                    order.borrow_mut().push((name, round));
                    yield_now().await;
                }
            })
            .detach();
        }
        let rule = "each yield must let every ready task run once, because its wake goes to the end \
                    of the queue";
        yield_now().await;
        assert_eq!(*order.borrow(), [("Anna", 1), ("Bruno", 1)], "{rule}");
        yield_now().await;
        assert_eq!(order.borrow()[2..], [("Anna", 2), ("Bruno", 2)], "{rule}");
    });
}
