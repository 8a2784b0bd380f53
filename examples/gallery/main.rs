//! A gallery of hangs: the classic mistakes of async code, each as a small program that goes wrong
//! and, beside it, the same program cured.
//!
//! `cargo run --example gallery` lists them. With a name it runs the one that is wrong, and ends by
//! itself; with `--cured` as well, the other. Each is a file, whose head tells what one sees, the
//! events that give it away, the cause and the cure. "Which wake bug is this?", by symptom, is in
//! `docs/which-wake-bug.md`.

mod blocking_call;
mod check_then_register;
mod half_read;
mod join_oneself;
mod last_waiter;
mod lock_across_await;
mod never_yields;
mod pending_without_waker;
mod polled_once;
mod rc_waker;
mod stale_waker;
mod watch;

use std::{env, panic, process::ExitCode};

pub(crate) use watch::Seen;
#[allow(unused_imports, reason = "the replays of the member `watch`")]
pub(crate) use watch::also;

/// One mistake.
pub(crate) struct Exhibit {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// The text of its file.
    pub(crate) source: &'static str,
    /// Runs the program that goes wrong.
    pub(crate) wrong: fn() -> Seen,
    /// Runs the one that does not.
    pub(crate) cured: fn() -> Seen,
}

impl Exhibit {
    /// What its file says at its head.
    pub(crate) fn head(&self) -> impl Iterator<Item = &'static str> + use<> {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line))
    }

    /// The mistake in one line.
    fn title(&self) -> &'static str {
        self.head().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// All of them, the simplest first.
pub(crate) const EXHIBITS: [Exhibit; 11] = [
    pending_without_waker::EXHIBIT,
    stale_waker::EXHIBIT,
    last_waiter::EXHIBIT,
    check_then_register::EXHIBIT,
    polled_once::EXHIBIT,
    rc_waker::EXHIBIT,
    blocking_call::EXHIBIT,
    never_yields::EXHIBIT,
    lock_across_await::EXHIBIT,
    join_oneself::EXHIBIT,
    half_read::EXHIBIT,
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (name, cured) = match args.as_slice() {
        [] => {
            list();
            return ExitCode::SUCCESS;
        }
        [name] => (*name, false),
        [name, "--cured"] | ["--cured", name] => (*name, true),
        _ => return fail("usage: gallery [NAME [--cured]]"),
    };
    // The pages of the guide spell it with underscores, as modules are.
    let dashed = name.replace('_', "-");
    let Some(exhibit) = EXHIBITS.iter().find(|exhibit| exhibit.name == dashed) else {
        return fail(&format!("no exhibit is called {name:?}: without a name, all are listed"));
    };
    // A panic is part of the show, and is shown at its end.
    panic::set_hook(Box::new(|_| ()));
    show(exhibit, cured);
    ExitCode::SUCCESS
}

fn list() {
    println!("A gallery of hangs. See one go wrong: cargo run --example gallery -- NAME");
    println!("See its cure at work:               cargo run --example gallery -- NAME --cured\n");
    for exhibit in &EXHIBITS {
        println!("  {:22} {}", exhibit.name, exhibit.title());
    }
}

fn show(exhibit: &Exhibit, cured: bool) {
    for line in exhibit.head() {
        println!("{line}");
    }
    let (what, seen) =
        if cured { ("cured", (exhibit.cured)()) } else { ("wrong", (exhibit.wrong)()) };
    println!("\n--- {}, {what}: the whole run ---\n", exhibit.name);
    println!("{seen}");
}

fn fail(message: &str) -> ExitCode {
    eprintln!("gallery: {message}");
    ExitCode::from(2)
}
