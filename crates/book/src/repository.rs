//! The files that the book is made of, in the chosen language.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::stamp;

/// The languages that there can be: the name of the folder, and whether it is the original.
pub const LANGUAGES: [&str; 2] = ["en", "ja"];

/// The repository, read in one language.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
    language: &'static str,
}

impl Repository {
    /// The repository at a path, in one of [`LANGUAGES`].
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, language: &'static str) -> Repository {
        Repository { root: root.into(), language }
    }

    /// The repository that this crate is built from.
    #[must_use]
    pub fn here(language: &'static str) -> Repository {
        Repository::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), language)
    }

    /// The languages that the guide is there in: English, and those with a folder of their own.
    #[must_use]
    pub fn languages(&self) -> Vec<&'static str> {
        let is_there = |language: &&str| {
            *language == "en" || self.root.join("src/guide").join(language).is_dir()
        };
        LANGUAGES.into_iter().filter(is_there).collect()
    }

    /// The language that pages are read in.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// The file at a path from the root.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Reads a file that is the same in every language.
    ///
    /// # Errors
    ///
    /// If it cannot be read; the error names it.
    pub fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(self.path(file))
            .map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))
    }

    /// Reads a page: its translation, if there is one.
    ///
    /// # Errors
    ///
    /// If neither can be read.
    pub fn page(&self, file: &str) -> io::Result<String> {
        match self.translation(file) {
            Some(translated) => self.read_translation(&translated),
            None => self.read(file),
        }
    }

    /// Reads a translation, without the line that says what it is one of.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read_translation(&self, file: &str) -> io::Result<String> {
        Ok(stamp::split(&self.read(file)?).1.to_owned())
    }

    /// The path of a page's translation, if there is one: `DIR/LANGUAGE/NAME.md`.
    #[must_use]
    pub fn translation(&self, file: &str) -> Option<String> {
        if self.language == "en" {
            return None;
        }
        let (folder, name) = file.rsplit_once('/').unwrap_or((".", file));
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let translated = format!("{folder}/{}/{name}.md", self.language);
        self.path(&translated).is_file().then_some(translated)
    }

    /// Splits a program into its head, which is Markdown, and its code. A translated head takes the
    /// place of the original.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn program(&self, file: &str) -> io::Result<(String, String)> {
        let text = self.read(file)?;
        let is_head = |line: &&str| line.starts_with("//!");
        let head = text.lines().take_while(is_head).map(|line| {
            let line = line.trim_start_matches("//!");
            line.strip_prefix(' ').unwrap_or(line)
        });
        let head = match self.translation(file) {
            Some(translated) => self.read_translation(&translated)?,
            None => head.collect::<Vec<_>>().join("\n"),
        };
        let code = text.lines().skip_while(is_head).collect::<Vec<_>>().join("\n");
        Ok((head, code.trim().to_owned() + "\n"))
    }
}
