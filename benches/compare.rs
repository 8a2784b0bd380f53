//! One question, asked of every runtime with the same code, in one criterion group.

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use pizzaiolo_benches::runtime::{LocalPool, LocalSet, Monoio, Pizzaiolo, Runtime, Smol, Tokio};

/// A piece of work that is the same for every runtime.
pub(crate) trait Case {
    /// What the tables call it.
    const NAME: &'static str;

    /// How many of the operations that the question is about are in one run.
    const OPERATIONS: usize;

    /// Does the work once, within the runtime's `block_on`.
    async fn run<R: Runtime>();
}

/// Rounds that are short enough for a machine that is not idle; the command line may say otherwise.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50)
        .configure_from_args()
}

/// Measures a case on every runtime.
pub(crate) fn beside_peers<C: Case>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(C::NAME);
    group.throughput(Throughput::Elements(C::OPERATIONS as u64));
    measure::<C, Pizzaiolo>(&mut group);
    measure::<C, Tokio>(&mut group);
    measure::<C, LocalSet>(&mut group);
    measure::<C, Smol>(&mut group);
    measure::<C, LocalPool>(&mut group);
    measure::<C, Monoio>(&mut group);
    group.finish();
}

fn measure<C: Case, R: Runtime>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut runtime = R::new();
    group.bench_function(R::NAME, |bencher| {
        bencher.iter_custom(|runs| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..runs {
                    C::run::<R>().await;
                }
                start.elapsed()
            })
        });
    });
}
