//! The tables: plain for a terminal, Markdown for a page.

use std::fmt::Write as _;

use crate::{Report, Rule, Verdict, cli::Judged};

/// Writes into a string, which cannot fail.
macro_rules! line {
    ($text:expr, $($arg:tt)*) => {
        let _ = writeln!($text, $($arg)*);
    };
}

/// How many reports have this verdict.
fn count(judged: &Judged, verdict: Verdict) -> usize {
    judged.reports.iter().filter(|(_, report)| report.verdict == verdict).count()
}

/// What speaks against a runtime.
fn bad(judged: &Judged) -> impl Iterator<Item = &(&'static Rule, Report)> {
    judged.reports.iter().filter(|(_, report)| report.verdict.is_bad())
}

/// The table for a terminal: a line for each runtime, and each failure with its rule.
pub(crate) fn plain(judged: &[Judged]) -> String {
    let mut text = String::new();
    line!(text, "\n{:<28} passes  fails  hangs  burns  crashes  not applicable", "");
    for judged in judged {
        let counts = Verdict::COLUMNS.map(|verdict| count(judged, verdict));
        let [passes, fails, hangs, burns, crashes, not] = counts;
        line!(
            text,
            "{:<28} {passes:>6} {fails:>6} {hangs:>6} {burns:>6} {crashes:>8} {not:>15}",
            judged.name
        );
    }
    for judged in judged {
        if bad(judged).next().is_some() {
            line!(text, "\n{}", judged.name);
        }
        for (rule, report) in bad(judged) {
            line!(text, "  {:<8} {}: {}", report.verdict, rule.id(), rule.title());
            line!(text, "           {report}");
        }
    }
    let unmeasured: usize = judged.iter().map(|judged| count(judged, Verdict::NotMeasured)).sum();
    if unmeasured > 0 {
        line!(text, "\n{unmeasured} not measured: this machine does not say what they ask");
    }
    if judged.iter().any(|judged| bad(judged).next().is_some()) {
        line!(text, "\n--explain PROBE says why a rule is one.");
    }
    text
}

/// The page: the summary, the matrix, and each failure with its cause.
pub(crate) fn markdown(judged: &[Judged]) -> String {
    let mut text = String::new();
    summary(&mut text, judged);
    matrix(&mut text, judged);
    failures(&mut text, judged);
    text
}

fn summary(text: &mut String, judged: &[Judged]) {
    line!(
        text,
        "| | runtime | passes | fails | hangs | burns | crashes | not applicable | how it is used |"
    );
    line!(text, "|---|---|---|---|---|---|---|---|---|");
    for (number, judged) in judged.iter().enumerate() {
        let counts = Verdict::COLUMNS.map(|verdict| count(judged, verdict).to_string()).join(" | ");
        line!(text, "| {} | {} | {counts} | {} |", number + 1, judged.name, judged.about);
    }
}

fn matrix(text: &mut String, judged: &[Judged]) {
    line!(
        text,
        "\n## The matrix\n\n`.` passes, `F` fails, `H` hangs, `B` burns, `C` crashes, `-` not applicable, \
         `?` not measured. The columns are the runtimes above, by number.\n"
    );
    let numbers: Vec<_> = (1..=judged.len()).map(|number| number.to_string()).collect();
    line!(text, "| rule | {} |", numbers.join(" | "));
    line!(text, "|---{}|", "|---".repeat(judged.len()));
    let Some(first) = judged.first() else { return };
    for (row, (rule, _)) in first.reports.iter().enumerate() {
        let cell = |judged: &Judged| match judged.reports[row].1.verdict.mark() {
            good @ ("." | "-" | "?") => good.to_owned(),
            bad => format!("**{bad}**"),
        };
        let cells: Vec<_> = judged.iter().map(cell).collect();
        line!(
            text,
            "| [`{}`]({}) {} | {} |",
            rule.id(),
            page(rule),
            rule.title(),
            cells.join(" | ")
        );
    }
}

/// Where the page of a rule stands, seen from `docs`.
fn page(rule: &Rule) -> String {
    format!("../crates/conformance/rules/{}.md", rule.id())
}

fn failures(text: &mut String, judged: &[Judged]) {
    line!(text, "\n## Each failure");
    for judged in judged.iter().filter(|judged| bad(judged).next().is_some()) {
        line!(text, "\n### {}\n", judged.name);
        for (rule, report) in bad(judged) {
            let cause = judged.causes.iter().find(|(of, _)| of.id() == rule.id());
            let cause = cause.map(|(_, cause)| format!(" {cause}")).unwrap_or_default();
            line!(
                text,
                "- `{}` {}: {}.{cause}",
                rule.id(),
                report.verdict,
                escape(&report.to_string())
            );
        }
    }
}

/// Keeps Markdown from reading what a program has printed.
fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
