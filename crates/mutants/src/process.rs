//! Runs a program of tests, and ends it when it has said enough or nothing for too long.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{Result, compile::Program};

/// How a run ended.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    Passed,
    /// This test has failed; empty if the program does not say which.
    Failed(String),
    /// It said nothing for too long.
    Hung,
}

/// A mutant that eats memory ends here, not with the machine.
const MEMORY_KB: u32 = 16_000_000;

/// Returns the command that runs some tests of a program: these and no others.
pub(crate) fn command(program: &Program, folder: &Path, tests: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -v {MEMORY_KB}; exec \"$@\"")).arg("sh");
    command.arg(&program.path).args(["--exact", "--test-threads=2"]).args(tests);
    command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder);
    command.env("RUST_BACKTRACE", "0").env_remove("MUTANT").env_remove("MUTANTS_REACHED");
    command
}

/// Runs the tests until one fails, or until nothing is heard for so long.
///
/// # Errors
///
/// The OS's, if it cannot be started.
pub(crate) fn run(command: &mut Command, silence: Duration) -> Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.process_group(0).spawn()?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(std::io::Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
    }
    let ended = loop {
        match lines.recv_timeout(silence) {
            Ok(line) => {
                if let Some(ended) = verdict(&line) {
                    break ended;
                }
            }
            Err(RecvTimeoutError::Timeout) => break Ended::Hung,
            // It has ended without a result: it was killed, or has aborted.
            Err(RecvTimeoutError::Disconnected) => break Ended::Failed(String::new()),
        }
    };
    kill(&mut child);
    Ok(ended)
}

fn verdict(line: &str) -> Option<Ended> {
    if let Some(test) = line.strip_prefix("test ").and_then(|it| it.strip_suffix("FAILED")) {
        let name = test.split(" ... ").next().unwrap_or_default();
        let name = name.trim_end_matches(" - should panic");
        return Some(Ended::Failed(name.to_owned()));
    }
    let result = line.strip_prefix("test result: ")?;
    Some(if result.starts_with("ok") { Ended::Passed } else { Ended::Failed(String::new()) })
}

/// Ends the program, and what it has started.
fn kill(child: &mut Child) {
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = child.wait();
}
