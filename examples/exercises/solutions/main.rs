//! A solution of each exercise, to compare with yours. The same tests run against them.

#![cfg_attr(not(test), expect(dead_code, reason = "only the tests use the solutions"))]

mod ex01_yield_now;
mod ex02_block_on;
mod ex03_join;
mod ex04_select;
mod ex05_timeout;
mod ex06_interval;
mod ex07_oneshot;
mod ex08_notify;
mod ex09_semaphore;
mod ex10_priorities;
mod ex11_unparker;
mod ex12_spawn;
mod ex13_join;
mod ex14_threads;
mod ex15_abort;
mod ex16_timers;
mod ex17_reactor;
#[path = "../judge/mod.rs"]
mod judge;
#[path = "../program.rs"]
mod program;
#[path = "../server.rs"]
mod server;
#[cfg(test)]
#[path = "../support.rs"]
mod support;
#[cfg(test)]
#[path = "../verdicts.rs"]
mod verdicts;

fn main() -> std::process::ExitCode {
    program::run("solutions", "cargo test --example solutions -- --include-ignored\n")
}

/// The tests are marked as ignored, because they fail for the stubs. So this one runs them here.
#[test]
fn the_solutions_solve_the_exercises() {
    let verdicts = verdicts::verdicts("ex");
    for (test, message) in &verdicts {
        assert_eq!(*message, None, "{test} fails");
    }
    for exercise in 1..=17 {
        let name = format!("ex{exercise:02}_");
        assert!(verdicts.keys().any(|test| test.starts_with(&name)), "{name} has no test");
    }
}
