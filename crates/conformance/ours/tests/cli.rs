//! The command line, with pizzaiolo as the executor that is judged.

use std::process::{Command, Output};

fn conformance(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(args).output().expect("it was built")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn pizzaiolo_keeps_every_rule() {
    let output = conformance(&[]);
    assert!(output.status.success(), "{}", stdout(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("pizzaiolo"), "it shows no progress");
}

#[test]
fn a_rule_is_explained_by_its_page() {
    let page = stdout(&conformance(&["--explain", "park-token-taken"]));
    assert!(
        page.starts_with("# A wake is not lost if the future itself parks the thread\n"),
        "{page}"
    );
    assert!(page.contains("futures-rs#132"), "{page}");
}

#[test]
fn one_probe_of_one_runtime_makes_a_matrix_of_one_cell() {
    let output = conformance(&["PIZZA", "--probe", "fifo-wake", "--markdown"]);
    let page = stdout(&output);
    assert!(output.status.success(), "{page}");
    assert_eq!(page.lines().filter(|line| line.starts_with("| [`")).count(), 1, "{page}");
    assert!(page.contains("were woken | . |"), "{page}");
}

#[test]
fn what_does_not_exist_is_named_and_ends_with_status_2() {
    for args in [["--probe", "nonsense"], ["--explain", "nonsense"], ["nonsense", "--markdown"]] {
        let output = conformance(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("nonsense"), "{args:?}");
    }
    assert_eq!(conformance(&["--nonsense"]).status.code(), Some(2));
}

#[test]
fn the_list_names_runtimes_and_probes() {
    let list = stdout(&conformance(&["--list"]));
    assert!(list.starts_with("pizzaiolo"), "{list}");
    assert!(list.lines().count() > 60, "{list}");
}
