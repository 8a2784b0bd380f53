//! The steps of the ladder, and what is new in one of them.
//!
//! - `cargo run --example ladder` lists the steps, with the command that runs each.
//! - `cargo run --example ladder -- diff 8 9` shows what step 9 changes in step 8. It leaves out
//!   the heads and the imports, and shows only the first line of a long piece that is removed.

use std::io::{self, IsTerminal};
use std::{env, fmt::Write as _, process::ExitCode};

/// The programs of the steps, in order.
const STEPS: [&str; 11] = [
    include_str!("step1_blocking.rs"),
    include_str!("step2_threads.rs"),
    include_str!("step3_busy_loop.rs"),
    include_str!("step4_mio.rs"),
    include_str!("step5_bell.rs"),
    include_str!("step6_sockets.rs"),
    include_str!("step7_async_fn.rs"),
    include_str!("step8_task_queue.rs"),
    include_str!("step9_accept_task.rs"),
    include_str!("step10_reactor.rs"),
    include_str!("step11_crate.rs"),
];

/// How many lines of a long removed piece are shown.
const SHOWN: usize = 1;

/// How many unchanged lines are shown before and after a change.
const CONTEXT: usize = 1;

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => print!("{}", list()),
        ["diff", from, to] => {
            let (Some(from), Some(to)) = (step(from), step(to)) else {
                eprintln!("ladder: the steps have the numbers 1 to {}", STEPS.len());
                return ExitCode::from(2);
            };
            print!("{}", painted(&diff(from, to), io::stdout().is_terminal()));
        }
        _ => {
            eprintln!("usage: ladder [diff FROM TO]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// The program of a step.
fn step(number: &str) -> Option<&'static str> {
    let number: usize = number.parse().ok()?;
    STEPS.get(number.checked_sub(1)?).copied()
}

/// The first line of a program.
fn title(program: &str) -> &str {
    program.lines().next().unwrap_or_default().trim_start_matches("//! # ")
}

fn list() -> String {
    let mut list = String::new();
    for (number, program) in (1..).zip(STEPS) {
        let run = format!("cargo run --release --example ladder-{number}");
        let _ = writeln!(list, "{run:45} {}", title(program));
    }
    list + "\nWhat is new in a step: cargo run --example ladder -- diff 8 9\n"
}

/// A line of a diff.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Kept(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The lines of a program below its head and its imports.
fn code(program: &str) -> Vec<&str> {
    let mut lines = program.lines().peekable();
    let above =
        |line: &&str| line.is_empty() || line.starts_with("//!") || line.starts_with("use ");
    while lines.next_if(above).is_some() {}
    lines.collect()
}

/// The shortest way from one program to another, by the longest common subsequence of their lines.
fn compare<'a>(from: &[&'a str], to: &[&'a str]) -> Vec<Line<'a>> {
    let mut common = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (i, old) in from.iter().enumerate().rev() {
        for (j, new) in to.iter().enumerate().rev() {
            common[i][j] = if old == new {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < from.len() || j < to.len() {
        if i < from.len() && j < to.len() && from[i] == to[j] {
            lines.push(Line::Kept(from[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == to.len() || (i < from.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Removed(from[i]));
            i += 1;
        } else {
            lines.push(Line::Added(to[j]));
            j += 1;
        }
    }
    lines
}

/// The lines that differ, each with a sign in front, and the lines around them.
fn diff(from: &str, to: &str) -> String {
    let (old, new) = (code(from), code(to));
    let lines = compare(&old, &new);
    let mut text = format!("{}\nbecomes\n{}\n", title(from), title(to));
    let changes = |line: &Line<'_>| !matches!(line, Line::Kept(_));
    let mut removed = 0;
    let mut skipped = true;
    for (at, line) in lines.iter().enumerate() {
        let around = &lines[at.saturating_sub(CONTEXT)..lines.len().min(at + CONTEXT + 1)];
        let shown = around.iter().any(changes);
        if shown && skipped {
            text += "\n";
        }
        skipped = !shown;
        removed = if matches!(line, Line::Removed(_)) { removed + 1 } else { 0 };
        let left = lines[at..].iter().take_while(|line| matches!(line, Line::Removed(_))).count();
        let _ = match line {
            Line::Removed(_) if removed == SHOWN + 1 && left > 1 => {
                writeln!(text, "- … and {left} more lines")
            }
            Line::Removed(_) if removed > SHOWN + 1 || (removed == SHOWN + 1 && left > 1) => Ok(()),
            Line::Removed(line) => writeln!(text, "-{line}"),
            Line::Added(line) => writeln!(text, "+{line}"),
            Line::Kept(line) if shown && !line.is_empty() => writeln!(text, " {line}"),
            Line::Kept(_) => Ok(()),
        };
    }
    text
}

/// The same in red and green, if it is printed to a terminal.
fn painted(diff: &str, terminal: bool) -> String {
    let paint = |line: &str| match line.chars().next() {
        Some('-') if terminal => format!("\x1b[31m{line}\x1b[0m\n"),
        Some('+') if terminal => format!("\x1b[32m{line}\x1b[0m\n"),
        _ => format!("{line}\n"),
    };
    diff.lines().map(paint).collect()
}

#[cfg(test)]
mod tests {
    use super::{Line, STEPS, code, compare, diff, list};

    #[test]
    fn a_diff_turns_one_program_into_the_other() {
        for (from, to) in STEPS.iter().zip(&STEPS[1..]) {
            let (old, new) = (code(from), code(to));
            let lines = compare(&old, &new);
            let before = lines.iter().filter_map(|line| match line {
                Line::Kept(line) | Line::Removed(line) => Some(*line),
                Line::Added(_) => None,
            });
            let after = lines.iter().filter_map(|line| match line {
                Line::Kept(line) | Line::Added(line) => Some(*line),
                Line::Removed(_) => None,
            });
            assert!(before.eq(old.iter().copied()) && after.eq(new.iter().copied()));
        }
    }

    /// How many lines a tall screen has.
    const SCREEN: usize = 80;

    /// Step 5 starts again from step 2, as its head says.
    #[test]
    fn what_is_new_in_a_step_fits_a_screen() {
        let pairs = [(1, 2), (2, 3), (3, 4), (2, 5), (5, 6), (6, 7), (7, 8), (8, 9), (9, 10)];
        for (from, to) in pairs {
            let diff = diff(STEPS[from - 1], STEPS[to - 1]);
            let lines = diff.lines().count();
            println!("diff {from} {to}: {lines} lines");
            assert!(lines <= SCREEN, "diff {from} {to} has {lines} lines");
        }
    }

    #[test]
    fn the_list_has_the_command_of_each_step() {
        let list = list();
        for step in 1..=STEPS.len() {
            assert!(list.contains(&format!(" --example ladder-{step} ")), "{list}");
        }
    }
}
