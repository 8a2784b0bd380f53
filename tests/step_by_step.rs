//! The example `step_by_step` prints what its header says.

use std::{env, path::PathBuf, process::Command};

/// The example's binary. `cargo test` builds it beside this test.
fn binary() -> PathBuf {
    let test = env::current_exe().expect("the test's own path");
    let profile = test.ancestors().nth(2).expect("it is in target/PROFILE/deps");
    let binary = profile.join("examples").join(format!("step_by_step{}", env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "build it first: cargo build --example step_by_step");
    binary
}

/// The text of the one code block in the example's header.
fn shown() -> String {
    let header = include_str!("../examples/step_by_step.rs");
    let lines = header.lines().map_while(|line| line.strip_prefix("//!"));
    let block = lines.skip_while(|line| *line != " ```text").skip(1);
    let block = block.take_while(|line| *line != " ```");
    block.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect()
}

#[test]
fn the_example_prints_what_its_header_says() {
    let run = Command::new(binary()).output().expect("the example runs");
    assert!(run.status.success(), "{run:?}");
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    assert_eq!(String::from_utf8_lossy(&run.stdout), shown());
}
