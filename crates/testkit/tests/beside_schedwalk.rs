//! The explorer runs as many orders as schedwalk does, which was written by others and walks the same
//! tree: small programs of tasks that yield, spawn and join, made at random.

use std::{cell::Cell, pin::Pin};

use pizzaiolo::yield_now;
use pizzaiolo_testkit::Explorer;

/// What a task does, step by step.
enum Step {
    Yield,
    /// Spawns a task, and joins it at once, at the end, or never.
    Spawn(Vec<Step>, Join),
}

#[derive(Clone, Copy, PartialEq)]
enum Join {
    Now,
    AtTheEnd,
    Never,
}

/// Defines a function that makes the program's future, with this `spawn`.
macro_rules! program {
    ($name:ident, $spawn:path $(, $send:ident)?) => {
        fn $name(steps: &'static [Step]) -> Pin<Box<dyn Future<Output = ()> $(+ $send)?>> {
            Box::pin(async move {
                let mut handles = Vec::new();
                for step in steps {
                    match step {
                        Step::Yield => yield_now().await,
                        Step::Spawn(steps, join) => {
                            let handle = $spawn($name(steps));
                            match join {
                                Join::Now => assert!(handle.await.is_ok()),
                                Join::AtTheEnd => handles.push(handle),
                                Join::Never => {}
                            }
                        }
                    }
                }
                for handle in handles {
                    assert!(handle.await.is_ok());
                }
            })
        }
    };
}

program!(ours, pizzaiolo::spawn);
program!(theirs, schedwalk::spawn, Send);

/// A generator that is good enough for this.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }

    fn steps(&mut self, depth: u32) -> Vec<Step> {
        let count = 1 + self.below(3);
        (0..count).map(|_| self.step(depth)).collect()
    }

    fn step(&mut self, depth: u32) -> Step {
        if depth == 0 || self.below(3) == 0 {
            return Step::Yield;
        }
        let join = [Join::Now, Join::AtTheEnd, Join::Never];
        Step::Spawn(self.steps(depth - 1), join[usize::try_from(self.below(3)).unwrap()])
    }
}

#[test]
fn it_runs_as_many_orders_as_schedwalk() {
    let mut compared = 0;
    for seed in 0..60 {
        let steps: &'static [Step] = Random(seed).steps(2).leak();
        let report = Explorer::new().max_runs(1_500).run(|| ours(steps));
        if !report.is_all() {
            continue;
        }
        let orders = Cell::new(0);
        schedwalk::for_all_schedules(|| {
            orders.set(orders.get() + 1);
            theirs(steps)
        });
        assert_eq!(report.orders(), orders.get(), "seed {seed}");
        compared += u32::from(report.orders() > 1);
    }
    assert!(compared >= 20, "only {compared} programs have a choice, and few enough orders");
}
