//! Parts of an async runtime to write yourself. Each is a stub in its own file. `README.md` says
//! how to work through them.

#![allow(
    unused,
    clippy::needless_pass_by_value,
    clippy::unused_async,
    reason = "only the solution of a stub uses all of it"
)]

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
mod judge;
mod program;
mod server;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verdicts;

fn main() -> std::process::ExitCode {
    program::run("exercises", include_str!("README.md"))
}

/// The root of the repository.
#[cfg(test)]
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The stubs: name and text.
#[cfg(test)]
fn stubs() -> std::collections::BTreeMap<String, String> {
    let folder = root().join("examples/exercises");
    let files = std::fs::read_dir(folder).expect("the stubs").flatten();
    let stub = |file: std::fs::DirEntry| {
        let name = file.file_name().into_string().ok()?;
        let name = name
            .strip_suffix(".rs")
            .filter(|name| name.starts_with("ex0") || name.starts_with("ex1"))?;
        Some((name.to_owned(), std::fs::read_to_string(file.path()).ok()?))
    };
    files.filter_map(stub).collect()
}

/// A test that passes without a solution checks nothing. A stub without its `todo!` is a solution.
#[test]
fn the_tests_of_a_stub_fail_until_it_is_done() {
    let verdicts = verdicts::verdicts("ex");
    for (name, text) in stubs() {
        if text.contains("todo!(\"exercise") {
            let mut its = verdicts.iter().filter(|(test, _)| test.starts_with(&name)).peekable();
            assert!(its.peek().is_some(), "{name} has no test");
            for (test, message) in its {
                assert!(message.is_some(), "{test} passes, though {name} is still to do");
            }
        }
    }
}

#[test]
fn each_stub_has_its_command_and_a_hint_and_leads_to_a_file_of_src() {
    let stubs = stubs();
    assert_eq!(stubs.len(), 17);
    for (number, (name, text)) in (1..).zip(&stubs) {
        // A solution that was taken over has another header.
        if !text.contains("todo!(\"exercise") {
            continue;
        }
        let header: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let header = header.join("\n");
        let (title, run) = (format!("# Exercise {number}: "), format!("--ignored ex{number:02}`"));
        for part in [&title, &run, "- Hint: ", "- In the crate: "] {
            assert!(header.contains(part), "{name} has no {part:?} in its header");
        }
        let is_judged = header.contains(&format!("exercises -- judge {number}`"));
        assert_eq!(is_judged, number >= 11, "{name}: the command that judges it");
        for file in header.split('`').filter(|word| word.starts_with("src/")) {
            assert!(root().join(file).is_file(), "{name} names {file}, which is not there");
        }
        assert!(include_str!("README.md").contains(&format!("]({name}.rs)")), "{name}: the table");
    }
}
