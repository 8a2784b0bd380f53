//! The solutions of exercises 11 to 17 pass the probes of their stages, and probes find wrong
//! solutions.

#![allow(dead_code, unused, clippy::all, clippy::pedantic, reason = "wrong on purpose")]

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use conformance::{Rule, Runtime, rules};

#[path = "../../../examples/exercises/judge/stages.rs"]
mod stages;

include!(concat!(env!("OUT_DIR"), "/judged.rs"));

/// A wrong solution that probes have to find.
struct Wrong {
    name: &'static str,
    exercise: usize,
    probes: &'static [&'static str],
    runtime: Box<dyn Runtime>,
}

/// A probe of a runtime, and whether its rule must hold.
struct Case {
    name: String,
    runtime: usize,
    rule: &'static Rule,
    must_pass: bool,
}

fn cases(wrong: &[Wrong]) -> Vec<Case> {
    let mut cases = Vec::new();
    for stage in stages::STAGES {
        for rule in stages::probes(stage) {
            let (name, runtime) = (format!("solution {stage}"), stage - stages::STAGES.start());
            cases.push(Case { name, runtime, rule, must_pass: true });
        }
    }
    for stage in stages::STAGES {
        let is_named = wrong.iter().any(|wrong| wrong.exercise == stage);
        assert!(is_named, "no probe names a wrong solution of exercise {stage}");
    }
    for (number, wrong) in wrong.iter().enumerate() {
        let probes = stages::probes(wrong.exercise);
        for id in wrong.probes {
            let rule = probes.iter().copied().find(|rule| rule.id() == *id);
            let Some(rule) = rule else { panic!("{id} does not judge {}", wrong.name) };
            let (name, runtime) = (wrong.name.to_owned(), stages::STAGES.count() + number);
            cases.push(Case { name, runtime, rule, must_pass: false });
        }
    }
    cases
}

/// Runs the probe. Returns a message if the verdict is wrong.
fn judge(case: &Case) -> Option<String> {
    let report = conformance::judge(case.runtime, case.rule).expect("a process can be started");
    let (name, id) = (&case.name, case.rule.id());
    if case.must_pass {
        let (verdict, seen) = (report.verdict, &report.seen);
        return report.verdict.is_bad().then(|| format!("{name}: {id} {verdict}, seen: {seen}"));
    }
    (!report.verdict.is_bad()).then(|| format!("{name}: {id} {}", report.verdict))
}

fn main() -> ExitCode {
    let right =
        stages::STAGES.map(|stage| Box::new(right::adapter::Stage(stage)) as Box<dyn Runtime>);
    let wrong = wrong();
    let cases = cases(&wrong);
    let runtimes = right.chain(wrong.into_iter().map(|wrong| wrong.runtime)).collect();
    drop(conformance::run_if_asked(runtimes));
    let (next, bad) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // A probe that hangs takes seconds in which it does nothing, so several run at once.
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let message = judge(case);
                    bad.lock().unwrap().extend(message);
                }
            });
        }
    });
    let bad = bad.into_inner().unwrap();
    for message in &bad {
        println!("{message}");
    }
    println!("{} of {} probes say what they must", cases.len() - bad.len(), cases.len());
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
