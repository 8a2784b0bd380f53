//! What the tests of several protocols share: a bound, and curl and openssl as processes.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    fs,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use futures_channel::oneshot;
use pizzaiolo::Executor;

/// Only a hang takes so long.
pub(crate) const A_HANG: Duration = Duration::from_secs(60);

/// Why a test ends early; most of what fails here has an error of its own type.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Runs an async test to its end, on a thread of its own, so that a hang is a failure.
pub(crate) fn run(test: impl AsyncFnOnce() -> Result + Send + 'static) {
    run_on(Executor::new, test);
}

/// The same with the clock paused: what is a timeout is for the test to decide.
pub(crate) fn run_paused(test: impl AsyncFnOnce() -> Result + Send + 'static) {
    run_on(|| Executor::builder().paused_clock(true).build(), test);
}

fn run_on(
    executor: impl FnOnce() -> io::Result<Executor> + Send + 'static,
    test: impl AsyncFnOnce() -> Result + Send + 'static,
) {
    let (done, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        // Dropped at the end of the test, and when it panics.
        let _done = done;
        let executor = executor().expect("there are descriptors");
        executor.block_on(test()).expect("the test's own I/O works");
    });
    assert_ne!(end.recv_timeout(A_HANG), Err(RecvTimeoutError::Timeout), "the test hangs");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Whether curl is installed, and can do all of `features`. If not, says that a test is skipped.
#[must_use]
pub(crate) fn curl_can(features: &[&str]) -> bool {
    let Some(version) = version_of("curl", "--version") else {
        skip("curl is not installed");
        return false;
    };
    let missing =
        features.iter().find(|feature| !version.split_whitespace().any(|w| w == **feature));
    if let Some(missing) = missing {
        skip(&format!("this curl has no {missing}"));
    }
    missing.is_none()
}

/// Whether OpenSSL's own program is installed. If not, says that a test is skipped.
#[must_use]
pub(crate) fn openssl_is_installed() -> bool {
    // What else is called openssl has other options.
    let there = version_of("openssl", "version").is_some_and(|text| text.starts_with("OpenSSL "));
    if !there {
        skip("OpenSSL is not installed");
    }
    there
}

/// What a program says of itself, if there is one.
fn version_of(program: &str, arg: &str) -> Option<String> {
    match Command::new(program).arg(arg).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{program} cannot be run: {error}"),
    }
}

/// Says so where it is seen: what is printed with a macro is shown only if the test fails.
fn skip(reason: &str) {
    let test = thread::current();
    let line = format!("SKIPPED {}: {reason}\n", test.name().unwrap_or("a test"));
    io::stderr().write_all(line.as_bytes()).expect("there is a standard error");
}

/// How a program has ended.
pub(crate) struct Outcome {
    /// Its exit code; 0 if all went well.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Outcome {
    /// What it has printed, if all went well.
    #[track_caller]
    pub(crate) fn text(self) -> String {
        assert_eq!(self.code, Some(0), "it failed: {}", self.stderr);
        String::from_utf8(self.stdout).expect("it is text")
    }
}

/// A curl that runs. It is killed when this is dropped.
pub(crate) struct Curl {
    process: Child,
    /// What it prints, once it has ended.
    output: oneshot::Receiver<(Vec<u8>, String)>,
}

impl Curl {
    /// Starts it. Its standard input is `input`.
    pub(crate) fn start<'a>(args: impl IntoIterator<Item = &'a str>, input: Vec<u8>) -> Curl {
        let mut command = Command::new("curl");
        // `-q`: no configuration file. `-sS`: errors, but no progress. No proxy is asked.
        command.args(["-q", "-sS", "--noproxy", "*", "--max-time", "60"]).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("curl runs");
        let mut stdin = process.stdin.take().expect("it is piped");
        let mut stdout = process.stdout.take().expect("it is piped");
        let mut stderr = process.stderr.take().expect("it is piped");

        thread::spawn(move || {
            // An error means that curl has ended, which its outcome shows.
            let _ = stdin.write_all(&input);
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text)
        });
        let (done, output) = oneshot::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).expect("a pipe can be read");
            let errors = errors.join().expect("it does not panic").expect("a pipe can be read");
            // If the test has failed meanwhile, the receiver is gone.
            let _ = done.send((bytes, errors));
        });
        Curl { process, output }
    }

    /// Waits for its end. The task waits, and is woken by the thread that reads: a wake from afar.
    pub(crate) async fn outcome(mut self) -> Outcome {
        let (stdout, stderr) = (&mut self.output).await.expect("the reader goes on to the end");
        // It has closed its outputs: that is its last act but one.
        let status = self.process.wait().expect("it is our child");
        Outcome { code: status.code(), stdout, stderr }
    }
}

impl Drop for Curl {
    fn drop(&mut self) {
        // Both do nothing to one that has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs curl to its end.
pub(crate) async fn curl<'a>(args: impl IntoIterator<Item = &'a str>) -> Outcome {
    Curl::start(args, Vec::new()).outcome().await
}

/// Runs openssl's client, which trusts only what `args` tell it to. It says the lines one by one,
/// each when the last one is answered with a line, and then goodbye.
pub(crate) async fn openssl<'a>(
    args: impl IntoIterator<Item = &'a str>,
    lines: &'static [&'static str],
) -> Outcome {
    let mut command = Command::new("openssl");
    // `-quiet` is without the tale of the handshake, and without commands amid what is said; it
    // would also go on after the end of the input.
    command.args(["s_client", "-quiet", "-no_ign_eof", "-verify_return_error"]).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let process = command.spawn().expect("openssl runs");
    let (done, outcome) = oneshot::channel();
    thread::spawn(move || {
        // If the test has failed meanwhile, the receiver is gone.
        let _ = done.send(converse(process, lines).expect("pipes work"));
    });
    outcome.await.expect("the conversation goes on to its end")
}

fn converse(mut process: Child, lines: &[&str]) -> io::Result<Outcome> {
    let mut stdin = process.stdin.take().expect("it is piped");
    let mut stdout = BufReader::new(process.stdout.take().expect("it is piped"));
    let mut stderr = process.stderr.take().expect("it is piped");
    let errors = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let mut heard = Vec::new();
    for line in lines {
        // In one piece, as openssl sends what it reads. If it has hung up, its outcome says why.
        let said = stdin.write_all(format!("{line}\n").as_bytes());
        if said.is_err() || stdout.read_until(b'\n', &mut heard)? == 0 {
            break;
        }
    }
    drop(stdin);
    stdout.read_to_end(&mut heard)?;
    let stderr = errors.join().expect("it does not panic")?;
    Ok(Outcome { code: process.wait()?.code(), stdout: heard, stderr })
}

/// A file for a program to read. It is removed when this is dropped.
pub(crate) struct TempFile(String);

impl TempFile {
    /// Creates one, of which no other test and no other run knows.
    pub(crate) fn new(name: &str, text: &str) -> Result<TempFile> {
        let name = format!("{}-{name}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let path = path.into_os_string().into_string().map_err(|_| "the path is no text")?;
        fs::write(&path, text)?;
        Ok(TempFile(path))
    }

    pub(crate) fn path(&self) -> &str {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // A file that stays does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

/// Bytes that show if one is missing, doubled or in the wrong place.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}
