//! The command line.

use std::{
    env,
    fmt::Write as _,
    io::{self, Write},
    process::ExitCode,
    thread,
};

use crate::{Report, Rule, Runtime, judge, rules, run_if_asked, table};

const USAGE: &str = "\
usage: conformance [RUNTIME…] [--probe PROBE]… [--jobs N] [--markdown]
       conformance --explain PROBE
       conformance --list

Judges the runtimes whose names contain one of the words, or all. The exit status is 0 if every probe
passes that applies, and 1 otherwise.

  --probe PROBE     only this probe; several may be named
  --jobs N          so many probes at a time; as many as there are cores, without it
  --markdown        the matrix, and each failure, as Markdown
  --explain PROBE   the page of a rule: what it wants, and why
  --list            the runtimes and the probes that there are
";

/// What one runtime is, and what became of its probes.
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) reports: Vec<(&'static Rule, Report)>,
    pub(crate) causes: Vec<(&'static Rule, String)>,
}

#[derive(Default)]
struct Options {
    words: Vec<String>,
    probes: Vec<String>,
    explain: Option<String>,
    jobs: Option<usize>,
    markdown: bool,
    list: bool,
    help: bool,
}

/// Judges the runtimes as the command line asks: all that a program's `main` needs to call.
///
/// It starts the program again for each probe, so nothing else should happen before it is called.
///
/// The exit status is 0 if every probe passes that applies, 1 if one does not, and 2 if the command
/// line makes no sense.
#[must_use]
pub fn main(runtimes: Vec<Box<dyn Runtime>>) -> ExitCode {
    let runtimes = run_if_asked(runtimes);
    let done = options(env::args().skip(1)).and_then(|options| run(&runtimes, &options));
    done.unwrap_or_else(|message| {
        eprintln!("{message}");
        ExitCode::from(2)
    })
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value\n\n{USAGE}"));
        match arg.as_str() {
            "--probe" => options.probes.push(value()?),
            "--explain" => options.explain = Some(value()?),
            "--jobs" => {
                let jobs =
                    value()?.parse().map_err(|_| format!("--jobs wants a number\n\n{USAGE}"))?;
                options.jobs = Some(jobs);
            }
            "--markdown" => options.markdown = true,
            "--list" => options.list = true,
            "--help" | "-h" => options.help = true,
            _ if arg.starts_with('-') => return Err(format!("no option {arg}\n\n{USAGE}")),
            _ => options.words.push(arg.to_lowercase()),
        }
    }
    Ok(options)
}

fn run(runtimes: &[Box<dyn Runtime>], options: &Options) -> Result<ExitCode, String> {
    if options.help {
        say(USAGE);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(id) = &options.explain {
        say(rule(id)?.page());
        return Ok(ExitCode::SUCCESS);
    }
    if options.list {
        say(&list(runtimes));
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = chosen(runtimes, &options.words)?;
    let mut rules: Vec<_> = options.probes.iter().map(|id| rule(id)).collect::<Result<_, _>>()?;
    if rules.is_empty() {
        rules = rules::ALL.to_vec();
    }
    let jobs = options.jobs.or_else(|| thread::available_parallelism().ok().map(Into::into));
    let judged = judge_all(runtimes, &chosen, &rules, jobs.unwrap_or(1).max(1))
        .map_err(|error| format!("cannot start a probe: {error}"))?;
    say(&if options.markdown { table::markdown(&judged) } else { table::plain(&judged) });
    let bad = judged.iter().flat_map(|judged| &judged.reports);
    let bad = bad.filter(|(_, report)| report.verdict.is_bad()).count();
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints, also into a pipe that is not read to its end.
fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn rule(id: &str) -> Result<&'static Rule, String> {
    let found = rules::ALL.iter().copied().find(|rule| rule.id() == id);
    found.ok_or_else(|| format!("no probe {id}: --list names them"))
}

fn list(runtimes: &[Box<dyn Runtime>]) -> String {
    let mut text = String::new();
    for runtime in runtimes {
        text.extend([runtime.name().as_str(), "\n"]);
    }
    for rule in rules::ALL {
        let _ = writeln!(text, "  {:<28} {}", rule.id(), rule.title());
    }
    text
}

/// The numbers of the runtimes that are asked for.
fn chosen(runtimes: &[Box<dyn Runtime>], words: &[String]) -> Result<Vec<usize>, String> {
    let names: Vec<_> = runtimes.iter().map(|runtime| runtime.name().to_lowercase()).collect();
    if let Some(word) = words.iter().find(|word| !names.iter().any(|name| name.contains(*word))) {
        return Err(format!("no runtime {word}: there are {}", names.join(", ")));
    }
    let wanted = |name: &String| words.is_empty() || words.iter().any(|word| name.contains(word));
    Ok((0..names.len()).filter(|&number| wanted(&names[number])).collect())
}

fn judge_all(
    runtimes: &[Box<dyn Runtime>],
    chosen: &[usize],
    rules: &[&'static Rule],
    jobs: usize,
) -> io::Result<Vec<Judged>> {
    chosen
        .iter()
        .map(|&number| {
            let runtime = &*runtimes[number];
            judge::progress(&format!("{:<28} ", runtime.name()));
            let reports = judge::judge_each(number, runtime.capabilities(), rules, jobs)?;
            let causes = rules.iter().filter_map(|rule| Some((*rule, runtime.cause(rule.id())?)));
            let causes = causes.collect();
            Ok(Judged { name: runtime.name(), about: runtime.about(), reports, causes })
        })
        .collect()
}
