use std::{
    cell::{Cell, RefCell},
    pin::{Pin, pin},
    rc::Rc,
    task::{Poll, Waker},
};

use pizzaiolo::{spawn, yield_now};

use super::{Permit, Semaphore};
use crate::support::{bounded, counting_waker, poll, run};

/// Takes a permit that is free.
fn take(semaphore: &Semaphore) -> Permit<'_> {
    match poll(pin!(semaphore.acquire()), Waker::noop()) {
        Poll::Ready(permit) => permit,
        Poll::Pending => panic!("a permit is free, and nobody gets it"),
    }
}

/// Whether who comes now has to wait.
fn is_full(semaphore: &Semaphore) -> bool {
    poll(pin!(semaphore.acquire()), Waker::noop()).is_pending()
}

#[test]
#[ignore = "an exercise"]
fn there_are_as_many_permits_as_it_was_made_with_and_each_comes_back() {
    bounded(|| {
        let semaphore = Semaphore::new(2);
        for _ in 0..3 {
            let first = take(&semaphore);
            let second = take(&semaphore);
            assert!(is_full(&semaphore));
            drop(first);
            let third = take(&semaphore);
            assert!(is_full(&semaphore));
            drop((second, third));
        }
        assert!(is_full(&Semaphore::new(0)));
    });
}

#[test]
#[ignore = "an exercise"]
fn who_waits_longest_is_woken_and_nobody_comes_between() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let ((first, a), (second, b)) = (counting_waker(), counting_waker());
        let permit = take(&semaphore);
        let (mut early, mut late) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), &a).is_pending());
        assert!(poll(late.as_mut(), &b).is_pending());
        drop(permit);
        assert_eq!((first.times(), second.times()), (1, 0));
        assert!(is_full(&semaphore), "the permit is promised to who was woken");
        assert!(poll(late.as_mut(), &b).is_pending());
        let Poll::Ready(permit) = poll(early.as_mut(), &a) else { panic!("it was woken") };
        drop(permit);
        assert_eq!((first.times(), second.times()), (1, 1));
        assert!(poll(late.as_mut(), &b).is_ready());
    });
}

#[test]
#[ignore = "an exercise"]
fn to_be_polled_again_is_to_keep_ones_place() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let (moved, waker) = counting_waker();
        let permit = take(&semaphore);
        let (mut early, mut late) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), Waker::noop()).is_pending());
        assert!(poll(late.as_mut(), Waker::noop()).is_pending());
        assert!(poll(early.as_mut(), &waker).is_pending());
        drop(permit);
        assert_eq!(moved.times(), 1, "the waker of the latest poll counts");
        assert!(poll(early.as_mut(), &waker).is_ready());
    });
}

#[test]
#[ignore = "an exercise"]
fn who_gives_up_waiting_takes_no_permit_along() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let (woken, waker) = counting_waker();
        let permit = take(&semaphore);
        let (mut first, mut second) =
            (Box::pin(semaphore.acquire()), Box::pin(semaphore.acquire()));
        let mut third = pin!(semaphore.acquire());
        assert!(poll(first.as_mut(), Waker::noop()).is_pending());
        assert!(poll(second.as_mut(), Waker::noop()).is_pending());
        assert!(poll(third.as_mut(), &waker).is_pending());
        drop(first); // while it waits
        drop(permit);
        drop(second); // when it was given the permit, and has not seen it
        assert_eq!(woken.times(), 1);
        assert!(poll(third.as_mut(), &waker).is_ready());
        drop(take(&semaphore));
    });
}

/// A future can move until it is pinned, so a queue must not point into it.
#[test]
#[ignore = "an exercise"]
fn an_acquire_that_has_moved_is_still_found() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let permit = take(&semaphore);
        let mut before = semaphore.acquire();
        assert!(poll(Pin::new(&mut before), Waker::noop()).is_pending());
        let mut after = [before];
        drop(permit);
        assert!(poll(Pin::new(&mut after[0]), Waker::noop()).is_ready());
    });
}

#[test]
#[ignore = "an exercise"]
fn never_are_more_in_the_oven_than_fit_and_all_are_baked_in_order() {
    run(async || {
        let semaphore = Rc::new(Semaphore::new(4));
        let (inside, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let baked = Rc::new(RefCell::new(Vec::new()));
        let mut pizzas = Vec::new();
        for pizza in 0..20 {
            let semaphore = Rc::clone(&semaphore);
            let (inside, most, baked) = (Rc::clone(&inside), Rc::clone(&most), Rc::clone(&baked));
            pizzas.push(spawn(async move {
                let _permit = semaphore.acquire().await;
                inside.set(inside.get() + 1);
                most.set(most.get().max(inside.get()));
                for _ in 0..3 {
                    yield_now().await;
                }
                inside.set(inside.get() - 1);
                baked.borrow_mut().push(pizza);
            }));
        }
        for pizza in pizzas {
            pizza.await.unwrap();
        }
        assert_eq!((inside.get(), most.get()), (0, 4));
        assert!(baked.borrow().iter().copied().eq(0..20), "{:?}", baked.borrow());
    });
}
