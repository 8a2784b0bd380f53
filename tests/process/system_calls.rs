//! How often the OS is called: each test runs a small program, which is one of these tests again, under
//! strace, and counts.
#![cfg(target_os = "linux")]

use std::{env, fs, io::Write as _, net, process::Command};

use pizzaiolo::net::{TcpListener, TcpStream};

use crate::support::prelude::*;

/// Returns the system calls of the program; `None` if there is no strace that may trace.
fn calls_of(program: &str) -> Option<String> {
    let file = env::temp_dir().join(format!("pizzaiolo-{program}-{}", std::process::id()));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", "trace=epoll_wait,epoll_pwait,epoll_ctl,write", "-o"]).arg(&file);
    strace.arg(env::current_exe().expect("it runs"));
    strace.args(["--exact", "--ignored", &format!("system_calls::{program}")]);
    let output = strace.output().ok();
    let calls = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    let has_passed = output.is_some_and(|output| {
        String::from_utf8_lossy(&output.stdout).contains("test result: ok. 1 passed")
    });
    // A program that is not traced has not run, either.
    (has_passed && !calls.is_empty()).then_some(calls)
}

/// Counts the calls with this text; says so if that cannot be done.
fn count(program: &str, text: &str) -> Option<usize> {
    let calls = calls_of(program);
    if calls.is_none() {
        eprintln!("skipped: there is no strace that may trace {program}");
    }
    calls.map(|calls| calls.lines().filter(|line| line.contains(text)).count())
}

#[test]
#[ignore = "another test runs it"]
fn program_that_yields() {
    executor().block_on(async {
        turns(1000).await;
    });
}

#[test]
fn without_a_socket_the_os_is_not_asked_for_events() {
    assert!(matches!(count("program_that_yields", "epoll_wait("), None | Some(0)));
}

#[test]
#[ignore = "another test runs it"]
fn program_that_accepts() {
    executor().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("it is bound");
        let mut client = net::TcpStream::connect(addr).expect("it listens");
        let (stream, _): (TcpStream, _) = listener.accept().await.expect("a client");
        client.write_all(b"!").expect("there is room");
        stream.read_exact(&mut [0]).await.expect("a byte");
        drop(stream);
        std::mem::forget(listener);
    });
}

#[test]
fn an_accepted_socket_is_closed_without_a_call_that_deregisters_it() {
    assert!(matches!(count("program_that_accepts", "EPOLL_CTL_DEL"), None | Some(0)));
}

#[test]
#[ignore = "another test runs it"]
fn program_that_needs_no_unpark() {
    let not_driven = executor();
    for _ in 0..3 {
        not_driven.spawn(async {}).detach();
    }
    assert!(not_driven.tick());
    not_driven.block_on(async {
        time::sleep(Duration::from_millis(1)).await;
        not_driven.spawn(async {}).await.expect("it ends");
    });
    let driven = executor();
    driven.block_on(async {
        let _ = driven.reactor();
        driven.spawn(async {}).await.expect("it ends");
    });
    driven.block_on(async { driven.spawn(async {}).await.expect("it ends") });
}

#[test]
fn an_executor_that_runs_is_not_unparked() {
    // The counter of an eventfd: eight bytes.
    let count = count("program_that_needs_no_unpark", r#", "\1\0\0\0\0\0\0\0", 8)"#);
    assert!(matches!(count, None | Some(0)), "{count:?}");
}
