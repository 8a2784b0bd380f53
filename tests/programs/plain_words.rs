//! The repository is written in plain English: no file has one of the words and phrases that were
//! replaced.
//!
//! The list has what can be found without false alarms. The rule behind it: a sentence has a named
//! subject ("the task that waits", and not "who waits") and uses the terms of the field.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A phrase, and what to write instead.
const PHRASES: &[(&str, &str)] = &[
    ("whoever", "the code that, the task that"),
    ("whomever", "the code that, the task that"),
    ("nobody", "no task, no code, no thread"),
    ("somebody", "another task, some code"),
    ("anybody", "any task, any code"),
    ("everybody", "every task, all tasks"),
    ("who waits", "the task that waits"),
    ("who wait", "the tasks that wait"),
    ("who wakes", "the code that wakes"),
    ("who is woken", "the task that is woken"),
    ("who is polled", "the task that is polled"),
    ("who was polled", "the task that was polled"),
    ("who was woken", "the task that was woken"),
    ("who is ready", "the task that is ready"),
    ("those who", "the clients that, the tasks that"),
    ("whom", "the task that"),
    ("whose turn", "the task that is polled"),
    ("in vain", "without a result, or say what it returns"),
    ("news", "event, report, message"),
    ("tells", "reports, says, shows"),
    ("told", "reported, said, warned"),
    ("foreign", "of another thread, of another executor"),
    ("at home", "on the executor's own thread"),
    ("farewell", "the term for it"),
    ("tenant", "task, entry"),
    ("entrant", "the term for it"),
    ("sole", "only"),
    ("ticket", "key, id"),
    ("what becomes of", "what happens to"),
    ("is waited for", "a task waits for"),
    ("are waited for", "a task waits for"),
    ("for want of", "without"),
    ("has to do without", "is without"),
    ("have to do without", "are without"),
    ("in peace", "normally"),
    ("there and then", "at once"),
    ("as it were", "(leave it out)"),
    ("nor is there", "and there is no"),
    ("it is not so", "it is not the case"),
    ("to be had", "available"),
    ("one's own", "your own"),
    ("lest", "so that ... not"),
    ("thereby", "so"),
    ("whereby", "by which"),
    ("hence", "so"),
    ("save for", "except"),
    ("none the wiser", "does not see it"),
];

/// Files that may have a phrase (`""`: any), and why.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("tests/programs/plain_words.rs", "", "it has the list")];

/// Folders that hold no text of ours.
const NOT_OURS: &[&str] = &["target", ".git", "corpus"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Markdown and Rust files below a folder, by their paths from the root.
fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        if path.is_dir() {
            if !NOT_OURS.contains(&name) {
                texts(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "rs") {
            found.push(path.strip_prefix(root()).expect("it is below the root").to_owned());
        }
    }
}

/// Whether the text has the phrase, in whole words.
fn has(text: &str, phrase: &str) -> bool {
    let is_word = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    text.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + phrase.len()..]);
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    })
}

/// A text in lower case, with the line breaks of its paragraphs as spaces.
fn flowing(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("//!").or_else(|| line.strip_prefix("///")).unwrap_or(line);
        line.strip_prefix("//").unwrap_or(line).trim()
    });
    lines.collect::<Vec<_>>().join(" ").to_lowercase()
}

fn may_have(file: &str, phrase: &str) -> bool {
    let is_it =
        |(path, it, _): &(&str, &str, &str)| *path == file && (it.is_empty() || *it == phrase);
    EXCEPTIONS.iter().any(is_it)
}

#[test]
fn no_text_has_a_phrase_that_was_replaced() {
    let mut files = Vec::new();
    texts(root(), &mut files);
    assert!(files.len() > 300, "only {} files were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let name = file.to_str().expect("UTF-8").replace('\\', "/");
        let text = flowing(&fs::read_to_string(root().join(&file)).expect("a text"));
        for (phrase, instead) in PHRASES {
            if has(&text, phrase) && !may_have(&name, phrase) {
                found.push(format!("{name}: \"{phrase}\"; write: {instead}"));
            }
        }
    }
    assert!(found.is_empty(), "{} phrases:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_phrase_is_found_in_whole_words_across_lines_and_in_any_case() {
    let text = flowing("/// Whoever\n/// waits in\n    /// vain: `keeps_nobody_waiting`\n");
    assert!(has(&text, "whoever") && has(&text, "in vain"));
    assert!(!has(&text, "nobody") && !has(&text, "wait"));
}

#[test]
fn the_exceptions_are_needed() {
    for (path, phrase, reason) in EXCEPTIONS {
        let text = flowing(&fs::read_to_string(root().join(path)).expect("a text"));
        let is_needed = PHRASES.iter().any(|(it, _)| may_have(path, it) && has(&text, it));
        assert!(is_needed && !reason.is_empty(), "{path} has no {phrase:?}");
    }
}
