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
#[path = "../server.rs"]
mod server;
#[cfg(test)]
#[path = "../support.rs"]
mod support;
#[cfg(test)]
#[path = "../verdicts.rs"]
mod verdicts;

use std::{env, process::ExitCode};

/// `ADDR` runs the pizza server on what the exercises have made, and `judge` asks the probes.
fn main() -> ExitCode {
    // Each probe runs in a process of its own, which is this program again.
    drop(conformance::run_if_asked(judge::runtimes()));
    let args: Vec<_> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => println!("cargo test --example solutions -- --include-ignored"),
        ["judge", which] => return judge::judge(which),
        [addr] => {
            if let Err(error) = server::serve(addr, |addr| println!("Starting up on: {addr}")) {
                eprintln!("Cannot serve on {addr:?}: {error}");
                return ExitCode::FAILURE;
            }
        }
        _ => {
            eprintln!("usage: solutions [ADDR | judge 11…17 | judge all]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
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
