//! Explores the solutions of the exercises that tasks share: one-shot channel, notify, semaphore.
//!
//! The modules bring their own tests, which are marked as ignored; they run with the examples.

#[path = "../../../examples/exercises/solutions/ex07_oneshot.rs"]
mod ex07_oneshot;
#[path = "../../../examples/exercises/solutions/ex08_notify.rs"]
mod ex08_notify;
#[path = "../../../examples/exercises/solutions/ex09_semaphore.rs"]
mod ex09_semaphore;
#[path = "../../../examples/exercises/support.rs"]
#[expect(dead_code, reason = "it has more than these exercises need")]
mod support;

use std::{cell::Cell, rc::Rc};

use ex07_oneshot::oneshot;
use ex08_notify::Notify;
use ex09_semaphore::Semaphore;
use pizzaiolo::{spawn, yield_now};
use pizzaiolo_testkit::{explore, maybe_cancelled};

#[test]
fn a_value_that_was_sent_is_received_or_the_receiver_is_gone() {
    let report = explore(|| async {
        let (sender, receiver) = oneshot();
        let guest = spawn(maybe_cancelled(receiver));
        let sends = spawn(async move {
            yield_now().await;
            sender.send(7)
        });
        let (got, sent) = (guest.await.unwrap(), sends.await.unwrap());
        match got {
            Some(value) => assert_eq!((value, sent), (Some(7), Ok(()))),
            // It may have been dropped after the value was sent.
            None => assert!(matches!(sent, Ok(()) | Err(7))),
        }
    });
    assert!(report.is_all(), "{report}");
}

#[test]
fn a_notification_is_not_lost_with_the_waiter_that_had_it() {
    let report = explore(|| async {
        let (bell, heard) = (Rc::new(Notify::default()), Rc::new(Cell::new(false)));
        let (first, has_heard) = (Rc::clone(&bell), Rc::clone(&heard));
        let impatient = spawn(async move {
            has_heard.set(maybe_cancelled(first.notified()).await.is_some());
        });
        let rung = Rc::clone(&bell);
        let rings = spawn(async move {
            yield_now().await;
            rung.notify_one();
        });
        impatient.await.unwrap();
        if !heard.get() {
            bell.notified().await;
        }
        rings.await.unwrap();
    });
    assert!(report.is_all(), "{report}");
}

#[test]
fn a_semaphore_admits_one_at_a_time_and_all_that_wait() {
    let report = explore(|| async {
        let (semaphore, inside) = (Rc::new(Semaphore::new(1)), Rc::new(Cell::new(0)));
        let tasks = [true, false, true].map(|may_be_cancelled| {
            let (semaphore, inside) = (Rc::clone(&semaphore), Rc::clone(&inside));
            spawn(async move {
                let acquire = semaphore.acquire();
                let permit = if may_be_cancelled {
                    maybe_cancelled(acquire).await
                } else {
                    Some(acquire.await)
                };
                let Some(_permit) = permit else { return };
                assert_eq!(inside.replace(1), 0);
                yield_now().await;
                inside.set(0);
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        let _permit = semaphore.acquire().await;
    });
    assert!(report.is_all(), "{report}");
}
