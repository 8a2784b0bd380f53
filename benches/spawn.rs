//! What does a task cost, from its spawn until its output is returned by its handle?
//!
//! The tasks are ready at once and have nothing to say, so that nothing but the executor is
//! measured: a thousand spawned and then all joined, and one after the other.

use std::hint::black_box;

use criterion::Criterion;
use pizzaiolo_benches::runtime::Runtime;

use crate::compare::{Case, beside_peers};

pub(crate) fn bench(criterion: &mut Criterion) {
    beside_peers::<AtOnce>(criterion);
    beside_peers::<OneByOne>(criterion);
}

/// 1,000 are spawned, then all are joined.
struct AtOnce;

impl Case for AtOnce {
    const NAME: &'static str = "spawn_1000_then_join";
    const OPERATIONS: usize = 1_000;

    async fn run<R: Runtime>() {
        let mut tasks = Vec::with_capacity(1_000);
        for _ in 0..Self::OPERATIONS {
            tasks.push(R::spawn(async {}));
        }
        for task in tasks {
            black_box(task.await);
        }
    }
}

/// Each is joined before the next is spawned.
struct OneByOne;

impl Case for OneByOne {
    const NAME: &'static str = "spawn_join_one_by_one";
    const OPERATIONS: usize = 1_000;

    async fn run<R: Runtime>() {
        for _ in 0..Self::OPERATIONS {
            black_box(R::spawn(async {}).await);
        }
    }
}
