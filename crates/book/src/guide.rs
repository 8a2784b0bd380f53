//! The pages of the guide, from the attributes in `src/guide.rs`: the same sources as the rustdoc, in
//! the same order.

use std::io;

use crate::{repository::Repository, words};

/// A page before its links are turned: Markdown as rustdoc reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The module's name, and the page's.
    pub name: String,
    /// What stands on it.
    pub text: String,
}

/// The first page of the guide: the `//!` lines of `src/guide.rs`, or its translation, `guide.md`.
///
/// # Errors
///
/// If a file cannot be read.
pub fn first_page(repository: &Repository) -> io::Result<Page> {
    let mut text = String::new();
    if let Some(translated) = repository.translation("src/guide/guide.md") {
        for line in repository.read_translation(&translated)?.lines() {
            match included(line, "#![doc = include_str!(\"") {
                Some(file) => {
                    push(&mut text, repository.page(&format!("src/{file}"))?.trim_end());
                }
                None => push(&mut text, line),
            }
        }
    } else {
        for line in repository.read("src/guide.rs")?.lines() {
            if let Some(line) = line.strip_prefix("//!") {
                push(&mut text, line.strip_prefix(' ').unwrap_or(line));
            } else if let Some(file) = included(line, "#![doc = include_str!(\"") {
                push(&mut text, repository.page(&format!("src/{file}"))?.trim_end());
            } else {
                break;
            }
        }
    }
    Ok(Page { name: "guide".to_owned(), text })
}

/// The pages after the first, in the order of the file. A page is what stands above `pub mod NAME {`.
///
/// # Errors
///
/// If a file cannot be read.
pub fn pages(repository: &Repository) -> io::Result<Vec<Page>> {
    let source = repository.read("src/guide.rs")?;
    let (mut pages, mut text) = (Vec::new(), String::new());
    for line in source.lines() {
        if let Some(line) = line.strip_prefix("///") {
            let line = line.strip_prefix(' ').unwrap_or(line);
            push(&mut text, words::translated(repository.language(), line));
        } else if let Some(file) = included(line, "#[doc = include_str!(\"") {
            push(&mut text, embedded(repository, file)?.trim_end());
        } else if let Some(literal) = line.strip_prefix("#[doc = \"") {
            push(&mut text, literal.trim_end_matches("\"]"));
        } else if let Some(name) = line.strip_prefix("pub mod ") {
            let name = name.split(' ').next().unwrap_or_default();
            // A page that stands in `guide.rs` itself is translated whole.
            let file = format!("src/guide/{name}.md");
            if let Some(translated) = repository.translation(&file) {
                if !repository.path(&file).exists() {
                    text = repository.read_translation(&translated)?;
                }
            }
            pages.push(Page { name: name.to_owned(), text: std::mem::take(&mut text) });
        } else if line.starts_with("#[cfg(doctest)]") {
            // The README, for its tests alone.
            break;
        }
    }
    Ok(pages)
}

/// The names and the titles of the gallery's pages, in the order of the guide.
///
/// # Errors
///
/// If `src/guide.rs` cannot be read.
pub fn gallery(repository: &Repository) -> io::Result<Vec<String>> {
    let source = repository.read("src/guide.rs")?;
    let lines = source.lines().skip_while(|line| line.trim() != "pages! {").skip(1);
    let rows = lines.take_while(|line| line.trim() != "}");
    Ok(rows.filter_map(|row| Some(row.trim().split_once(':')?.0.to_owned())).collect())
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The file that an attribute includes.
fn included<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    line.strip_prefix(before)?.strip_suffix("\")]")
}

/// What an included file becomes: a picture is a link to it, for a book has folders; a page is its text
/// in the chosen language; a program is its text.
fn embedded(repository: &Repository, file: &str) -> io::Result<String> {
    let path = match file.strip_prefix("../") {
        Some(outside) => outside.to_owned(),
        None => format!("src/{file}"),
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    match path.rsplit('.').next() {
        Some("svg") => Ok(format!(
            // Not `img`: what is pointed at in the picture says more.
            "<object data=\"pictures/{name}\" type=\"image/svg+xml\"></object>"
        )),
        Some("md") => repository.page(&path),
        _ => repository.read(&path),
    }
}
