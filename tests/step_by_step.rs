//! The example `step_by_step` prints what its header says.

#[path = "common/example.rs"]
mod example;

use std::process::Command;

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
    let run = Command::new(example::binary("step_by_step")).output().expect("the example runs");
    assert!(run.status.success(), "{run:?}");
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    assert_eq!(String::from_utf8_lossy(&run.stdout), shown());
}
