//! Mutation tests of the core: one thing of the source is changed at a time, and the tests are asked
//! whether they notice.
//!
//! ```console
//! $ cargo run --release -p mutants
//! ```
//!
//! All mutants are built at once, and an environment variable chooses one when a test program runs.
//! So a mutant costs what its tests take, not a build.
//!
//! 1. [`tree`] copies the repository to `target/mutants/tree`.
//! 2. [`sites`] finds what can be changed, and [`rewrite`] writes the alternatives beside the
//!    original: `(if crate::mutant::is(7) { a <= b } else { a < b })`. The function is in `switch.rs`.
//! 3. [`compile`] drops the alternatives that do not compile, until the rest does, and builds the tests.
//! 4. [`suite`] runs each test by itself, unchanged. It notes which alternatives the test comes by, and
//!    leaves out the tests that fail (some read the source) and those that are slow.
//! 5. [`campaign`] runs, for each mutant, the tests that come by it, until the first fails. A test that
//!    has failed runs once more, alone, so that no flaky test catches anything. What takes too long
//!    is caught.
//! 6. [`report`] prints a table, and the survivors that `survivors.md` does not list with a reason.
//!
//! The results are kept, so that a run that was ended goes on where it stopped. When a file of the core
//! changes, but for its comments, its mutants are run again.

mod campaign;
mod cfg;
mod compile;
mod listed;
mod options;
mod process;
mod replace;
mod report;
mod results;
mod rewrite;
mod sites;
mod suite;
mod tree;

use std::{error::Error, process::ExitCode};

use crate::{options::Options, results::Results, rewrite::Rewritten, tree::Tree};

/// Any error ends the program, with its text.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match Options::from_args(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every mutant that was run is caught, or listed with a reason.
fn run(options: &Options) -> Result<bool> {
    let tree = Tree::copy()?;
    let mut rewritten = Rewritten::new(&tree)?;
    println!("{} mutants in {} files", rewritten.mutants().len(), rewritten.file_count());
    let programs = compile::build(&tree, &mut rewritten)?;
    let mutants: Vec<_> = rewritten.mutants().iter().filter(|it| it.is_viable).cloned().collect();
    println!("{} of them compile", mutants.len());
    let mut results = Results::open(&tree, &rewritten)?;
    if !options.only_report {
        let suite = suite::Suite::record(&tree, programs, options)?;
        suite.print_left_out();
        campaign::run(&tree, &suite, &mutants, &mut results, options)?;
    }
    report::print(&tree, &mutants, &results)
}
