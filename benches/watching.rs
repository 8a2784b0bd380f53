//! What does it cost to be watched, and what if nobody watches?
//!
//! 1,000 tasks yield 100 times each: an event for each wake, and two for each poll. Nobody watches;
//! an observer does that drops what it is told; a `Timeline` does, and keeps it. What the hooks cost
//! when nobody watches, against an executor that has none, is for `instructions.sh` to count, see
//! the README.

use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use pizzaiolo::Executor;
use pizzaiolo::trace::{Event, Observer};
use pizzaiolo_watch::Timeline;

const TASKS: usize = 1_000;
const YIELDS: usize = 100;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("watching");
    group.throughput(Throughput::Elements((TASKS * YIELDS) as u64));
    let executor = |builder: pizzaiolo::Builder| builder.build().expect("mio makes its poll");
    measure(&mut group, "nobody", &executor(Executor::builder()));
    measure(&mut group, "observer", &executor(Executor::builder().observer(Deaf)));
    measure(&mut group, "timeline", &executor(Executor::builder().observer(Timeline::new())));
    group.finish();
}

/// Does nothing with what it is told.
struct Deaf;

impl Observer for Deaf {
    fn on_event(&self, _: &Event) {}
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, executor: &Executor) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let start = Instant::now();
            for _ in 0..runs {
                executor.block_on(yield_a_lot());
            }
            start.elapsed()
        });
    });
}

async fn yield_a_lot() {
    let mut tasks = Vec::with_capacity(TASKS);
    for _ in 0..TASKS {
        tasks.push(pizzaiolo::spawn(async {
            for _ in 0..YIELDS {
                pizzaiolo::yield_now().await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("a task that yields does not panic");
    }
}
