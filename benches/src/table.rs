//! Makes the tables from what criterion has measured: `programs table [DIRECTORY] [--best]`.
//!
//! A row for each case and a column for each runtime, in nanoseconds an operation, with the spread of the
//! samples; then what ours is of the best peer, and the goal. Criterion's median stands for a case, or with
//! `--best` its fastest sample, which a busy machine moves less. What has not been measured is left out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use serde_json::Value;

use crate::{server, web};

/// Ours, in every table.
const OURS: &str = "pizzaiolo";

/// What is no peer but the floor: it has no runtime at all.
const FLOOR: [&str; 2] = ["mio", "mio-drain"];

/// Cases that the same runtimes were asked.
struct Table {
    title: &'static str,
    columns: &'static [&'static str],
    cases: &'static [Case],
}

/// One row.
struct Case {
    /// Criterion's name for it.
    name: &'static str,
    title: &'static str,
    goal: Goal,
}

/// What ours may take at most.
enum Goal {
    /// So much of what the best peer takes.
    OfTheBest(f64),
    /// So much of what these two peers take.
    OfThese([&'static str; 2], f64),
    /// So much of what ours takes in another case.
    OfOurs(&'static str, f64),
    /// It is only shown.
    None,
}

const TABLES: [Table; 5] = [
    Table {
        title: "The executor itself",
        columns: &[OURS, "tokio", "tokio-local", "tokio-localset", "smol", "localpool", "monoio"],
        cases: &[
            Case {
                name: "spawn_1000_then_join",
                title: "spawn + join, 1,000 spawned, then all joined",
                goal: Goal::OfTheBest(1.0),
            },
            Case {
                name: "spawn_join_one_by_one",
                title: "spawn + join, one by one",
                goal: Goal::OfTheBest(0.5),
            },
            Case { name: "yield_1_task", title: "yield, 1 task", goal: Goal::OfTheBest(1.0) },
            Case {
                name: "yield_1000_tasks",
                title: "yield, 1,000 tasks, 100 times each",
                goal: Goal::OfTheBest(1.0),
            },
            Case {
                name: "ping_pong",
                title: "ping-pong round trip between two tasks",
                goal: Goal::OfTheBest(0.6),
            },
            Case {
                name: "timers_10000_alive",
                title: "timer made, armed, cancelled; 10,000 alive",
                goal: Goal::OfTheBest(0.4),
            },
            Case {
                name: "timers_100000_alive",
                title: "the same; 100,000 alive",
                goal: Goal::OfOurs("timers_10000_alive", 1.5),
            },
            Case {
                name: "timers_10000_in_place",
                title: "the same; 10,000 alive, in boxes that are kept",
                goal: Goal::None,
            },
        ],
    },
    Table {
        title: "From another thread",
        columns: &[
            OURS,
            "tokio",
            "tokio-local",
            "tokio-localset",
            "smol",
            "smol-executor",
            "localpool",
            "monoio",
        ],
        cases: &[
            Case {
                name: "wakes_in_a_row",
                title: "wake, a million in a row",
                goal: Goal::OfThese(["tokio", "smol"], 1.0),
            },
            Case {
                name: "wake_round_trip",
                title: "wake, each waits for its poll",
                goal: Goal::None,
            },
            Case { name: "spawn_from_afar", title: "spawn", goal: Goal::None },
        ],
    },
    Table {
        title: "A poll of a task that yields, watched",
        columns: &["no observer", "observer", "timeline"],
        cases: &[Case { name: "watching", title: "yield, 1,000 tasks", goal: Goal::None }],
    },
    Table {
        title: "Orders over loopback, server and clients together",
        columns: &server::KINDS,
        cases: &[
            Case { name: "orders_64_connections", title: "64 connections", goal: Goal::None },
            Case {
                name: "orders_10000_connections",
                title: "10,000 connections",
                goal: Goal::None,
            },
        ],
    },
    Table {
        title: "Requests to hyper's hello world, server and clients together",
        columns: &web::KINDS,
        cases: &[Case { name: "web_32_connections", title: "32 connections", goal: Goal::None }],
    },
];

/// Where criterion leaves its measurements, of whatever directory the program is started in.
#[must_use]
pub fn directory() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target"),
        PathBuf::from,
    );
    target.join("criterion")
}

/// The program `table`.
#[must_use]
pub fn main(arguments: &[String]) -> ExitCode {
    let (mut directory, mut statistic) = (directory(), Statistic::Median);
    for argument in arguments {
        match argument.as_str() {
            "--best" => statistic = Statistic::Best,
            flag if flag.starts_with('-') => {
                eprintln!("programs table [DIRECTORY] [--best]");
                return ExitCode::from(2);
            }
            other => directory = other.into(),
        }
    }
    if !directory.is_dir() {
        eprintln!("{} is not there: `cargo bench` makes it", directory.display());
        return ExitCode::FAILURE;
    }
    print_all(&directory, statistic);
    ExitCode::SUCCESS
}

/// Prints the tables of what is measured in the directory.
pub fn print_all(directory: &Path, statistic: Statistic) {
    println!("\n± is half of the range in which the middle half of the samples lies.\n");
    let measurements = Measurements { directory, statistic };
    for table in TABLES {
        print(&table, &measurements);
    }
}

/// Prints one table in Markdown, if there is anything to say in it.
fn print(table: &Table, measurements: &Measurements) {
    let rows: Vec<_> =
        table.cases.iter().filter_map(|case| row(table, case, measurements)).collect();
    if rows.is_empty() {
        return;
    }
    println!("{}, ns an operation:\n", table.title);
    println!("| case | {} | ours / best peer | goal | met |", table.columns.join(" | "));
    println!("|---|{}---|---|---|", "---|".repeat(table.columns.len()));
    println!("{}\n", rows.join("\n"));
}

/// One row, if its case was measured on any runtime.
fn row(table: &Table, case: &Case, measurements: &Measurements) -> Option<String> {
    let of = |runtime: &str| Some(measurements.of(case.name, runtime)?.nanoseconds);
    let best = |peers: &[&str]| peers.iter().filter_map(|peer| of(peer)).reduce(f64::min);
    table.columns.iter().find_map(|runtime| of(runtime))?;
    let peers: Vec<_> = table.columns.iter().copied().filter(|name| is_peer(name)).collect();
    let ours_to_best = ratio(of(OURS), best(&peers));
    let (goal, met) = match case.goal {
        Goal::OfTheBest(most) => (format!("at most {most:.1}"), within(ours_to_best, most)),
        Goal::OfThese(peers, most) => {
            let goal = format!("at most {most:.1} of {}", peers.join(" and "));
            (goal, within(ratio(of(OURS), best(&peers)), most))
        }
        Goal::OfOurs(other, most) => {
            let ours = ratio(of(OURS), measurements.of(other, OURS).map(|it| it.nanoseconds));
            let goal = format!("at most {most:.1} of {other}; is {}", number(ours));
            (goal, within(ours, most))
        }
        Goal::None => ("-".into(), "-"),
    };
    let cell = |runtime: &&str| Measured::cell(measurements.of(case.name, runtime).as_ref());
    let figures: Vec<_> = table.columns.iter().map(cell).collect();
    let (title, figures, ratio) = (case.title, figures.join(" | "), number(ours_to_best));
    Some(format!("| {title} | {figures} | {ratio} | {goal} | {met} |"))
}

fn is_peer(runtime: &str) -> bool {
    runtime != OURS && !FLOOR.contains(&runtime)
}

fn ratio(ours: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(ours? / other?)
}

fn within(ratio: Option<f64>, most: f64) -> &'static str {
    match ratio {
        Some(ratio) if ratio <= most => "yes",
        Some(_) => "no",
        None => "-",
    }
}

/// Three digits are all that a measurement has to say.
fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
        None => "-".into(),
    }
}

/// What criterion has left on the disk.
struct Measurements<'a> {
    directory: &'a Path,
    statistic: Statistic,
}

/// Which of a case's many samples stands for it.
#[derive(Clone, Copy, Debug)]
pub enum Statistic {
    /// The one in the middle.
    Median,
    /// The fastest.
    Best,
}

/// What one operation of a case takes on one runtime.
struct Measured {
    nanoseconds: f64,
    /// Half of the range in which the middle half of the samples lies, as a share of their median.
    spread: f64,
}

impl Measured {
    fn cell(measured: Option<&Measured>) -> String {
        let Some(&Measured { nanoseconds, spread }) = measured else { return number(None) };
        format!("{} ± {:.0}%", number(Some(nanoseconds)), 100.0 * spread)
    }
}

impl Measurements<'_> {
    /// Returns what a case takes on a runtime, if it was measured.
    fn of(&self, case: &str, runtime: &str) -> Option<Measured> {
        let directory = self.directory.join(case).join(runtime).join("new");
        let operations = read(&directory, "benchmark.json")?["throughput"]["Elements"].as_f64()?;
        let runs = samples(&read(&directory, "sample.json")?)?;
        // The samples are sorted, and there are ten at least.
        let at = |quarters: usize| runs.get((runs.len() - 1) * quarters / 4).copied();
        let median = at(2)?;
        let run = match self.statistic {
            Statistic::Median => median,
            Statistic::Best => at(0)?,
        };
        let spread = (at(3)? - at(1)?) / 2.0 / median;
        Some(Measured { nanoseconds: run / operations, spread })
    }
}

/// Returns what one run took in each sample, sorted: each sample has its number of runs and the time that
/// they took together.
fn samples(sample: &Value) -> Option<Vec<f64>> {
    let numbers = |key: &str| {
        let values = sample[key].as_array()?;
        values.iter().map(Value::as_f64).collect::<Option<Vec<_>>>()
    };
    let (runs, times) = (numbers("iters")?, numbers("times")?);
    let mut samples: Vec<_> = times.iter().zip(&runs).map(|(time, runs)| time / runs).collect();
    samples.sort_by(f64::total_cmp);
    Some(samples)
}

fn read(directory: &Path, file: &str) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(directory.join(file)).ok()?).ok()
}
