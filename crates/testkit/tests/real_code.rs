//! Explores three crates that many programs stand on: in every order, and with futures that are
//! cancelled at any await, at once or when they are woken.

use std::{cell::Cell, rc::Rc};

use async_lock::{Barrier, Mutex, OnceCell, RwLock, RwLockUpgradableReadGuard, Semaphore};
use event_listener::{Event, EventListener};
use pizzaiolo::{JoinHandle, spawn, yield_now};
use pizzaiolo_testkit::{Cause, Explorer, maybe_cancelled};

/// Explores all orders. A `Mutex` of `async-lock` reads the real clock: a task that has waited half a
/// millisecond for it goes first. If this thread is suspended for so long, a run is not like the one
/// that it repeats, and the exploration begins anew.
#[track_caller]
fn explored<F: Future<Output = ()> + 'static>(mut program: impl FnMut() -> F) {
    for _ in 0..100 {
        match Explorer::new().check(&mut program) {
            Ok(report) => return assert!(report.is_all(), "{report}"),
            Err(failure) if *failure.cause() == Cause::Diverged => {}
            Err(failure) => panic!("{failure}"),
        }
    }
    panic!("it depends on more than the order, and on more than now and then the clock");
}

async fn join_all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}

/// Listens, and is perhaps cancelled. If it hears the event, it counts.
fn listens(listener: EventListener, heard: &Rc<Cell<usize>>) -> JoinHandle<()> {
    let heard = Rc::clone(heard);
    spawn(async move {
        if maybe_cancelled(listener).await.is_some() {
            heard.set(heard.get() + 1);
        }
    })
}

#[test]
fn an_event_hands_on_the_notification_of_a_listener_that_is_dropped() {
    explored(|| async {
        let (event, heard) = (Rc::new(Event::new()), Rc::new(Cell::new(0)));
        let tasks = vec![listens(event.listen(), &heard), listens(event.listen(), &heard)];
        let last = event.listen();
        let notifies = {
            let event = Rc::clone(&event);
            spawn(async move {
                // One for each that is perhaps dropped, and one for the last.
                yield_now().await;
                for _ in 0..3 {
                    event.notify_additional(1);
                }
            })
        };
        last.await;
        notifies.await.unwrap();
        join_all(tasks).await;
    });
}

#[test]
fn an_event_that_one_of_two_hears_is_never_lost() {
    explored(|| async {
        let (event, heard) = (Rc::new(Event::new()), Rc::new(Cell::new(0)));
        let first = listens(event.listen(), &heard);
        let second = event.listen();
        let notifies = spawn(async move {
            yield_now().await;
            event.notify(1);
        });
        notifies.await.unwrap();
        first.await.unwrap();
        // If the first was dropped, the second has it.
        if heard.get() == 0 {
            second.await;
        }
    });
}

#[test]
fn a_mutex_excludes_and_is_free_in_the_end() {
    explored(|| async {
        let (mutex, inside) = (Rc::new(Mutex::new(0)), Rc::new(Cell::new(false)));
        let tasks = (0..3).map(|_| {
            let (mutex, inside) = (Rc::clone(&mutex), Rc::clone(&inside));
            spawn(async move {
                let Some(mut sum) = maybe_cancelled(mutex.lock()).await else { return };
                assert!(!inside.replace(true));
                *sum += 1;
                yield_now().await;
                inside.set(false);
            })
        });
        join_all(tasks.collect()).await;
        assert!(mutex.try_lock().is_some());
    });
}

#[test]
fn a_writer_of_an_rwlock_is_alone() {
    explored(|| async {
        let (lock, readers) = (Rc::new(RwLock::new(())), Rc::new(Cell::new(0)));
        let reads = |is_cancelled: bool| {
            let (lock, readers) = (Rc::clone(&lock), Rc::clone(&readers));
            spawn(async move {
                let guard = if is_cancelled {
                    maybe_cancelled(lock.read()).await
                } else {
                    Some(lock.read().await)
                };
                if guard.is_none() {
                    return;
                }
                readers.set(readers.get() + 1);
                yield_now().await;
                readers.set(readers.get() - 1);
                drop(guard);
            })
        };
        let writes = {
            let (lock, readers) = (Rc::clone(&lock), Rc::clone(&readers));
            spawn(async move {
                if let Some(_guard) = maybe_cancelled(lock.write()).await {
                    assert_eq!(readers.get(), 0);
                    yield_now().await;
                    assert_eq!(readers.get(), 0);
                }
            })
        };
        join_all(vec![reads(true), writes, reads(false)]).await;
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn an_upgrade_of_an_rwlock_that_is_cancelled_leaves_it_free() {
    explored(|| async {
        let lock = Rc::new(RwLock::new(()));
        let (first, second, third) = (Rc::clone(&lock), Rc::clone(&lock), Rc::clone(&lock));
        let upgrades = spawn(async move {
            let Some(guard) = maybe_cancelled(first.upgradable_read()).await else { return };
            let upgrade = RwLockUpgradableReadGuard::upgrade(guard);
            if let Some(_guard) = maybe_cancelled(upgrade).await {
                yield_now().await;
            }
        });
        let writes = spawn(async move {
            if let Some(_guard) = maybe_cancelled(second.write()).await {
                yield_now().await;
            }
        });
        let reads = spawn(async move {
            let _guard = third.read().await;
            yield_now().await;
        });
        join_all(vec![upgrades, writes, reads]).await;
        assert!(lock.try_write().is_some());
    });
}

/// What was found: a wait that is cancelled stays counted, so the barrier lets one task through alone,
/// and the next waits for ever. `async-lock` does not say so; tokio says of its own barrier that a wait
/// is not cancel safe.
#[test]
fn a_wait_at_a_barrier_that_is_cancelled_stays_counted() {
    let failure = Explorer::new().check(|| async {
        let barrier = Rc::new(Barrier::new(2));
        let waits = |barrier: &Rc<Barrier>| {
            let barrier = Rc::clone(barrier);
            spawn(async move { _ = barrier.wait().await })
        };
        let impatient = {
            let barrier = Rc::clone(&barrier);
            spawn(async move { maybe_cancelled(barrier.wait()).await.is_some() })
        };
        let mut tasks = vec![waits(&barrier)];
        if !impatient.await.unwrap() {
            tasks.push(waits(&barrier));
        }
        join_all(tasks).await;
    });
    let failure = failure.unwrap_err();
    assert!(matches!(failure.cause(), Cause::Deadlock(_) | Cause::LostWaker(_)), "{failure}");
    assert_eq!(failure.deviations(), 1, "{failure}");
}

#[test]
fn a_semaphore_has_all_its_permits_in_the_end() {
    explored(|| async {
        let (semaphore, inside) = (Rc::new(Semaphore::new(1)), Rc::new(Cell::new(0)));
        let tasks = (0..3).map(|_| {
            let (semaphore, inside) = (Rc::clone(&semaphore), Rc::clone(&inside));
            spawn(async move {
                let Some(_permit) = maybe_cancelled(semaphore.acquire()).await else { return };
                inside.set(inside.get() + 1);
                assert_eq!(inside.get(), 1);
                yield_now().await;
                inside.set(inside.get() - 1);
            })
        });
        join_all(tasks.collect()).await;
        assert!(semaphore.try_acquire().is_some());
    });
}

#[test]
fn a_once_cell_whose_initialisation_is_cancelled_is_initialised_by_another() {
    explored(|| async {
        let cell = Rc::new(OnceCell::new());
        let init = |number: u32| {
            let cell = Rc::clone(&cell);
            let set = async move {
                cell.get_or_init(|| async {
                    yield_now().await;
                    number
                })
                .await;
            };
            spawn(async move { maybe_cancelled(set).await.unwrap_or_default() })
        };
        let tasks = vec![init(1), init(2)];
        yield_now().await;
        let number = *cell.get_or_init(|| async { 3 }).await;
        assert!((1..=3).contains(&number));
        join_all(tasks).await;
        assert_eq!(cell.get(), Some(&number));
    });
}

#[test]
fn no_message_of_a_channel_is_lost_by_a_receiver_that_is_cancelled() {
    explored(|| async {
        let (sender, receiver) = async_channel::bounded(1);
        let sends = spawn(async move {
            for message in 1..=2 {
                sender.send(message).await.unwrap();
            }
        });
        let sum = Rc::new(Cell::new(0));
        let reader = {
            let (receiver, sum) = (receiver.clone(), Rc::clone(&sum));
            spawn(async move {
                if let Some(Ok(message)) = maybe_cancelled(receiver.recv()).await {
                    sum.set(sum.get() + message);
                }
            })
        };
        while let Ok(message) = receiver.recv().await {
            sum.set(sum.get() + message);
        }
        reader.await.unwrap();
        sends.await.unwrap();
        assert_eq!(sum.get(), 3);
    });
}

#[test]
fn the_room_of_a_channel_is_not_lost_by_a_sender_that_is_cancelled() {
    explored(|| async {
        let (sender, receiver) = async_channel::bounded(1);
        let sent = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let (sender, sent) = (sender.clone(), Rc::clone(&sent));
                spawn(async move {
                    if maybe_cancelled(sender.send(())).await.is_some() {
                        sent.set(sent.get() + 1);
                    }
                })
            })
            .collect();
        let last = spawn(async move { sender.send(()).await.unwrap() });
        let mut count = 0;
        while receiver.recv().await.is_ok() {
            count += 1;
        }
        join_all(tasks).await;
        last.await.unwrap();
        assert_eq!(count, sent.get() + 1);
    });
}

#[test]
fn what_is_sent_and_not_cancelled_is_received() {
    explored(|| async {
        let (sender, receiver) = async_channel::bounded(1);
        let sends = |message| {
            let sender = sender.clone();
            spawn(async move { maybe_cancelled(sender.send(message)).await.is_some() })
        };
        let (first, second) = (sends(1), sends(2));
        drop(sender);
        let third = receiver.clone();
        let reader = spawn(async move {
            maybe_cancelled(third.recv()).await.is_some_and(|message| message.is_ok())
        });
        let mut count = 0;
        while receiver.recv().await.is_ok() {
            count += 1;
        }
        count += usize::from(reader.await.unwrap());
        let sent = usize::from(first.await.unwrap()) + usize::from(second.await.unwrap());
        assert_eq!(count, sent);
    });
}

#[test]
fn a_channel_that_closes_wakes_all_that_wait() {
    explored(|| async {
        let (sender, receiver) = async_channel::unbounded::<()>();
        let tasks = (0..2).map(|_| {
            let receiver = receiver.clone();
            spawn(async move { assert!(receiver.recv().await.is_err()) })
        });
        let tasks = tasks.collect();
        let closes = spawn(async move { drop(sender) });
        join_all(tasks).await;
        closes.await.unwrap();
    });
}
