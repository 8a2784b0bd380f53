//! The text of a page as mdBook has it.
//!
//! rustdoc shows a page below the module's name, so its first line is a sentence and its headings begin
//! with one `#`. In a book the first line is the title, and the headings stand one level below it.

use std::fmt::Write;

use crate::{
    links::{self, Target},
    playground,
};

/// Turns the Markdown of a rustdoc page into a page of the book.
///
/// `resolve` says where each link leads, or that there is only its text.
#[must_use]
pub fn page(text: &str, resolve: &dyn Fn(&str) -> Target) -> String {
    let text = links::inline_definitions(text);
    let extra = if starts_below_a_title(&text) { "" } else { "#" };
    let (mut page, mut prose) = (String::new(), String::new());
    let (mut fence, mut has_title) = (None::<String>, false);
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(open) = &fence {
            if trimmed == open.as_str() {
                fence = None;
            }
            push(&mut page, line);
            continue;
        }
        // A link may go on in the next line, but not in the next paragraph.
        let is_heading = trimmed.starts_with('#') || (!has_title && !trimmed.is_empty());
        if trimmed.is_empty() || trimmed.starts_with("```") || is_heading {
            page.push_str(&links::turn(&std::mem::take(&mut prose), resolve));
        }
        if trimmed.starts_with("```") {
            fence = Some(trimmed.chars().take_while(|char| *char == '`').collect());
            push(&mut page, trimmed);
        } else if !has_title && !trimmed.is_empty() {
            has_title = true;
            let title = trimmed.trim_start_matches("# ").trim_end_matches(['.', '。']);
            push(&mut page, &format!("# {}", links::turn(title, resolve)));
        } else if is_heading {
            push(&mut page, &format!("{extra}{}", links::turn(trimmed, resolve)));
        } else {
            push(&mut prose, line);
        }
    }
    page.push_str(&links::turn(&prose, resolve));
    mark_code(&page)
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Says whether the first line is a heading, as in the pages that are read on a repository's site: then
/// the others are below it already.
fn starts_below_a_title(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| line.starts_with("# "))
        && text.lines().filter(|line| line.starts_with("## ")).count() > 0
}

/// The title of a page, as plain text for the list of chapters.
#[must_use]
pub fn title(page: &str) -> String {
    let first = page.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("?");
    // A link within a link is none.
    links::turn(first.trim(), &|_| Target::Text)
}

/// Marks the blocks of Rust that the playground has not the crates for, so that they get no button there.
fn mark_code(page: &str) -> String {
    let mut marked = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| is_rust(info)) else {
            marked.push_str(line);
            marked.push('\n');
            // What is no Rust is passed on whole, or its end would look like a beginning.
            if line.starts_with("```") {
                for line in lines.by_ref() {
                    marked.push_str(line);
                    marked.push('\n');
                    if line.starts_with("```") {
                        break;
                    }
                }
            }
            continue;
        };
        let mut code = String::new();
        for line in lines.by_ref().take_while(|line| !line.starts_with("```")) {
            code.push_str(line);
            code.push('\n');
        }
        let mut info = if info.is_empty() { "rust".to_owned() } else { info.to_owned() };
        if !info.starts_with("rust") {
            info = format!("rust,{info}");
        }
        if !playground::runs(&info, &code) {
            info.push_str(",noplayground");
        }
        let _ = writeln!(marked, "```{info}\n{code}```");
    }
    marked
}

/// As rustdoc reads it: a block without a language is Rust.
fn is_rust(info: &str) -> bool {
    info.split(',').all(|word| {
        let word = word.trim();
        ["", "rust", "editable", "ignore", "no_run", "compile_fail", "should_panic"].contains(&word)
            || (word.len() == 5 && word.starts_with('E'))
    })
}
