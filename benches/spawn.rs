//! What does it cost to spawn a task and to join it?

use criterion::{Criterion, criterion_group, criterion_main};

fn spawn(c: &mut Criterion) {
    let executor = pizzaiolo::Executor::new().expect("an executor");
    c.bench_function("spawn + join, one by one", |b| {
        b.iter(|| executor.block_on(async { pizzaiolo::spawn(async {}).await }));
    });
}

criterion_group!(benches, spawn);
criterion_main!(benches);
