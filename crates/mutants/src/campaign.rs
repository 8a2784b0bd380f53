//! Runs the mutants.

use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    Result, listed,
    options::Options,
    process::{self, Ended},
    results::{Outcome, Results},
    rewrite::Mutant,
    suite::{Suite, Test, in_threads},
    tree::Tree,
};

/// A run that says nothing for so long, beyond what its slowest test takes four times over, hangs.
const SILENCE: Duration = Duration::from_secs(10);

/// Runs all mutants that have no result yet.
///
/// # Errors
///
/// If a program cannot be run, or a result cannot be written.
pub(crate) fn run(
    tree: &Tree,
    suite: &Suite,
    mutants: &[Mutant],
    results: &mut Results,
    options: &Options,
) -> Result<()> {
    let pending = choose(mutants, results, &listed::read(tree)?, options);
    println!("{} mutants are run", pending.len());
    let campaign = Campaign { tree, suite, caught: Mutex::new(vec![0; suite.programs.len()]) };
    let (next, results) = (AtomicUsize::new(0), Mutex::new(results));
    let work = |_| -> Result<()> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = pending.get(index) else { return Ok(()) };
            let (outcome, by) = campaign.judge(mutant)?;
            let mut results = results.lock().map_err(|_| "a worker has panicked")?;
            results.add(mutant, outcome, &by)?;
            if index % 50 == 49 {
                println!("{} of {}", index + 1, pending.len());
            }
        }
    };
    in_threads(options.jobs, &work)
}

fn choose<'a>(
    mutants: &'a [Mutant],
    results: &Results,
    listed: &HashSet<String>,
    options: &Options,
) -> Vec<&'a Mutant> {
    let is_chosen = |mutant: &&Mutant| {
        options.only.as_ref().is_none_or(|text| mutant.key.contains(text))
            && match results.get(&mutant.key) {
                None => true,
                Some(outcome) => {
                    options.again && !outcome.is_caught() && !listed.contains(&mutant.key)
                }
            }
    };
    let chosen: Vec<_> = mutants.iter().filter(is_chosen).collect();
    match options.sample {
        Some(count) if count < chosen.len() => {
            (0..count).map(|it| chosen[it * chosen.len() / count]).collect()
        }
        _ => chosen,
    }
}

struct Campaign<'a> {
    tree: &'a Tree,
    suite: &'a Suite,
    /// How many mutants each program has caught.
    caught: Mutex<Vec<u32>>,
}

impl Campaign<'_> {
    /// Runs the tests that come by a mutant until one fails. Returns also what has caught it.
    fn judge(&self, mutant: &Mutant) -> Result<(Outcome, String)> {
        let programs = self.programs_for(mutant)?;
        if programs.is_empty() {
            return Ok((Outcome::Unreached, String::new()));
        }
        for (program, tests) in programs {
            let name = &self.suite.programs[program].name;
            let names: Vec<_> = tests.iter().map(|test| test.name.as_str()).collect();
            let slowest = tests.iter().map(|test| test.time).max().unwrap_or_default();
            let silence = SILENCE + slowest * 4;
            let (outcome, test) = match self.run(mutant, program, &names, silence)? {
                Ended::Passed => continue,
                Ended::Hung => (Outcome::Hung, String::new()),
                Ended::Failed(test) => {
                    let alone = [test.as_str()];
                    let again = if test.is_empty() { &names[..] } else { &alone[..] };
                    if self.run(mutant, program, again, silence)? == Ended::Passed {
                        continue;
                    }
                    (Outcome::Caught, test)
                }
            };
            self.caught.lock().map_err(|_| "a worker has panicked")?[program] += 1;
            return Ok((outcome, format!("{name}::{test}")));
        }
        Ok((Outcome::Survived, String::new()))
    }

    fn run(
        &self,
        mutant: &Mutant,
        program: usize,
        tests: &[&str],
        silence: Duration,
    ) -> Result<Ended> {
        let program = &self.suite.programs[program];
        let mut command = process::command(program, &self.tree.root(), tests);
        process::run(command.env("MUTANT", mutant.number.to_string()), silence)
    }

    /// Returns the tests that come by the mutant, by their program; those first that have caught the
    /// most for the time that they take.
    fn programs_for(&self, mutant: &Mutant) -> Result<Vec<(usize, Vec<&Test>)>> {
        let caught = self.caught.lock().map_err(|_| "a worker has panicked")?;
        let mut programs = Vec::new();
        for (program, caught) in caught.iter().enumerate() {
            let comes_by =
                |test: &&Test| test.program == program && test.reached.contains(&mutant.number);
            let tests: Vec<_> = self.suite.tests.iter().filter(comes_by).collect();
            let time: Duration = tests.iter().map(|test| test.time).sum();
            if !tests.is_empty() {
                let cost = (time.as_secs_f64() + 0.1) / f64::from(caught + 1);
                programs.push((cost, program, tests));
            }
        }
        programs.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(programs.into_iter().map(|(_, program, tests)| (program, tests)).collect())
    }
}
