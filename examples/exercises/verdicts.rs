//! Runs the tests of the exercises, which are marked as ignored, and collects their results.

use std::{collections::BTreeMap, env, process::Command};

/// The tests of this program whose names contain `filter`, and of each that fails, the message.
pub(crate) fn verdicts(filter: &str) -> BTreeMap<String, Option<String>> {
    let mut command = Command::new(env::current_exe().expect("this test has a path"));
    // A test that hangs sleeps until its time is over, so many tests may run at once.
    command.args(["--ignored", "--color=never", "--test-threads=16", filter]);
    command.env("RUST_BACKTRACE", "0");
    let output = command.output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 101)),
        "{filter:?} ends before its last test: {stderr}"
    );
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let results = stdout.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    let verdict = |(name, result): (&str, &str)| {
        let name = name.split(' ').next().unwrap_or(name);
        let message = (result == "FAILED").then(|| message(&stdout, name));
        (name.to_owned(), message)
    };
    results.map(verdict).collect()
}

/// The first line of the last panic of a failed test, without the prefix of `assert_eq!`.
fn message(stdout: &str, test: &str) -> String {
    let (_, output) = stdout.split_once(&format!("---- {test} stdout ----\n")).expect("its output");
    let output = output.split("\n---- ").next().unwrap_or(output);
    let (_, panic) = output.rsplit_once(" panicked at ").expect("it has panicked");
    let message = panic.lines().nth(1).unwrap_or_default();
    let plain = message.strip_prefix("assertion `left == right` failed: ");
    plain.unwrap_or(message).to_owned()
}
