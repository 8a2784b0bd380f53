//! The command line of the exercises, and of their solutions.

use std::{env, process::ExitCode};

use crate::{judge, server};

/// `ADDR` runs the pizza server on the exercises, and `judge` runs the probes.
pub(crate) fn run(name: &str, help: &str) -> ExitCode {
    // Each probe runs in a process of its own, which is this program again.
    drop(conformance::run_if_asked(judge::runtimes()));
    let args: Vec<_> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => print!("{help}"),
        ["judge", which] => return judge::judge(which),
        [addr] => {
            if let Err(error) = server::serve(addr, |addr| println!("Starting up on: {addr}")) {
                eprintln!("Cannot serve on {addr:?}: {error}");
                return ExitCode::FAILURE;
            }
        }
        _ => {
            eprintln!("usage: {name} [ADDR | judge 11…17 | judge all]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
