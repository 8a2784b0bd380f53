use std::{cell::RefCell, pin::pin, rc::Rc};

use super::yield_now;
use crate::support::{bounded, counting_waker, poll, run};

#[test]
#[ignore = "an exercise"]
fn it_is_pending_once_and_has_seen_to_the_next_poll() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let mut future = pin!(yield_now());
        assert!(poll(future.as_mut(), &waker).is_pending(), "the first poll steps aside");
        assert_eq!(woken.times(), 1, "who is not woken is never polled again");
        assert!(poll(future.as_mut(), &waker).is_ready(), "the second goes on");
        assert_eq!(woken.times(), 1, "who is ready needs no wake");
    });
}

#[test]
#[ignore = "an exercise"]
fn the_others_go_first() {
    run(async || {
        let order = Rc::new(RefCell::new(Vec::new()));
        for name in ["Anna", "Bruno"] {
            let order = Rc::clone(&order);
            drop(pizzaiolo::spawn(async move {
                for round in 1..=2 {
                    order.borrow_mut().push((name, round));
                    yield_now().await;
                }
            }));
        }
        yield_now().await;
        assert_eq!(*order.borrow(), [("Anna", 1), ("Bruno", 1)]);
        yield_now().await;
        assert_eq!(order.borrow()[2..], [("Anna", 2), ("Bruno", 2)]);
    });
}
