//! Makes the tables from what criterion has measured: `table [DIRECTORY] [--best]`.
//!
//! A row for each case and a column for each runtime, in nanoseconds an operation; then what ours is
//! of the best peer, and the goal. Criterion's median stands for a case, or with `--best` its
//! fastest sample, which a busy machine moves less. What has not been measured is left out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use serde_json::Value;

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

const TABLES: [Table; 4] = [
    Table {
        title: "The executor itself",
        columns: &[OURS, "tokio", "tokio-localset", "smol", "localpool", "monoio"],
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
        columns: &[OURS, "tokio", "tokio-localset", "smol", "smol-executor", "localpool", "monoio"],
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
        columns: &["nobody", "observer", "timeline"],
        cases: &[Case { name: "watching", title: "yield, 1,000 tasks", goal: Goal::None }],
    },
    Table {
        title: "Orders over loopback, server and clients together",
        columns: &[
            "mio",
            "mio-drain",
            OURS,
            "tokio",
            "tokio-localset",
            "smol",
            "localpool",
            "monoio",
        ],
        cases: &[
            Case { name: "orders_64_connections", title: "64 connections", goal: Goal::None },
            Case {
                name: "orders_10000_connections",
                title: "10,000 connections",
                goal: Goal::None,
            },
        ],
    },
];

fn main() -> ExitCode {
    let mut measurements =
        Measurements { directory: "target/criterion".into(), statistic: Statistic::Median };
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "--best" => measurements.statistic = Statistic::Best,
            flag if flag.starts_with('-') => {
                eprintln!("table [DIRECTORY] [--best]");
                return ExitCode::from(2);
            }
            directory => measurements.directory = directory.into(),
        }
    }
    if !measurements.directory.is_dir() {
        eprintln!("{} is not there: `cargo bench` makes it", measurements.directory.display());
        return ExitCode::FAILURE;
    }
    for table in TABLES {
        print(&table, &measurements);
    }
    ExitCode::SUCCESS
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
    let of = |runtime: &str| measurements.nanoseconds(case.name, runtime);
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
            let ours = ratio(of(OURS), measurements.nanoseconds(other, OURS));
            let goal = format!("at most {most:.1} of {other}; is {}", number(ours));
            (goal, within(ours, most))
        }
        Goal::None => ("-".into(), "-"),
    };
    let figures: Vec<_> = table.columns.iter().map(|runtime| number(of(runtime))).collect();
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
struct Measurements {
    directory: PathBuf,
    statistic: Statistic,
}

/// Which of a case's many samples stands for it.
enum Statistic {
    Median,
    Best,
}

impl Measurements {
    /// What one operation of the case takes, if it was measured.
    fn nanoseconds(&self, case: &str, runtime: &str) -> Option<f64> {
        let directory = self.directory.join(case).join(runtime).join("new");
        let operations = read(&directory, "benchmark.json")?["throughput"]["Elements"].as_f64()?;
        let run = match self.statistic {
            Statistic::Median => {
                read(&directory, "estimates.json")?["median"]["point_estimate"].as_f64()?
            }
            Statistic::Best => fastest(&read(&directory, "sample.json")?)?,
        };
        Some(run / operations)
    }
}

/// The fastest sample: each has its number of runs and the time that they took together.
fn fastest(sample: &Value) -> Option<f64> {
    let numbers = |key: &str| {
        let values = sample[key].as_array()?;
        values.iter().map(Value::as_f64).collect::<Option<Vec<_>>>()
    };
    let (runs, times) = (numbers("iters")?, numbers("times")?);
    times.iter().zip(&runs).map(|(time, runs)| time / runs).reduce(f64::min)
}

fn read(directory: &Path, file: &str) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(directory.join(file)).ok()?).ok()
}
