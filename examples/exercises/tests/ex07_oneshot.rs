use std::{
    cell::RefCell,
    mem::ManuallyDrop,
    pin::Pin,
    sync::Arc,
    task::{Poll, Wake, Waker},
};

use pizzaiolo::{spawn, yield_now};

use super::{Receiver, oneshot};
use crate::support::{bounded, counting_waker, poll, run};

#[test]
#[ignore = "an exercise"]
fn a_value_that_was_sent_before_is_there_at_once() {
    bounded(|| {
        let (sender, mut receiver) = oneshot();
        assert_eq!(sender.send("pizza"), Ok(()));
        assert_eq!(poll(Pin::new(&mut receiver), Waker::noop()), Poll::Ready(Some("pizza")));
    });
}

#[test]
#[ignore = "an exercise"]
fn who_waits_is_woken_once_by_the_value() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let (sender, mut receiver) = oneshot();
        assert!(poll(Pin::new(&mut receiver), &waker).is_pending());
        assert_eq!(sender.send("pizza"), Ok(()));
        assert_eq!(woken.times(), 1);
        assert_eq!(poll(Pin::new(&mut receiver), &waker), Poll::Ready(Some("pizza")));
    });
}

#[test]
#[ignore = "an exercise"]
fn the_waker_of_the_latest_poll_counts() {
    bounded(|| {
        let ((early, first), (late, second)) = (counting_waker(), counting_waker());
        let (sender, mut receiver) = oneshot();
        assert!(poll(Pin::new(&mut receiver), &first).is_pending());
        assert!(poll(Pin::new(&mut receiver), &second).is_pending());
        assert_eq!(sender.send("pizza"), Ok(()));
        assert_eq!((early.times(), late.times()), (0, 1));
    });
}

#[test]
#[ignore = "an exercise"]
fn a_sender_that_goes_away_ends_the_wait() {
    bounded(|| {
        let (woken, waker) = counting_waker();
        let (sender, mut receiver) = oneshot::<()>();
        assert!(poll(Pin::new(&mut receiver), &waker).is_pending());
        drop(sender);
        assert_eq!(woken.times(), 1);
        assert_eq!(poll(Pin::new(&mut receiver), &waker), Poll::Ready(None));
    });
}

#[test]
#[ignore = "an exercise"]
fn a_value_for_nobody_comes_back() {
    bounded(|| {
        let (sender, receiver) = oneshot();
        drop(receiver);
        assert_eq!(sender.send("pizza"), Err("pizza"));
    });
}

thread_local! {
    static RECEIVER: RefCell<Option<Receiver<&'static str>>> = const { RefCell::new(None) };
}

/// A waker that polls its future there and then, as some do.
struct Eager;

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        // Not dropped if the poll panics: a second panic would end the program.
        let mut receiver = ManuallyDrop::new(RECEIVER.take().expect("it waits"));
        assert_eq!(poll(Pin::new(&mut *receiver), Waker::noop()), Poll::Ready(Some("pizza")));
        drop(ManuallyDrop::into_inner(receiver));
    }
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_the_receiver_is_woken() {
    bounded(|| {
        let (sender, mut receiver) = oneshot();
        assert!(poll(Pin::new(&mut receiver), &Waker::from(Arc::new(Eager))).is_pending());
        RECEIVER.set(Some(receiver));
        assert_eq!(sender.send("pizza"), Ok(()));
        assert!(RECEIVER.take().is_none(), "it was woken");
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
        assert_eq!(table.await, Some(42));
        assert_eq!(kitchen.await.unwrap(), Ok(()));
    });
}
