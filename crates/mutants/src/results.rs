//! What became of each mutant, in a file that each run goes on with.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
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
    file: File,
}

impl Results {
    /// Reads the results of earlier runs, if the source is the same.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub(crate) fn open(tree: &Tree, rewritten: &Rewritten) -> Result<Results> {
        let path = tree.file("results");
        let mut hasher = DefaultHasher::new();
        rewritten.texts().for_each(|text| text.hash(&mut hasher));
        let print = format!("source\t{:x}", hasher.finish());
        let old = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = old.lines();
        if lines.next() != Some(&print) {
            fs::write(&path, format!("{print}\n"))?;
            lines = "".lines();
        }
        // A later line overrules an earlier one.
        let outcomes = lines.filter_map(|line| {
            let (word, rest) = line.split_once('\t')?;
            let key = rest.split('\t').next()?;
            Some((key.to_owned(), Outcome::from_word(word)?))
        });
        let outcomes = outcomes.collect();
        Ok(Results { outcomes, file: OpenOptions::new().append(true).open(path)? })
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
        let Mutant { key, line, .. } = mutant;
        self.outcomes.insert(key.clone(), outcome);
        let text = format!("{}\t{key}\tline {line}\t{by}\n", outcome.word());
        Ok(self.file.write_all(text.as_bytes())?)
    }
}
