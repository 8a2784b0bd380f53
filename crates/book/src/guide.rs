//! The pages of the guide, from the attributes in `src/guide.rs`: the same sources as the rustdoc, in
//! the same order.

use std::io;

use crate::{
    links::{self, Target},
    playground,
    repository::Repository,
    words,
};

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
            embed(repository, &mut text, file)?;
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
    let rows = rows.map(str::trim).filter(|row| !row.starts_with('"'));
    Ok(rows.filter_map(|row| Some(row.split_once(':')?.0.to_owned())).collect())
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// The file that an attribute includes.
fn included<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    line.strip_prefix(before)?.strip_suffix("\")]")
}

/// Adds an included file to a page: a picture as a link to it, for a book has folders; a page as its text in
/// the chosen language; a program as its head and its code.
fn embed(repository: &Repository, text: &mut String, file: &str) -> io::Result<()> {
    let path = match file.strip_prefix("../") {
        Some(outside) => outside.to_owned(),
        None => format!("src/{file}"),
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    match path.rsplit('.').next() {
        Some("svg") => push(
            text,
            // Not `img`: what is pointed at in the picture says more.
            &format!("<object data=\"pictures/{name}\" type=\"image/svg+xml\"></object>"),
        ),
        Some("md") => push(text, repository.page(&path)?.trim_end()),
        Some("rs") => embed_program(repository, text, &path)?,
        _ => push(text, repository.read(&path)?.trim_end()),
    }
    Ok(())
}

/// Adds a program below the line that opens its block of code: the head goes above that line, as text in
/// the chosen language. Its title is left out, for the page has one.
fn embed_program(repository: &Repository, text: &mut String, path: &str) -> io::Result<()> {
    let (head, code) = repository.program(path)?;
    let head = head.trim_start();
    let head = match head.strip_prefix("# ") {
        Some(titled) => titled.split_once('\n').map_or("", |(_, rest)| rest),
        None => head,
    };
    let from = repository.translation(path).unwrap_or_else(|| path.to_owned());
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    // The links start from the page now, which is two folders below the root.
    let head = links::turn(head, &|address| {
        let is_file = !address.contains(':') && !address.starts_with('#');
        let moved = || format!("../../{folder}/{address}");
        Target::To(if is_file { moved() } else { address.to_owned() })
    });
    let opening = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
    let fence = text.split_off(opening);
    push(text, &format!("\n{}\n", head.trim()));
    match playground::with_clients(path, &code) {
        Some(code) => push(text, &format!("```rust\n{}", code.trim_end())),
        None => push(text, &format!("{}{}", fence, code.trim_end())),
    }
    Ok(())
}
