//! The figures of a run.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

/// How many wrong replies, and how many reasons of failed connections, are printed. The rest is
/// counted.
const SHOWN: usize = 5;

/// An hour, in nanoseconds. A latency beyond it counts as this.
const LONGEST: u64 = 3_600_000_000_000;

pub(crate) struct Tally {
    pub(crate) connected: usize,
    started: Instant,
    /// When the last reply came. The wait after that is not in the rate.
    last: Instant,
    /// In nanoseconds, to three digits. It takes the same memory for any number of orders.
    latencies: Histogram<u64>,
    wrong: u64,
    failed: u64,
    /// The first wrong replies, as lines of text.
    wrong_replies: Vec<String>,
    /// Why connections failed: the first reasons, and how many failed so.
    pub(crate) failures: Vec<(String, u64)>,
    /// After how many seconds without a reply it was given up.
    given_up: Option<u32>,
}

impl Tally {
    pub(crate) fn new() -> Tally {
        let now = Instant::now();
        Tally {
            connected: 0,
            started: now,
            last: now,
            latencies: Histogram::new_with_max(LONGEST, 3).expect("three digits are few enough"),
            wrong: 0,
            failed: 0,
            wrong_replies: Vec::new(),
            failures: Vec::new(),
            given_up: None,
        }
    }

    pub(crate) fn start(&mut self) {
        self.started = Instant::now();
        self.last = self.started;
    }

    pub(crate) fn answered(&self) -> u64 {
        self.latencies.len()
    }

    pub(crate) fn answer(&mut self, at: Instant, latency: Duration) {
        self.last = at;
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latencies.saturating_record(nanos);
    }

    pub(crate) fn wrong_reply(&mut self, order: &[u8], reply: &[u8], expected: &[u8]) {
        self.wrong += 1;
        if self.wrong_replies.len() < SHOWN {
            let [order, reply, expected] = [order, reply, expected].map(String::from_utf8_lossy);
            self.wrong_replies.push(format!("{order:?} got {reply:?} instead of {expected:?}"));
        }
    }

    pub(crate) fn failed(&mut self, reason: String) {
        self.failed += 1;
        if let Some((_, count)) = self.failures.iter_mut().find(|(known, _)| *known == reason) {
            *count += 1;
        } else if self.failures.len() < SHOWN {
            self.failures.push((reason, 1));
        }
    }

    pub(crate) fn give_up(&mut self, seconds: u32) {
        self.given_up = Some(seconds);
    }

    pub(crate) fn report(&self) -> String {
        let elapsed = self.last - self.started;
        let mut text = format!(
            "orders    {} in {:.2} s, {} clients\norders/s  {:.0}\n",
            self.answered(),
            elapsed.as_secs_f64(),
            self.connected,
            per_second(self.answered(), elapsed),
        );
        let at = |quantile| self.latencies.value_at_quantile(quantile);
        let rows = [
            ("p50", at(0.5)),
            ("p90", at(0.9)),
            ("p99", at(0.99)),
            ("p99.9", at(0.999)),
            ("max", self.latencies.max()),
        ];
        for (name, nanos) in rows {
            let millis = Duration::from_nanos(nanos).as_secs_f64() * 1e3;
            writeln!(text, "{name:<10}{millis:.3} ms").expect("a string takes it");
        }
        text
    }

    /// What went wrong, if anything did.
    pub(crate) fn complaints(&self) -> Option<String> {
        let mut lines = Vec::new();
        if self.wrong > 0 {
            let first = if self.wrong > SHOWN as u64 { ", the first of them" } else { "" };
            lines.push(format!("wrong replies: {}{first}", self.wrong));
            lines.extend(self.wrong_replies.iter().map(|reply| format!("  {reply}")));
        }
        if self.failed > 0 {
            lines.push(format!("failed connections: {}", self.failed));
            lines
                .extend(self.failures.iter().map(|(reason, count)| format!("  {count}: {reason}")));
        }
        if let Some(seconds) = self.given_up {
            lines.push(format!("given up: no client was answered for {seconds} s"));
        }
        if lines.is_empty() { None } else { Some(lines.join("\n")) }
    }
}

/// How many that is in a second.
#[expect(clippy::cast_precision_loss, reason = "a rate is shown to a few digits")]
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    // At once is not infinitely often.
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}
