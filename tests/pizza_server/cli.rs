//! The command line.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

#[cfg(unix)]
use crate::support::start;
use crate::support::{Server, command, finish};

/// Runs the example to its end, and returns its status and what it wrote to stderr.
fn fails(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = finish(command);
    let stderr = String::from_utf8(stderr).expect("text");
    assert_eq!(stderr.lines().count(), 1, "one clear line: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    (status.code(), stderr)
}

#[test]
fn a_port_in_use_is_one_clear_line_and_status_1() {
    let server = Server::start();
    let addr = server.addr.to_string();
    let (status, line) = fails(command().arg(&addr));
    assert_eq!(status, Some(1), "{line}");
    // Windows says it in other words.
    assert!(line.contains(&addr) && (cfg!(windows) || line.contains("in use")), "{line}");
}

#[test]
fn an_address_of_another_machine_is_one_clear_line_and_status_1() {
    // One that is for documentation only.
    let (status, line) = fails(command().arg("192.0.2.1:12345"));
    assert_eq!(status, Some(1), "{line}");
    assert!(line.contains("192.0.2.1:12345"), "{line}");
}

#[test]
fn an_address_that_cannot_be_read_is_one_clear_line_and_status_2() {
    for addr in ["", "pizza", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "[::1:12345"] {
        let (status, line) = fails(command().arg(addr));
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains(addr), "{line}");
    }
}

#[test]
fn an_argument_that_is_unknown_is_one_clear_line_and_status_2() {
    let (status, line) = fails(command().arg("--with-pineapple"));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("--with-pineapple") && line.contains("--help"), "{line}");
    let (status, line) = fails(command().args(["127.0.0.1:0", "12345"]));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("12345") && line.contains("--help"), "{line}");
}

#[test]
#[cfg(unix)]
fn an_argument_that_is_no_text_is_one_clear_line_and_status_2() {
    use std::os::unix::ffi::OsStrExt;

    let (status, line) = fails(command().arg(std::ffi::OsStr::from_bytes(b"\xff:12345")));
    assert_eq!(status, Some(2), "{line}");
}

#[test]
fn a_timeline_in_no_known_format_is_one_clear_line_and_status_2_at_once() {
    for name in ["run.png", "svg", "run"] {
        let (status, line) = fails(command().args(["--timeline", name, "127.0.0.1:0"]));
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains("--timeline") && line.contains(".svg"), "{line}");
    }
    let (status, line) = fails(command().arg("--timeline"));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("--timeline"), "{line}");
    let (status, line) = fails(command().args(["--timeline", "run.svg", "--threads", "2"]));
    assert_eq!(status, Some(2), "{line}");
    assert!(line.contains("--timeline"), "{line}");
}

#[test]
fn help_says_what_it_is_and_how_to_call_it() {
    for flag in ["--help", "-h"] {
        let output = finish(command().stdout(Stdio::piped()).arg(flag));
        assert!(output.status.success());
        assert!(output.stderr.is_empty());
        let help = String::from_utf8(output.stdout).expect("text");
        let words = [
            "[ADDR]",
            "127.0.0.1:12345",
            "this machine",
            "only",
            "0.0.0.0",
            "--threads",
            "--max-connections",
            "--idle-timeout",
            "--timeline",
            "--timeline-last",
            "--watch",
            "1,024",
            "SIGTERM",
            "SIGUSR1",
            "RUST_LOG",
            "status",
            "nc ",
        ];
        for word in words {
            assert!(help.contains(word), "{word} is missing in {help}");
        }
        assert!(help.lines().count() < 30);
    }
}

/// Whether the port is free or not, the address is printed.
#[test]
fn without_an_address_it_listens_on_the_loopback() {
    let mut process = command().spawn().expect("the example runs");
    let log = BufReader::new(process.stderr.take().expect("it is piped"));
    let has_it = |line: &String| line.contains("listen at ") || line.contains("Starting up on: ");
    let line = log.lines().map_while(Result::ok).find(has_it);
    // It may have ended by itself.
    let _ = process.kill();
    process.wait().expect("it is ours");
    assert!(line.as_ref().is_some_and(|line| line.contains(" 127.0.0.1:12345")), "{line:?}");
}

#[test]
fn a_watch_at_no_address_or_of_several_threads_is_one_clear_line_and_status_2() {
    for args in
        [&["--watch"][..], &["--watch", "pizza"], &["--watch", "127.0.0.1:0", "--threads", "2"]]
    {
        let (status, line) = fails(command().arg("127.0.0.1:0").args(args));
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains("--watch"), "{line}");
    }
}

#[test]
fn an_option_without_a_proper_value_is_one_clear_line_and_status_2() {
    for option in ["--threads", "--max-connections", "--idle-timeout", "--timeline-last"] {
        for value in ["0", "-1", "many", "", "1e999", "nan"] {
            let (status, line) = fails(command().args([option, value]));
            assert_eq!(status, Some(2), "{line}");
            assert!(line.contains(option) && line.contains(value), "{line}");
            let (status, line) = fails(command().arg(format!("{option}={value}")));
            assert_eq!(status, Some(2), "{line}");
            assert!(line.contains(option) && line.contains(value), "{line}");
        }
        let (status, line) = fails(command().arg(option));
        assert_eq!(status, Some(2), "{line}");
        assert!(line.contains(option) && line.contains("--help"), "{line}");
    }
}

/// The listeners of several threads share their port, but not with another server.
/// Where ports can be shared.
#[cfg(unix)]
#[test]
fn a_port_in_use_is_not_shared_with_another_server() {
    let server = Server::start();
    let addr = server.addr.to_string();
    let (status, line) = fails(command().args([&addr, "--threads", "2"]));
    assert_eq!(status, Some(1), "{line}");
    let server = start(&["--threads", "2"]);
    let addr = server.addr.to_string();
    for threads in ["1", "2"] {
        let (status, line) = fails(command().args([&addr, "--threads", threads]));
        assert_eq!(status, Some(1), "{line}");
        assert!(line.contains(&addr) && line.contains("in use"), "{line}");
    }
}
