//! What became of each mutant, in a file that each run goes on with. A result counts as long as the
//! file of its mutant stays the same.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::Write,
};

use crate::{
    Result,
    rewrite::{Mutant, Rewritten},
    tree::Tree,
};

/// What became of a mutant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// A test failed, twice.
    Caught,
    /// The tests took too long.
    Hung,
    /// All tests that come by it passed.
    Survived,
    /// No test comes by it.
    Unreached,
}

const WORDS: [(Outcome, &str); 4] = [
    (Outcome::Caught, "caught"),
    (Outcome::Hung, "hung"),
    (Outcome::Survived, "survived"),
    (Outcome::Unreached, "unreached"),
];

impl Outcome {
    /// Says whether the tests noticed.
    pub(crate) fn is_caught(self) -> bool {
        matches!(self, Outcome::Caught | Outcome::Hung)
    }

    fn word(self) -> &'static str {
        WORDS.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Outcome> {
        WORDS.iter().find(|(_, it)| *it == word).map(|(outcome, _)| *outcome)
    }
}

/// The results so far.
pub(crate) struct Results {
    outcomes: HashMap<String, Outcome>,
    /// Names the text of each file of the core.
    prints: HashMap<String, String>,
    file: File,
}

impl Results {
    /// Reads the results of earlier runs.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub(crate) fn open(tree: &Tree, rewritten: &Rewritten) -> Result<Results> {
        let path = tree.file("results");
        let prints: HashMap<_, _> = rewritten.prints().collect();
        let old = fs::read_to_string(&path).unwrap_or_default();
        // A later line overrules an earlier one.
        let outcomes = old.lines().filter_map(|line| {
            let [word, print, key, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
                return None;
            };
            let file = key.split(" | ").next()?;
            let is_valid = prints.get(file).is_some_and(|it| it == print);
            is_valid.then_some((key.to_owned(), Outcome::from_word(word)?))
        });
        let outcomes = outcomes.collect();
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Results { outcomes, prints, file })
    }

    /// Returns what became of a mutant, if it was run.
    pub(crate) fn get(&self, key: &str) -> Option<Outcome> {
        self.outcomes.get(key).copied()
    }

    /// Adds a result.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn add(&mut self, mutant: &Mutant, outcome: Outcome, by: &str) -> Result<()> {
        let Mutant { key, line, file, .. } = mutant;
        self.outcomes.insert(key.clone(), outcome);
        let print = self.prints.get(file).map_or("", String::as_str);
        let text = format!("{}\t{print}\t{key}\tline {line}\t{by}\n", outcome.word());
        Ok(self.file.write_all(text.as_bytes())?)
    }
}
