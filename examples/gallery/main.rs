//! A gallery of hangs: the classic mistakes of async code. Each is a small program that goes wrong,
//! with a correct version of it in the same file.
//!
//! `cargo run --example gallery` lists them. With a name, it runs the wrong program, which ends by
//! itself; with a name and `--cured`, the correct one. The head of each file has the symptom, the
//! events that give the mistake away, the cause and the cure. `docs/which-wake-bug.md` finds a
//! mistake by its symptom.

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
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The text of its file.
    pub(crate) source: &'static str,
    /// Runs the program that goes wrong.
    pub(crate) wrong: fn() -> Seen,
    /// Runs the correct program.
    pub(crate) cured: fn() -> Seen,
}

impl Exhibit {
    /// The lines of the head of its file.
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
    // The pages of the guide are modules, so their names have underscores.
    let dashed = name.replace('_', "-");
    let Some(exhibit) = EXHIBITS.iter().find(|exhibit| exhibit.name == dashed) else {
        return fail(&format!(
            "there is no exhibit {name:?}; run the gallery without a name to list them all"
        ));
    };
    // A panic is part of the program. `show` prints it at the end.
    panic::set_hook(Box::new(|_| ()));
    show(exhibit, cured);
    ExitCode::SUCCESS
}

fn list() {
    println!("Run a program that goes wrong: cargo run --example gallery -- NAME");
    println!("Run the correct version:       cargo run --example gallery -- NAME --cured\n");
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
