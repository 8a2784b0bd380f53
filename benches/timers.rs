//! What does a timer cost that never fires, as nearly every timeout is?
//!
//! Sleeps of 10 to 20 seconds are made, polled once, and all are dropped, ten times over. In the
//! first two cases each gets a box of its own, which makes a runtime's memory part of the price,
//! as it is when a task holds the timer. In the third the boxes are kept and used again: the bare
//! timer.

use std::future::poll_fn;
use std::hint::black_box;
use std::task::Poll;
use std::time::Duration;

use criterion::Criterion;
use pizzaiolo_benches::runtime::Runtime;

use crate::compare::{Case, beside_peers};

/// So often is the whole repeated in one run.
const ROUNDS: usize = 10;

pub(crate) fn bench(criterion: &mut Criterion) {
    beside_peers::<TenThousand>(criterion);
    beside_peers::<HundredThousand>(criterion);
    beside_peers::<InPlace>(criterion);
}

/// 10,000 timers are alive before the first is dropped.
struct TenThousand;

impl Case for TenThousand {
    const NAME: &'static str = "timers_10000_alive";
    const OPERATIONS: usize = 10_000 * ROUNDS;

    async fn run<R: Runtime>() {
        make_and_drop::<R>(10_000).await;
    }
}

/// 100,000 timers are alive before the first is dropped.
struct HundredThousand;

impl Case for HundredThousand {
    const NAME: &'static str = "timers_100000_alive";
    const OPERATIONS: usize = 100_000 * ROUNDS;

    async fn run<R: Runtime>() {
        make_and_drop::<R>(100_000).await;
    }
}

/// 10,000 timers are alive, in places that are made once.
struct InPlace;

impl Case for InPlace {
    const NAME: &'static str = "timers_10000_in_place";
    const OPERATIONS: usize = 10_000 * ROUNDS;

    async fn run<R: Runtime>() {
        let mut places: Vec<_> = (0..10_000).map(|_| Box::pin(None)).collect();
        for _ in 0..ROUNDS {
            poll_fn(|cx| {
                for (place, after) in places.iter_mut().zip(durations()) {
                    place.set(Some(R::sleep(after)));
                    let sleep = place.as_mut().as_pin_mut().expect("it was just made");
                    assert!(sleep.poll(cx).is_pending(), "it takes 10 s");
                }
                Poll::Ready(())
            })
            .await;
            for place in &mut places {
                place.set(None);
            }
        }
    }
}

async fn make_and_drop<R: Runtime>(count: usize) {
    for _ in 0..ROUNDS {
        let mut sleeps = Vec::with_capacity(count);
        poll_fn(|cx| {
            for after in durations().take(count) {
                let mut sleep = Box::pin(R::sleep(after));
                assert!(sleep.as_mut().poll(cx).is_pending(), "it takes 10 s");
                sleeps.push(sleep);
            }
            Poll::Ready(())
        })
        .await;
        drop(black_box(sleeps));
    }
}

/// From 10 to 20 seconds in steps of a prime number, so that the deadlines come in no order.
fn durations() -> impl Iterator<Item = Duration> {
    (0..).map(|index| Duration::from_millis(10_000 + index * 7_919 % 10_000))
}
