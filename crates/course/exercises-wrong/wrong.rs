//! Each wrong solution fails with the message that its file names.

#![allow(dead_code, unused, clippy::all, clippy::pedantic, reason = "wrong on purpose")]

#[path = "../../../examples/exercises/support.rs"]
mod support;
#[path = "../../../examples/exercises/verdicts.rs"]
mod verdicts;

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

#[path = "../../../examples/exercises/solutions/ex04_select.rs"]
mod ex04_select;
#[path = "../../../examples/exercises/solutions/ex07_oneshot.rs"]
mod ex07_oneshot;
#[path = "../../../examples/exercises/solutions/ex12_spawn.rs"]
mod ex12_spawn;
#[path = "../../../examples/exercises/solutions/ex13_join.rs"]
mod ex13_join;
#[path = "../../../examples/exercises/solutions/ex14_threads.rs"]
mod ex14_threads;
#[path = "../../../examples/exercises/solutions/ex15_abort.rs"]
mod ex15_abort;
#[path = "../../../examples/exercises/solutions/ex16_timers.rs"]
mod ex16_timers;
#[path = "../../../examples/exercises/solutions/ex17_reactor.rs"]
mod ex17_reactor;
#[path = "../../../examples/exercises/server.rs"]
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Mutex,
    thread,
};

const EXERCISES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../examples/exercises");

/// The wrong solutions by name, and the messages that each must get.
fn expected() -> BTreeMap<String, BTreeSet<String>> {
    let files = fs::read_dir(EXERCISES.to_owned() + "/wrong").expect("the diffs").flatten();
    let diffs = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "diff"));
    let messages = |text: &str| {
        let lines = text.lines().take_while(|line| *line != "@@");
        lines.filter_map(|line| line.strip_prefix("fails: ")).map(str::to_owned).collect()
    };
    let expected = diffs.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, messages(&fs::read_to_string(&path).expect("the diff")))
    });
    expected.collect()
}

/// Runs the tests of a wrong solution, and collects the messages of the failures.
fn messages(name: &str) -> BTreeSet<String> {
    verdicts::verdicts(&format!("{name}::")).into_values().flatten().collect()
}

#[test]
fn each_wrong_solution_gets_its_message_and_no_other() {
    let left = Mutex::new(expected());
    let wrong = Mutex::new(Vec::new());
    // Some tests hang until their time is over, so several run at once.
    thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().pop_first();
                    let Some((name, expected)) = next else { break };
                    let seen = messages(&name);
                    if seen != expected {
                        wrong.lock().unwrap().push((name, expected, seen));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    for (name, expected, seen) in &wrong {
        println!("{name}\n  must get {expected:#?}\n  and gets {seen:#?}");
    }
    assert!(wrong.is_empty(), "{} wrong solutions do not get their messages", wrong.len());
}

#[test]
fn each_exercise_has_at_least_three_wrong_solutions() {
    let names = expected().into_keys().collect::<Vec<_>>();
    for solution in
        fs::read_dir(EXERCISES.to_owned() + "/solutions").expect("the solutions").flatten()
    {
        let solution = solution.file_name().into_string().expect("UTF-8");
        if let Some((number, _)) = solution.split_once('_') {
            let wrong = names.iter().filter(|name| name.split('_').next() == Some(number));
            assert!(wrong.count() >= 3, "{solution} has fewer than three wrong solutions");
        }
    }
}
