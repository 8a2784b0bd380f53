//! One case, measured on every runtime with the same code, in one criterion group.

use std::env;
use std::marker::PhantomData;
use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use pizzaiolo_benches::runtime::{self, Runtime, Visitor};

/// With this variable set, each case takes longer, and the figures move less.
pub(crate) const THOROUGH: &str = "BENCH_THOROUGH";

/// A piece of work that is the same for every runtime.
pub(crate) trait Case {
    /// What the tables call it.
    const NAME: &'static str;

    /// How many of the operations that the question is about are in one run.
    const OPERATIONS: usize;

    /// Does the work once, within the runtime's `block_on`.
    async fn run<R: Runtime>();
}

/// Measures a case on every runtime.
pub(crate) fn beside_peers<C: Case>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(C::NAME);
    group.throughput(Throughput::Elements(C::OPERATIONS as u64));
    if C::OPERATIONS >= 1_000_000 && env::var_os(THOROUGH).is_none() {
        // One run takes up to half a second: as few samples as there may be.
        group.sample_size(10);
    }
    runtime::for_each(&mut Measure::<C>(&mut group, PhantomData));
    group.finish();
}

struct Measure<'a, 'b, C>(&'a mut BenchmarkGroup<'b, WallTime>, PhantomData<C>);

impl<C: Case> Visitor for Measure<'_, '_, C> {
    fn visit<R: Runtime>(&mut self) {
        let mut runtime = R::new();
        self.0.bench_function(R::NAME, |bencher| {
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
}
