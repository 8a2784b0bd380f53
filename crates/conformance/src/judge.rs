//! Runs one probe in a process of its own, and finds out how that ended.

use std::{
    env, fmt,
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Capabilities, Rule,
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
    /// Those that the tables count, in the order of their columns.
    pub const COLUMNS: [Verdict; 6] = [
        Verdict::Passes,
        Verdict::Fails,
        Verdict::Hangs,
        Verdict::Burns,
        Verdict::Crashes,
        Verdict::NotApplicable,
    ];

    /// Returns one character for it, as the progress and the matrix show it.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Verdict::Passes => ".",
            Verdict::Fails => "F",
            Verdict::Hangs => "H",
            Verdict::Burns => "B",
            Verdict::Crashes => "C",
            Verdict::NotApplicable => "-",
            Verdict::NotMeasured => "?",
        }
    }

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

/// What was expected and seen, in one sentence.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, seen: {}", self.expected, self.seen)
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

/// Judges a runtime by several rules, `jobs` at a time, with a character of progress for each on
/// standard error. A rule that asks for more than the runtime `has` is not applicable. The reports come
/// in the order of `rules`.
///
/// # Errors
///
/// Those of [`judge`].
pub fn judge_each(
    runtime: usize,
    has: Capabilities,
    rules: &[&'static Rule],
    jobs: usize,
) -> io::Result<Vec<(&'static Rule, Report)>> {
    let (next, reports) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(&rule) = rules.get(next.fetch_add(1, Ordering::Relaxed)) {
            let report = match rule.missing(has) {
                Some(missing) => {
                    let seen = format!("it has no {missing:?}");
                    Ok(Report::new(Verdict::NotApplicable, "", seen))
                }
                None => judge(runtime, rule),
            };
            progress(report.as_ref().map_or("!", |report| report.verdict.mark()));
            reports.lock().unwrap_or_else(PoisonError::into_inner).push((rule, report));
        }
    };
    thread::scope(|scope| (0..jobs).for_each(|_| drop(scope.spawn(work))));
    progress("\n");
    let reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut reports = reports
        .into_iter()
        .map(|(rule, report)| Ok((rule, report?)))
        .collect::<io::Result<Vec<_>>>()?;
    reports.sort_by_key(|(rule, _)| rules.iter().position(|asked| asked.id() == rule.id()));
    Ok(reports)
}

/// Shows how far it is. Standard error has no buffer, so it is seen at once.
pub(crate) fn progress(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
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
