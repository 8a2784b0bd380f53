//! Tests that count or change what belongs to a whole process run in one of their own.

use std::{env, path::PathBuf, process::Command};

use crate::support::prelude::*;

/// Says to the test's program that it is the process that was made for the test.
const INSIDE: &str = "PIZZAIOLO_TEST_HAS_ITS_PROCESS";

/// The exit status of a shell that could not set the limit.
const REFUSED: i32 = 77;

/// Runs a test in a process of its own, and fails if it hangs. `name` is its path in this program.
pub(crate) fn in_a_process_of_its_own(name: &str, test: impl FnOnce()) {
    run(Command::new(this_program()), name, test);
}

/// The same. The process may have so many descriptors open.
#[cfg(target_os = "linux")]
pub(crate) fn with_descriptors(name: &str, descriptors: u32, test: impl FnOnce()) {
    let script = format!("ulimit -n {descriptors} || exit {REFUSED}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(this_program());
    run(shell, name, test);
}

fn this_program() -> PathBuf {
    env::current_exe().expect("the test's own path")
}

fn run(mut program: Command, name: &str, test: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        bound();
        return test();
    }
    let output = program.args([name, "--exact", "--nocapture"]).env(INSIDE, "1").output();
    let output = output.expect("the program starts");
    if output.status.code() == Some(REFUSED) {
        println!("skipped: the limit cannot be set");
        return;
    }
    let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", lossy(&output.stdout), lossy(&output.stderr));
    assert!(lossy(&output.stdout).contains("1 passed"), "the test has another name than {name}");
}

/// The test as a function that runs it to its end.
pub(crate) fn blocking(test: impl AsyncFnOnce() -> io::Result<()>) -> impl FnOnce() {
    || pizzaiolo::block_on(test()).expect("the test's own I/O works")
}
