use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
};

use pizzaiolo::{spawn, yield_now};

use super::oneshot;
use crate::support::{Touch, bounded, counting_waker, poll, reenter, run};

const WAITS: &str = "the receiver must be Pending while nothing is sent, because there is no value";

#[test]
#[ignore = "an exercise"]
fn a_value_that_was_sent_before_is_there_at_once() {
    bounded(|| {
        let (sender, mut receiver) = oneshot();
        assert_eq!(sender.send("pizza"), Ok(()), "a value must be taken while the receiver lives");
        assert_eq!(
            poll(Pin::new(&mut receiver), Waker::noop()),
            Poll::Ready(Some("pizza")),
            "a value sent before the first poll must be returned by it, because no wake will come"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_receiver_that_waits_is_woken_once_by_the_value() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let (sender, mut receiver) = oneshot();
        assert!(poll(Pin::new(&mut receiver), &waker).is_pending(), "{WAITS}");
        assert_eq!(sender.send("pizza"), Ok(()), "a value must be taken while the receiver lives");
        assert_eq!(
            woken.times(),
            1,
            "send must wake the receiver once, because the receiver waits for that"
        );
        assert_eq!(
            poll(Pin::new(&mut receiver), &waker),
            Poll::Ready(Some("pizza")),
            "the poll after send must return the value, because it is there"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn the_waker_of_the_latest_poll_counts() {
    bounded(|| {
        let ((early, first), (late, second)) = (counting_waker(), counting_waker());
        let (sender, mut receiver) = oneshot();
        assert!(poll(Pin::new(&mut receiver), &first).is_pending(), "{WAITS}");
        assert!(poll(Pin::new(&mut receiver), &second).is_pending(), "{WAITS}");
        assert_eq!(sender.send("pizza"), Ok(()), "a value must be taken while the receiver lives");
        assert_eq!(
            (early.times(), late.times()),
            (0, 1),
            "only the waker of the latest poll must be called, because the receiver may have moved \
             to another task"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_sender_that_is_dropped_ends_the_wait() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let (sender, mut receiver) = oneshot::<()>();
        assert!(poll(Pin::new(&mut receiver), &waker).is_pending(), "{WAITS}");
        drop(sender);
        assert_eq!(
            woken.times(),
            1,
            "the sender's drop must wake the receiver, because no value will come"
        );
        assert_eq!(
            poll(Pin::new(&mut receiver), &waker),
            Poll::Ready(None),
            "the receiver must get None once the sender is gone, because no value will come"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn a_value_whose_receiver_is_gone_comes_back() {
    bounded(|| {
        let (sender, receiver) = oneshot();
        drop(receiver);
        assert_eq!(
            sender.send("pizza"),
            Err("pizza"),
            "send must return the value if the receiver is gone, because it would be lost"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_waker_is_cloned_or_dropped() {
    bounded(|| {
        for touch in [Touch::Cloned, Touch::Dropped] {
            let (sender, mut receiver) = oneshot::<()>();
            reenter(
                touch,
                || drop(sender),
                |waker| {
                    let _ = poll(Pin::new(&mut receiver), waker);
                    let _ = poll(Pin::new(&mut receiver), Waker::noop());
                },
            );
        }
    });
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_waker_is_called() {
    bounded(|| {
        let (sender, receiver) = oneshot();
        let receiver = Rc::new(RefCell::new(receiver));
        let again = Rc::clone(&receiver);
        let enter = move || _ = poll(Pin::new(&mut *again.borrow_mut()), Waker::noop());
        reenter(Touch::Called, enter, |waker| {
            let first = poll(Pin::new(&mut *receiver.borrow_mut()), waker);
            assert!(first.is_pending(), "{WAITS}");
            let _ = sender.send("pizza");
        });
    });
}

#[test]
#[ignore = "an exercise"]
fn two_tasks_can_talk() {
    run(async || {
        let (order, orders) = oneshot();
        let (pizza, table) = oneshot();
        let kitchen = spawn(async move {
            let order: u32 = orders.await.expect("there is an order");
            yield_now().await;
            pizza.send(order + 1)
        });
        yield_now().await;
        order.send(41).expect("the kitchen waits");
        let both = (table.await, kitchen.await.unwrap());
        assert_eq!(both, (Some(42), Ok(())), "each value must arrive, because both sides wait");
    });
}
