//! Examples print what their headers say.

use std::process::Command;

/// The text of the one code block in the example's header.
fn shown(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let block = lines.skip_while(|line| *line != " ```text").skip(1);
    let block = block.take_while(|line| *line != " ```");
    block.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n").collect()
}

fn prints_what_it_shows(name: &str, source: &str) {
    let run =
        Command::new(crate::support::example::binary(name)).output().expect("the example runs");
    assert!(run.status.success(), "{run:?}");
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    assert_eq!(String::from_utf8_lossy(&run.stdout), shown(source));
}

#[test]
fn step_by_step_prints_what_its_header_says() {
    prints_what_it_shows("step_by_step", include_str!("../../examples/step_by_step.rs"));
}

#[test]
fn own_executor_prints_what_its_header_says() {
    prints_what_it_shows("own_executor", include_str!("../../examples/own_executor/main.rs"));
}

#[test]
#[cfg(unix)]
fn embedded_prints_what_its_header_says() {
    prints_what_it_shows("embedded", include_str!("../../examples/embedded/main.rs"));
}

#[test]
fn the_own_executor_has_at_most_sixty_lines() {
    let lines = include_str!("../../examples/own_executor/executor.rs").lines().count();
    assert!(lines <= 60, "{lines}");
}
