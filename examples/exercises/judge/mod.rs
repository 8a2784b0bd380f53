//! Judges exercises 11 to 17 by the probes of `crates/conformance`: `judge 12` after exercise 12,
//! and `judge all` at the end. A probe checks one rule of the contract between an executor and its
//! futures. If it fails, the judge prints the rule and its reason.

mod adapter;
mod sockets;
mod stages;
mod table;

use std::{collections::BTreeSet, io, process::ExitCode, thread};

use conformance::{Report, Rule, Runtime, rules};

use stages::STAGES;

/// The result of each probe.
type Reports = Vec<(&'static Rule, Report)>;

/// How many failures are printed with their reasons. One mistake can break many rules.
const EXPLAINED: usize = 3;

/// The runtimes of all stages, for the processes in which the probes run.
pub(crate) fn runtimes() -> Vec<Box<dyn Runtime>> {
    STAGES.map(|stage| Box::new(adapter::Stage(stage)) as Box<dyn Runtime>).collect()
}

/// Judges an exercise, by its number, or all of them.
pub(crate) fn judge(which: &str) -> ExitCode {
    let judged = match which.parse() {
        Ok(stage) if STAGES.contains(&stage) => judge_stage(stage),
        Err(_) if which == "all" => judge_all(),
        _ => {
            eprintln!("judge takes an exercise from 11 to 17, or the word all");
            return ExitCode::from(2);
        }
    };
    match judged {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Cannot start a probe: {error}");
            ExitCode::from(2)
        }
    }
}

/// Judges one exercise: whether all of its probes pass.
fn judge_stage(stage: usize) -> io::Result<bool> {
    let reports = ask(stage, &stages::probes(stage))?;
    if is_to_do(&reports) {
        return Ok(false);
    }
    let failed = print_failures(&reports);
    println!("Exercise {stage}: {} of {} probes pass.", reports.len() - failed, reports.len());
    Ok(failed == 0)
}

/// Judges the finished runtime by all rules, and prints a comparison with tokio.
fn judge_all() -> io::Result<bool> {
    let last = *STAGES.end();
    let can = adapter::Stage(last).capabilities();
    let is_asked = |rule: &&Rule| rule.needs().iter().all(|needed| can.contains(needed));
    let (asked, not_asked): (Vec<_>, Vec<_>) = rules::ALL.iter().copied().partition(is_asked);
    let reports = ask(last, &asked)?;
    if is_to_do(&reports) {
        return Ok(false);
    }
    let failed = print_failures(&reports);
    print!("{}", table::table(&reports, &not_asked));
    Ok(failed == 0)
}

/// Runs the probes, as many at a time as there are cores. Prints a character of progress for each.
fn ask(stage: usize, probes: &[&'static Rule]) -> io::Result<Reports> {
    let cores = thread::available_parallelism().map_or(1, Into::into);
    let can = adapter::Stage(stage).capabilities();
    conformance::judge_each(stage - STAGES.start(), can, probes, cores)
}

/// Whether a probe has reached a stub. Prints which, because the reports of the probes do not help
/// then.
fn is_to_do(reports: &Reports) -> bool {
    let to_do = |(_, report): &(&Rule, Report)| {
        let (_, exercise) = report.seen.split_once("not yet implemented: ")?;
        Some(exercise.split(',').next()?.to_owned())
    };
    let to_do: BTreeSet<_> = reports.iter().filter_map(to_do).collect();
    for exercise in &to_do {
        println!("Still to do: {exercise}. Run the probes when its tests pass.");
    }
    !to_do.is_empty()
}

/// Prints the rules that do not hold, the first ones with their reasons, and counts them.
fn print_failures(reports: &Reports) -> usize {
    let failed: Vec<_> = reports.iter().filter(|(_, report)| report.verdict.is_bad()).collect();
    for (number, (rule, report)) in failed.iter().enumerate() {
        println!("{} {}: {}", report.verdict, rule.id(), rule.title());
        println!("  {report}");
        if number < EXPLAINED {
            println!("\n{}\n", why(rule));
        }
    }
    if !failed.is_empty() {
        println!("A rule's whole page: cargo run -p conformance -- --explain NAME\n");
    }
    failed.len()
}

/// The reason of a rule, without its other paragraphs.
fn why(rule: &Rule) -> &'static str {
    let mut paragraphs = rule.page().split("\n\n");
    let why = paragraphs.find_map(|paragraph| paragraph.strip_prefix("**Why.** "));
    why.unwrap_or(rule.page()).trim_end()
}
