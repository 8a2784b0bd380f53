use std::{
    cell::{Cell, RefCell},
    pin::{Pin, pin},
    rc::Rc,
    task::{Poll, Waker},
};

use pizzaiolo::{spawn, yield_now};

use super::{Permit, Semaphore};
use crate::support::{Touch, bounded, counting_waker, poll, reenter, run};

const WAITS: &str = "acquire must be Pending until it is given a permit, because all are in use";
const READY: &str = "acquire must be Ready once a permit was given to it, because it has one";

/// Takes a permit that is free.
fn take(semaphore: &Semaphore) -> Permit<'_> {
    match poll(pin!(semaphore.acquire()), Waker::noop()) {
        Poll::Ready(permit) => permit,
        Poll::Pending => panic!("acquire must be Ready at once while a permit is free"),
    }
}

/// Whether the next to come has to wait.
fn is_full(semaphore: &Semaphore) -> bool {
    poll(pin!(semaphore.acquire()), Waker::noop()).is_pending()
}

#[test]
#[ignore = "an exercise"]
fn there_are_as_many_permits_as_it_was_made_with_and_each_comes_back() {
    bounded(|| {
        let rule = "acquire must be Pending while all permits are in use, because their number is \
                    the limit";
        let semaphore = Semaphore::new(2);
        for _ in 0..3 {
            let first = take(&semaphore);
            let second = take(&semaphore);
            assert!(is_full(&semaphore), "{rule}");
            drop(first);
            let third = take(&semaphore);
            assert!(is_full(&semaphore), "{rule}");
            drop((second, third));
        }
        assert!(is_full(&Semaphore::new(0)), "{rule}");
    });
}

#[test]
#[ignore = "an exercise"]
fn a_permit_goes_to_the_one_that_has_waited_longest_and_nothing_comes_between() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let ((first, a), (second, b)) = (counting_waker(), counting_waker());
        let permit = take(&semaphore);
        let (mut early, mut late) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), &a).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &b).is_pending(), "{WAITS}");
        drop(permit);
        let rule = "a permit that is dropped must wake the one that has waited longest and no other, \
                    because it is for one";
        assert_eq!((first.times(), second.times()), (1, 0), "{rule}");
        assert!(
            is_full(&semaphore),
            "a permit that was given away must not be free, because another would overtake the one \
             that was woken"
        );
        assert!(poll(late.as_mut(), &b).is_pending(), "{WAITS}");
        let Poll::Ready(permit) = poll(early.as_mut(), &a) else { panic!("{READY}") };
        drop(permit);
        assert_eq!((first.times(), second.times()), (1, 1), "{rule}");
        assert!(poll(late.as_mut(), &b).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn two_permits_are_for_two() {
    bounded(|| {
        let semaphore = Semaphore::new(2);
        let ((first, a), (second, b)) = (counting_waker(), counting_waker());
        let permits = (take(&semaphore), take(&semaphore));
        let (mut early, mut late) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), &a).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &b).is_pending(), "{WAITS}");
        drop(permits);
        assert_eq!(
            (first.times(), second.times()),
            (1, 1),
            "two permits must go to two, because one that was given a permit waits no longer"
        );
        assert!(poll(early.as_mut(), &a).is_ready(), "{READY}");
        assert!(poll(late.as_mut(), &b).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn a_second_poll_keeps_the_place_in_the_queue_and_the_latest_waker() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let (moved, waker) = counting_waker();
        let permit = take(&semaphore);
        let (mut early, mut late) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(early.as_mut(), &waker).is_pending(), "{WAITS}");
        drop(permit);
        assert_eq!(
            moved.times(),
            1,
            "the waker of the latest poll must be called, because the future may have moved to \
             another task"
        );
        let Poll::Ready(permit) = poll(early.as_mut(), &waker) else { panic!("{READY}") };
        drop(permit);
        assert!(
            poll(late.as_mut(), Waker::noop()).is_ready(),
            "a second poll must not add a second entry to the queue, because a permit given to it \
             would be lost"
        );
    });
}

#[test]
#[ignore = "an exercise"]
fn one_that_is_dropped_while_it_waits_is_given_no_permit() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let (woken, waker) = counting_waker();
        let permit = take(&semaphore);
        let (mut early, mut late) = (Box::pin(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &waker).is_pending(), "{WAITS}");
        drop(early);
        drop(permit);
        assert_eq!(
            woken.times(),
            1,
            "one that is dropped must leave the queue, because a permit given to it would be lost"
        );
        assert!(poll(late.as_mut(), &waker).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn one_that_is_dropped_before_it_sees_its_permit_hands_it_on() {
    bounded(|| {
        let semaphore = Semaphore::new(1);
        let (woken, waker) = counting_waker();
        let permit = take(&semaphore);
        let (mut early, mut late) = (Box::pin(semaphore.acquire()), pin!(semaphore.acquire()));
        assert!(poll(early.as_mut(), Waker::noop()).is_pending(), "{WAITS}");
        assert!(poll(late.as_mut(), &waker).is_pending(), "{WAITS}");
        drop(permit);
        drop(early);
        assert_eq!(
            woken.times(),
            1,
            "a permit must be passed on if its future is dropped before it sees it, because it \
             would be lost"
        );
        assert!(poll(late.as_mut(), &waker).is_ready(), "{READY}");
    });
}

#[test]
#[ignore = "an exercise"]
fn nothing_is_borrowed_while_a_waker_is_cloned_dropped_or_called() {
    bounded(|| {
        for touch in [Touch::Cloned, Touch::Called, Touch::Dropped] {
            let semaphore = Rc::new(Semaphore::new(1));
            let other = Rc::clone(&semaphore);
            reenter(
                touch,
                move || _ = poll(pin!(other.acquire()), Waker::noop()),
                |waker| {
                    let permit = take(&semaphore);
                    let mut early = pin!(semaphore.acquire());
                    let _ = poll(early.as_mut(), waker);
                    let _ = poll(early.as_mut(), Waker::noop());
                    let mut late = pin!(semaphore.acquire());
                    let _ = poll(late.as_mut(), waker);
                    drop(permit);
                    let _ = poll(early.as_mut(), waker);
                },
            );
        }
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
        assert!(poll(Pin::new(&mut before), Waker::noop()).is_pending(), "{WAITS}");
        let mut after = [before];
        drop(permit);
        assert!(poll(Pin::new(&mut after[0]), Waker::noop()).is_ready(), "{READY}");
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
        assert_eq!(
            (inside.get(), most.get()),
            (0, 4),
            "four permits must let four in and no more, because their number is the limit"
        );
        assert!(
            baked.borrow().iter().copied().eq(0..20),
            "the permits must be given in the order in which they were asked for, because that is \
             fair"
        );
    });
}
