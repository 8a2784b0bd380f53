//! The table at the end, and the survivors.

use std::collections::{BTreeMap, HashSet};

use crate::{
    Result, listed,
    results::{Outcome, Results},
    rewrite::Mutant,
    tree::Tree,
};

#[derive(Default)]
struct Row {
    viable: usize,
    run: usize,
    caught: usize,
    /// Of those that survived: how many are listed with a reason.
    listed: usize,
}

impl Row {
    fn add(&mut self, outcome: Option<Outcome>, is_listed: bool) {
        self.viable += 1;
        self.run += usize::from(outcome.is_some());
        self.caught += usize::from(outcome.is_some_and(Outcome::is_caught));
        self.listed += usize::from(outcome.is_some_and(|it| !it.is_caught()) && is_listed);
    }

    fn print(&self, name: &str) {
        let Row { viable, run, caught, listed } = *self;
        println!("| {name} | {viable} | {run} | {caught} | {listed} | {} |", run - caught - listed);
    }

    /// The share of those that change something which is caught, in tenths of a percent.
    fn share(&self) -> usize {
        (1000 * self.caught).checked_div(self.run - self.listed).unwrap_or(1000)
    }
}

/// Prints the table and the survivors. True if each that was run is caught, or listed.
///
/// # Errors
///
/// If the list of survivors cannot be read.
pub(crate) fn print(tree: &Tree, mutants: &[Mutant], results: &Results) -> Result<bool> {
    let listed = listed::read(tree)?;
    let (mut rows, mut total) = (BTreeMap::<_, Row>::new(), Row::default());
    for mutant in mutants {
        let (outcome, is_listed) = (results.get(&mutant.key), listed.contains(&mutant.key));
        rows.entry(mutant.file.as_str()).or_default().add(outcome, is_listed);
        total.add(outcome, is_listed);
    }
    println!(
        "\n| file | viable | run | caught | change nothing | survived |\n|---|---|---|---|---|---|"
    );
    for (name, row) in &rows {
        row.print(name);
    }
    total.print("all");
    let (whole, tenths) = (total.share() / 10, total.share() % 10);
    println!("\nOf those that change something, {whole}.{tenths}% are caught.");
    let survivors = print_survivors(mutants, results, &listed);
    print_wrong_reasons(mutants, results, &listed);
    Ok(survivors == 0)
}

fn print_survivors(mutants: &[Mutant], results: &Results, listed: &HashSet<String>) -> usize {
    let mut count = 0;
    for mutant in mutants.iter().filter(|it| !listed.contains(&it.key)) {
        let (Mutant { key, line, number, .. }, outcome) = (mutant, results.get(&mutant.key));
        let word = match outcome {
            Some(Outcome::Survived) => "survived",
            Some(Outcome::Unreached) => "no test comes by",
            _ => continue,
        };
        count += 1;
        println!("    {key}    ({word}; line {line}, number {number})");
    }
    count
}

/// A reason that is listed for a mutant that is caught, or that there is no more, is wrong.
fn print_wrong_reasons(mutants: &[Mutant], results: &Results, listed: &HashSet<String>) {
    for key in listed {
        match results.get(key) {
            Some(outcome) if outcome.is_caught() => println!("listed, but caught: {key}"),
            _ if mutants.iter().all(|mutant| mutant.key != *key) => {
                println!("listed, but there is no such mutant: {key}");
            }
            _ => {}
        }
    }
}
