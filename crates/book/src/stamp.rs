//! Whether a translation is as new as its original.
//!
//! The first line of a translated page is `<!-- original: PATH HASH -->`: the path of the original from
//! the root of the repository, and the hash of the text that was translated. [`stamp`] writes the hashes,
//! and [`stale`] lists the pages whose original is another text by now.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::repository::LANGUAGES;

const OPEN: &str = "<!-- original: ";
const CLOSE: &str = " -->";

/// The folders that have translated pages, besides the root itself.
const FOLDERS: [&str; 3] = ["docs", "examples", "src"];

/// The first line of a translated page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// The path of the original, from the root.
    pub original: &'a str,
    /// The hash of the original when it was translated.
    pub hash: &'a str,
}

/// Splits a translated page into its first line and the rest. A page without such a line is all rest.
#[must_use]
pub fn split(page: &str) -> (Option<Stamp<'_>>, &str) {
    let (line, rest) = page.split_once('\n').unwrap_or((page, ""));
    let inner = line.trim_end().strip_prefix(OPEN).and_then(|line| line.strip_suffix(CLOSE));
    match inner.and_then(|inner| inner.split_once(' ')) {
        Some((original, hash)) => (Some(Stamp { original, hash }), rest),
        None => (None, page),
    }
}

/// The 64-bit FNV-1a hash of some bytes.
#[must_use]
pub fn fnv_1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The hash of a text: of its lines, each with its `\n`, so that a checkout with `\r\n` has the same.
#[must_use]
pub fn hash(text: &str) -> u64 {
    fnv_1a(text.lines().flat_map(|line| line.bytes().chain([b'\n'])))
}

/// The part of an original that is translated: a whole page, the `//!` lines at the head of a program, or
/// all doc comments of `src/guide.rs`.
#[must_use]
pub fn translated_part(path: &str, text: &str) -> String {
    let is_program = Path::new(path).extension().is_some_and(|it| it == "rs");
    let is_doc = |line: &&str| line.starts_with("//!") || line.trim().starts_with("///");
    let lines: Vec<_> = match path {
        "src/guide.rs" => text.lines().filter(is_doc).collect(),
        _ if is_program => text.lines().take_while(|line| line.starts_with("//!")).collect(),
        _ => text.lines().collect(),
    };
    lines.join("\n")
}

/// Writes the hash of its original into the first line of each translated page, and returns the pages
/// that had another hash before. A page whose original is gone keeps its line.
///
/// # Errors
///
/// If a page cannot be read or written.
pub fn stamp(root: &Path) -> io::Result<Vec<String>> {
    let mut stamped = Vec::new();
    for page in pages(root)? {
        let text = fs::read_to_string(root.join(&page))?;
        let (Some(stamp), rest) = split(&text) else { continue };
        let Some(hash) = current_hash(root, stamp.original) else { continue };
        if stamp.hash != hash {
            let line = format!("{OPEN}{} {hash}{CLOSE}\n", stamp.original);
            fs::write(root.join(&page), line + rest)?;
            stamped.push(page);
        }
    }
    Ok(stamped)
}

/// The translated pages that are older than their original, that have none, or that do not say which it
/// is: what is wrong with each, and what to do.
///
/// # Errors
///
/// If a page cannot be read.
pub fn stale(root: &Path) -> io::Result<Vec<String>> {
    let mut stale = Vec::new();
    for page in pages(root)? {
        let text = fs::read_to_string(root.join(&page))?;
        stale.extend(complaint(root, &page, split(&text).0));
    }
    Ok(stale)
}

/// What is wrong with a translated page, if anything is.
fn complaint(root: &Path, page: &str, stamp: Option<Stamp>) -> Option<String> {
    let Some(Stamp { original, hash }) = stamp else {
        return Some(format!("{page}: its first line must be {OPEN}PATH {:016x}{CLOSE}", 0));
    };
    if !originals(page).iter().any(|it| it == original) {
        return Some(format!("{page}: {original} is not beside it, so it is not its original"));
    }
    match current_hash(root, original) {
        Some(current) if current == hash => None,
        Some(_) => Some(format!(
            "{page}: is older than {original}. What has changed since the last translation:\n    \
             git diff $(git log -1 --format=%H -- {page}) -- {original}"
        )),
        None => Some(format!(
            "{page}: its original {original} is gone. To see where to:\n    \
             git log --follow --stat -1 -- {original}"
        )),
    }
}

/// The hash of an original as it is now, if it is there.
fn current_hash(root: &Path, original: &str) -> Option<String> {
    let text = fs::read_to_string(root.join(original)).ok()?;
    Some(format!("{:016x}", hash(&translated_part(original, &text))))
}

/// The files that the original of a page may be: a page or a program beside the folder of the language, or
/// `src/guide.rs` for the pages that stand in it.
fn originals(page: &str) -> Vec<String> {
    let mut originals = Vec::new();
    let Some(stem) = page.strip_suffix(".md") else { return originals };
    for language in LANGUAGES {
        if let Some(name) = stem.strip_suffix(&format!(".{language}")) {
            originals.push(format!("{name}.md"));
        }
        if let Some((folder, name)) = stem.rsplit_once(&format!("/{language}/")) {
            originals.extend(["md", "rs"].map(|it| format!("{folder}/{name}.{it}")));
            if folder == "src/guide" && ["guide", "which_wake_bug_gallery"].contains(&name) {
                originals.push("src/guide.rs".to_owned());
            }
        }
    }
    originals
}

/// The translated pages of the repository, in order: `DIR/LANGUAGE/NAME.md`, and `NAME.LANGUAGE.md` at the
/// root.
///
/// # Errors
///
/// If a folder cannot be read.
pub fn pages(root: &Path) -> io::Result<Vec<String>> {
    let mut files: Vec<_> = entries(root)?.into_iter().filter_map(|it| name_of(&it)).collect();
    for folder in FOLDERS {
        walk(root, folder, &mut files)?;
    }
    files.retain(|file| !originals(file).is_empty());
    files.sort();
    Ok(files)
}

fn walk(root: &Path, folder: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in entries(&root.join(folder))? {
        let Some(path) = name_of(&entry).map(|name| format!("{folder}/{name}")) else { continue };
        if entry.is_dir() {
            walk(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn name_of(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}
