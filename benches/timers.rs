//! What does a timer cost that never fires, as nearly every timeout is?
//!
//! Sleeps of 10 to 20 seconds are made, polled once, and all are dropped, ten times over. In the
//! first two cases each gets a box of its own, which makes a runtime's memory part of the price,
//! as it is when a task holds the timer. In the third the boxes are kept and used again: the bare
//! timer.

use std::future::poll_fn;
use std::task::Poll;

use criterion::Criterion;
use pizzaiolo_benches::{
    runtime::Runtime,
    timers::{durations, make_and_drop},
};

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
        rounds::<R>(10_000).await;
    }
}

/// 100,000 timers are alive before the first is dropped.
struct HundredThousand;

impl Case for HundredThousand {
    const NAME: &'static str = "timers_100000_alive";
    const OPERATIONS: usize = 100_000 * ROUNDS;

    async fn run<R: Runtime>() {
        rounds::<R>(100_000).await;
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

async fn rounds<R: Runtime>(count: usize) {
    for _ in 0..ROUNDS {
        make_and_drop::<R>(count).await;
    }
}
