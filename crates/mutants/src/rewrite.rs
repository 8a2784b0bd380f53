//! Writes the alternatives into the files, each behind a test of its number.

use std::{
    collections::HashSet,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use crate::{
    Result,
    sites::{self, Form, Site},
    tree::Tree,
};

/// One change of the source.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// Chooses it when a test program runs.
    pub(crate) number: usize,
    /// Its name: the file, the function and the change. It holds when lines move.
    pub(crate) key: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) is_viable: bool,
}

impl Mutant {
    /// Its name, and that of the text of its file.
    fn id_with(&self, files: &[File]) -> String {
        let print = files.iter().find(|file| file.name == self.file).map(|file| &*file.print);
        format!("{}\t{}", print.unwrap_or_default(), self.key)
    }
}

/// The files of the core, and their mutants.
pub(crate) struct Rewritten {
    files: Vec<File>,
    mutants: Vec<Mutant>,
}

struct File {
    name: String,
    text: String,
    /// Names the text.
    print: String,
    sites: Vec<Site>,
    /// The number of the first mutant of each site.
    numbers: Vec<usize>,
    /// What of the rewritten text is which mutant, or which site: a range of mutants, innermost last.
    written: Vec<(Range<usize>, Range<usize>)>,
}

/// A text to insert.
struct Insertion {
    at: usize,
    /// At the same position, ends come before beginnings, and inner ends before outer ones.
    order: (bool, usize),
    site: usize,
    parts: Vec<(String, Option<usize>)>,
}

impl Rewritten {
    /// Finds all mutants of the core.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or parsed.
    pub(crate) fn new(tree: &Tree) -> Result<Rewritten> {
        let mut rewritten = Rewritten { files: Vec::new(), mutants: Vec::new() };
        for name in tree.core_files()? {
            let text = fs::read_to_string(tree.original(&name))?;
            let sites = sites::find(&text).map_err(|error| format!("{name}: {error}"))?;
            rewritten.add(name, text, sites);
        }
        Ok(rewritten)
    }

    fn add(&mut self, name: String, text: String, sites: Vec<Site>) {
        let mut numbers = Vec::new();
        for site in &sites {
            numbers.push(self.mutants.len());
            for alternative in &site.alternatives {
                let key = format!("{name} | {} | {}", site.function, alternative.change);
                self.mutants.push(Mutant {
                    number: self.mutants.len(),
                    key: self.unique(key),
                    file: name.clone(),
                    line: site.line,
                    is_viable: true,
                });
            }
        }
        let print = fingerprint(&text);
        self.files.push(File { name, text, print, sites, numbers, written: Vec::new() });
    }

    fn unique(&self, key: String) -> String {
        let is_known = |key: &str| self.mutants.iter().any(|mutant| mutant.key == key);
        if !is_known(&key) {
            return key;
        }
        let mut count = 2;
        while is_known(&format!("{key} #{count}")) {
            count += 1;
        }
        format!("{key} #{count}")
    }

    /// Drops the mutants that did not compile earlier, while their file was the same. So the files are
    /// written as they were, and what was built of them is still good.
    pub(crate) fn drop_known(&mut self, tree: &Tree) {
        let known = fs::read_to_string(tree.file("not-viable")).unwrap_or_default();
        let known: HashSet<_> = known.lines().collect();
        for mutant in &mut self.mutants {
            mutant.is_viable = !known.contains(&*mutant.id_with(&self.files));
        }
    }

    /// Remembers which mutants do not compile.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(crate) fn save_dropped(&self, tree: &Tree) -> Result<()> {
        let dropped = self.mutants.iter().filter(|mutant| !mutant.is_viable);
        let lines: Vec<_> = dropped.map(|mutant| mutant.id_with(&self.files)).collect();
        Ok(fs::write(tree.file("not-viable"), lines.join("\n"))?)
    }

    pub(crate) fn mutants(&self) -> &[Mutant] {
        &self.mutants
    }

    pub(crate) fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Returns the names of all files, and those of their texts as they are without mutants.
    pub(crate) fn prints(&self) -> impl Iterator<Item = (String, String)> {
        self.files.iter().map(|file| (file.name.clone(), file.print.clone()))
    }

    /// Writes the files, with the mutants that are viable as far as is known.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub(crate) fn write(&mut self, tree: &Tree) -> Result<()> {
        for file in &mut self.files {
            let text = file.render(&self.mutants);
            tree.write(&file.name, &text)?;
        }
        Ok(())
    }

    /// Drops the mutants that an error of rustc is about. Returns how many there were.
    pub(crate) fn drop_at(&mut self, file: &str, at: usize) -> usize {
        let Some(file) = self.files.iter().find(|it| it.name == file) else { return 0 };
        let around = file.written.iter().filter(|(range, _)| range.contains(&at));
        // The smallest that still has any, so that an error that has no alternative of its own
        // ends somewhere.
        let viable = |numbers: &Range<usize>| {
            self.mutants[numbers.clone()].iter().any(|mutant| mutant.is_viable)
        };
        let around = around.filter(|(_, numbers)| viable(numbers));
        let Some((_, numbers)) = around.min_by_key(|(range, _)| range.len()) else { return 0 };
        let mutants = &mut self.mutants[numbers.clone()];
        let dropped = mutants.iter().filter(|mutant| mutant.is_viable).count();
        for mutant in mutants {
            mutant.is_viable = false;
        }
        dropped
    }
}

/// Names a text, whatever its comments say.
fn fingerprint(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        line.hash(&mut hasher);
    }
    format!("{:x}", hasher.finish())
}

impl File {
    /// Returns the text with all alternatives, and notes where they are.
    fn render(&mut self, mutants: &[Mutant]) -> String {
        let mut insertions = self.insertions(mutants);
        insertions.sort_by_key(|it| (it.at, it.order));
        self.written.clear();
        let (mut output, mut done) = (String::new(), 0);
        let mut begun = vec![0; self.sites.len()];
        for insertion in insertions {
            output.push_str(&self.text[done..insertion.at]);
            done = insertion.at;
            if insertion.order.0 {
                begun[insertion.site] = output.len();
            }
            for (text, number) in &insertion.parts {
                let start = output.len();
                output.push_str(text);
                if let Some(number) = *number {
                    self.written.push((start..output.len(), number..number + 1));
                }
            }
            if !insertion.order.0 {
                let first = self.numbers[insertion.site];
                let count = self.sites[insertion.site].alternatives.len();
                self.written.push((begun[insertion.site]..output.len(), first..first + count));
            }
        }
        output.push_str(&self.text[done..]);
        output
    }

    fn insertions(&self, mutants: &[Mutant]) -> Vec<Insertion> {
        let mut insertions = Vec::new();
        for (index, site) in self.sites.iter().enumerate() {
            let first = self.numbers[index];
            let numbered = (first..).zip(&site.alternatives);
            let viable: Vec<_> = numbered.filter(|(it, _)| mutants[*it].is_viable).collect();
            if viable.is_empty() {
                continue;
            }
            let (mut before, mut after) = (Vec::new(), String::new());
            for (count, (number, alternative)) in viable.into_iter().enumerate() {
                let (is, code) = (format!("crate::mutant::is({number})"), &alternative.code);
                let head = match site.form {
                    Form::Value if count == 0 => format!("(if {is} {{ "),
                    Form::Value => format!("}} else if {is} {{ "),
                    Form::Return => format!(" if {is} {{ "),
                    Form::Delete => format!("if !{is} {{ "),
                    Form::Arm => format!(" if !{is}"),
                };
                before.push((head, None));
                match site.form {
                    Form::Value => before.push((code.clone(), Some(number))),
                    Form::Return => before.push((format!("return {code}; }}"), Some(number))),
                    Form::Delete => after.push_str(" }"),
                    Form::Arm => {}
                }
            }
            if site.form == Form::Value {
                before.push((" } else { ".to_owned(), None));
                let _ = write!(after, " }})");
            }
            let (Range { start, end }, site) = (site.range.clone(), index);
            insertions.push(Insertion { at: start, order: (true, index), site, parts: before });
            // An insertion that only has a beginning has no code to end after.
            if start != end {
                let (order, parts) = ((false, usize::MAX - index), vec![(after, None)]);
                insertions.push(Insertion { at: end, order, site, parts });
            }
        }
        insertions
    }
}
