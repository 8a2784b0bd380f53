//! Runs one probe in a process of its own, and finds out how that ended.

use std::{
    env, fmt,
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Rule,
    child::{MARK, SEPARATOR, VARIABLE},
    measure,
};

/// How long a process may do nothing at all before it counts as hung. No probe waits that long for
/// anything: what it waits for would come from a timer of at most 0.7 s, or from a thread of its own.
const QUIET: Duration = Duration::from_secs(3);
/// How much processor time a probe may take. The right ones take less than a second.
const CPU_LIMIT: Duration = Duration::from_secs(10);
/// How long a probe may last, whatever it does.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// The same, where nothing can be measured.
const BLIND_TIME_LIMIT: Duration = Duration::from_secs(30);

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule holds.
    Passes,
    /// It does not, and the report says what was seen.
    Fails,
    /// Everything sleeps, and nothing is left to wake it.
    Hangs,
    /// It takes processor time for nothing.
    Burns,
    /// It panicked, overflowed its stack, or was ended by a signal.
    Crashes,
    /// The runtime does not claim to do what the rule is about.
    NotApplicable,
    /// This machine does not say what the probe asks.
    NotMeasured,
}

impl Verdict {
    /// Whether it speaks against the runtime.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Verdict::Fails | Verdict::Hangs | Verdict::Burns | Verdict::Crashes)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Passes => "passes",
            Verdict::Fails => "fails",
            Verdict::Hangs => "hangs",
            Verdict::Burns => "burns",
            Verdict::Crashes => "crashes",
            Verdict::NotApplicable => "not applicable",
            Verdict::NotMeasured => "not measured",
        })
    }
}

/// A verdict, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What became of the probe.
    pub verdict: Verdict,
    /// What the rule wants. Empty where nothing is wrong.
    pub expected: String,
    /// What was seen instead.
    pub seen: String,
}

impl Report {
    pub(crate) fn new(verdict: Verdict, expected: &str, seen: impl Into<String>) -> Report {
        Report { verdict, expected: expected.into(), seen: seen.into() }
    }
}

/// Runs a rule's probe on a runtime, which is named by its number in the list of
/// [`main`](crate::main) or [`run_if_asked`](crate::run_if_asked), in a process of its own.
///
/// # Errors
///
/// The OS's, if it can start no process.
pub fn judge(runtime: usize, rule: &Rule) -> io::Result<Report> {
    let mut child = Command::new(env::current_exe()?)
        .env(VARIABLE, format!("{runtime} {}", rule.id()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().map(|stdout| thread::spawn(|| verdict_line(stdout)));
    let errors = child.stderr.take().map(|stderr| thread::spawn(|| last_line(stderr)));
    let ended = watch(&mut child);
    // It is gone, or must go. What it has started is of its own process.
    let _ = child.kill();
    let status = child.wait()?;
    let line = output.and_then(|reader| reader.join().ok()).flatten();
    let error = errors.and_then(|reader| reader.join().ok()).unwrap_or_default();
    let crashed =
        || Report::new(Verdict::Crashes, "no end of the process", ended_by(status, &error));
    Ok(line.or(ended).unwrap_or_else(crashed))
}

/// Reads what the child says of itself.
fn verdict_line(stdout: impl Read) -> Option<Report> {
    let mut report = None;
    for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        report = report.or_else(|| parse(line.strip_prefix(MARK)?));
    }
    report
}

fn parse(line: &str) -> Option<Report> {
    let mut parts = line.split(SEPARATOR);
    let verdict = match parts.next()? {
        "passes" => Verdict::Passes,
        "fails" => Verdict::Fails,
        "burns" => Verdict::Burns,
        "crashes" => Verdict::Crashes,
        "not measured" => Verdict::NotMeasured,
        _ => return None,
    };
    Some(Report::new(verdict, parts.next()?, parts.next()?))
}

/// Reads all, and keeps the last line that says something.
fn last_line(stderr: impl Read) -> String {
    let lines = BufReader::new(stderr).split(b'\n').map_while(Result::ok);
    let lines = lines.map(|line| String::from_utf8_lossy(&line).trim().to_owned());
    lines.filter(|line| !line.is_empty()).last().unwrap_or_default()
}

fn ended_by(status: ExitStatus, error: &str) -> String {
    format!("{status}{}{error}", if error.is_empty() { "" } else { ": " })
}

/// Waits until the child has ended, or is seen to hang or to burn.
fn watch(child: &mut Child) -> Option<Report> {
    let (start, process) = (Instant::now(), child.id().to_string());
    let mut last = measure::threads(&process).unwrap_or_default();
    let mut asleep_since = Instant::now();
    let limit = if last.is_empty() { BLIND_TIME_LIMIT } else { TIME_LIMIT };
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return None,
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(30));
        let now = measure::threads(&process).unwrap_or_default();
        if now.is_empty() || !measure::slept(&last, &now) {
            asleep_since = Instant::now();
        }
        if !now.is_empty() && asleep_since.elapsed() >= QUIET {
            return Some(Report::new(Verdict::Hangs, "an end", "all threads sleep for good"));
        }
        let cpu = measure::cpu(&now);
        if cpu >= CPU_LIMIT {
            return Some(Report::new(Verdict::Burns, "an end", "it runs without end"));
        }
        if start.elapsed() >= limit {
            return Some(Report::new(Verdict::Hangs, "an end", "none in a long time"));
        }
        last = now;
    }
}
