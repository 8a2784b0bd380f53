//! The example `signals`, as a process.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[test]
fn each_signal_is_told() {
    let mut command = Command::new(crate::support::example::binary("signals"));
    let mut process = command.stdout(Stdio::piped()).spawn().expect("it is built");
    let stdout = BufReader::new(process.stdout.take().expect("it is piped"));
    let mut lines = stdout.lines().map(|line| line.expect("text"));
    let mut line = || lines.next().expect("a line");
    let kill = |signal| {
        let kill = format!("kill -{signal} {}", process.id());
        assert!(Command::new("sh").arg("-c").arg(kill).status().expect("a shell").success());
    };

    assert_eq!(line(), format!("Waiting for signals, as process {}", process.id()));
    for call in 1..4 {
        kill("USR1");
        assert_eq!(line(), format!("SIGUSR1, call {call}"));
    }
    kill("TERM");
    assert_eq!(line(), "Signal 15 after 3 calls: the end");
    assert!(process.wait().expect("it is ours").success());
}
