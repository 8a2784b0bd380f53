//! What does an observer cost, and what does the crate cost without one?
//!
//! 1,000 tasks yield 100 times each: an event for each wake, and two for each poll. Three cases: no
//! observer; an observer that drops each event; a `Timeline`, which keeps it. `instructions.sh` counts
//! what the hooks cost without an observer, against an executor that has no hooks, see
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
    measure(&mut group, "no observer", &executor(Executor::builder()));
    measure(&mut group, "observer", &executor(Executor::builder().observer(Deaf)));
    measure(&mut group, "timeline", &executor(Executor::builder().observer(Timeline::new())));
    group.finish();
}

/// Drops each event.
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
