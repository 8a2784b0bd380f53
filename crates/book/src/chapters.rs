//! What the book has, in order: the welcome, the guide, the gallery, the exercises, the rest.

use std::{collections::BTreeMap, fs, io, path::Path};

use crate::{
    guide,
    links::{self, Target},
    markdown, playground,
    repository::Repository,
    words,
};

/// A page of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its file, such as `terms.md`, or `which_wake_bug_gallery_rc_waker.md`.
    pub file: String,
    /// Its text, for mdBook.
    pub text: String,
    /// Whether it stands below the chapter before it, in the list.
    pub is_below: bool,
}

/// Some chapters with a heading of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The heading; none above the welcome.
    pub title: Option<&'static str>,
    /// The chapters.
    pub chapters: Vec<Chapter>,
}

/// What is on a page before its links are turned.
struct Draft {
    file: String,
    text: String,
    /// The file of the repository that it is made of, which relative links start from.
    from: String,
}

/// The titles of the parts, by language.
fn titles(language: &str) -> [&'static str; 5] {
    match language {
        "ja" => ["はしご", "よくある質問", "うまくいかないとき", "演習", "資料"],
        _ => ["The ladder", "Questions", "What goes wrong", "Exercises", "For reference"],
    }
}

/// The pages of the repository that the book has too, and their chapters.
const PAGES: [(&str, &str); 8] = [
    ("docs/watching.md", "watching.md"),
    ("docs/which-wake-bug.md", "which_wake_bug.md"),
    ("docs/teaching.md", "teaching.md"),
    ("examples/exercises/README.md", "exercises.md"),
    ("examples/ladder/README.md", "guide.md"),
    ("examples/ladder/step7_by_hand.rs", "step07_async_fn.md"),
    ("src/guide", "guide.md"),
    ("src/guide/figures.md", "guide.md"),
];

/// Makes all chapters.
///
/// # Errors
///
/// If a file cannot be read.
pub fn parts(repository: &Repository) -> io::Result<Vec<Part>> {
    let [ladder, questions, wrong, exercises, reference] = titles(repository.language());
    let (mut steps, mut asked, mut hangs) = (vec![first(repository)?], Vec::new(), Vec::new());
    for page in guide::pages(repository)? {
        let draft = from_guide(&page.name, page.text);
        match page.name.as_str() {
            name if name.starts_with("step") => steps.push(draft),
            name if name.starts_with("which_wake_bug") => hangs.push(draft),
            _ => asked.push(draft),
        }
    }
    for name in guide::gallery(repository)? {
        hangs.push(exhibit(repository, &name)?);
    }
    let mut written = vec![draft(repository, "examples/exercises/README.md", "exercises.md")?];
    for file in exercise_files(repository)? {
        written.push(exercise(repository, &file)?);
    }
    let rest = vec![
        draft(repository, "docs/watching.md", "watching.md")?,
        draft(repository, "docs/teaching.md", "teaching.md")?,
    ];
    let welcome = vec![draft(repository, "docs/book/welcome.md", "welcome.md")?];
    let drafts = [
        (None, welcome),
        (Some(ladder), steps),
        (Some(questions), asked),
        (Some(wrong), hangs),
        (Some(exercises), written),
        (Some(reference), rest),
    ];
    let files = book_files(repository, drafts.iter().flat_map(|(_, drafts)| drafts));
    let finish = |(title, drafts): (_, Vec<Draft>)| Part {
        title,
        chapters: drafts.iter().map(|draft| chapter(repository, draft, &files)).collect(),
    };
    Ok(drafts.into_iter().map(finish).collect())
}

/// The files of the repository that have a chapter, and which.
fn book_files<'a>(
    repository: &Repository,
    drafts: impl Iterator<Item = &'a Draft>,
) -> BTreeMap<String, String> {
    let mut files: BTreeMap<_, _> =
        drafts.map(|draft| (draft.from.clone(), draft.file.clone())).collect();
    for (from, file) in PAGES {
        files.insert(from.to_owned(), file.to_owned());
    }
    // The chapter of a step has its program.
    let program = |(from, file): (&String, &String)| {
        let step = from.strip_prefix("src/guide/step")?.strip_suffix(".md")?;
        let step = step.trim_start_matches('0');
        Some((format!("examples/ladder/step{step}.rs"), file.clone()))
    };
    let programs: Vec<_> = files.iter().filter_map(program).collect();
    files.extend(programs);
    let translated =
        |(from, file): (&String, &String)| Some((repository.translation(from)?, file.clone()));
    let translations: Vec<_> = files.iter().filter_map(translated).collect();
    files.extend(translations);
    files
}

fn first(repository: &Repository) -> io::Result<Draft> {
    let page = guide::first_page(repository)?;
    Ok(from_guide(&page.name, page.text))
}

fn draft(repository: &Repository, from: &str, file: &str) -> io::Result<Draft> {
    let mut text = repository.page(from)?;
    if file == "watching.md" {
        let at = text.find("\n## ").unwrap_or(text.len());
        text.insert_str(at, &frame("table"));
    }
    Ok(Draft { file: file.to_owned(), text, from: from.to_owned() })
}

fn from_guide(name: &str, text: String) -> Draft {
    let text = if name.ends_with("who_wakes") { text + &frame("who_wakes") } else { text };
    let text = with_files(&text);
    Draft { file: format!("{name}.md"), text, from: format!("src/guide/{name}.md") }
}

/// Turns links to rustdoc's pages of the source, which the book does not have, into the files' names.
fn with_files(text: &str) -> String {
    const SOURCE: &str = "](../../../src/pizzaiolo/";
    let mut parts = text.split(SOURCE);
    let mut named = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (file, rest) = part.split_once(".html)").unwrap_or((part, ""));
        let what = named.rfind('[').map(|bracket| named.split_off(bracket)).unwrap_or_default();
        let what = what.trim_start_matches('[');
        // What is the file itself is named once.
        if file.ends_with(what.trim_matches('`')) {
            named.extend(["`src/", file, "`", rest]);
        } else {
            named.extend([what, " (`src/", file, "`)", rest]);
        }
    }
    named
}

/// A page of the gallery: the program's head, the replays of the two runs, the program.
fn exhibit(repository: &Repository, name: &str) -> io::Result<Draft> {
    let from = format!("examples/gallery/{name}.rs");
    let (head, code) = repository.program(&from)?;
    let frames = replays(&code).iter().map(|name| frame(name)).collect::<String>();
    let text = format!("{head}\n\n{frames}\n```rust,ignore\n{code}```\n");
    Ok(Draft { file: format!("which_wake_bug_gallery_{name}.md"), text, from })
}

/// The replays of a program of the gallery: of both its runs, if an executor runs in them. The name is
/// that of the command line.
pub(crate) fn replays(code: &str) -> Vec<String> {
    let name = code.split("name: \"").nth(1).and_then(|rest| rest.split('"').next());
    let name = name.filter(|_| !code.contains("|_| wrong()"));
    let both = |name| ["wrong", "cured"].map(|run| format!("{name}-{run}")).to_vec();
    name.map(both).unwrap_or_default()
}

/// A page of an exercise: the task, and the file to write in. If there is a check that needs std alone, the
/// code can be written and run in the page.
fn exercise(repository: &Repository, from: &str) -> io::Result<Draft> {
    let (head, code) = repository.program(from)?;
    let name = from.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    let check = repository.path(&format!("examples/exercises/playground/{name}.rs"));
    let block = if check.is_file() {
        let code = playground::exercise(&code, &fs::read_to_string(check)?);
        let here = words::translated(repository.language(), words::IN_PLACE);
        format!("{here}\n\n```rust,editable\n{code}```\n")
    } else {
        format!("```rust,ignore\n{code}```\n")
    };
    let text = format!("{head}\n\n`{from}`:\n\n{block}");
    Ok(Draft { file: format!("{name}.md"), text, from: from.to_owned() })
}

/// The files of the exercises, in order: the links of their page.
fn exercise_files(repository: &Repository) -> io::Result<Vec<String>> {
    let page = repository.read("examples/exercises/README.md")?;
    let links = links::addresses(&page).into_iter();
    let files = links.filter(|link| link.starts_with("ex") && has_extension(link, "rs"));
    Ok(files.map(|file| format!("examples/exercises/{file}")).collect())
}

/// A replay inside a page: the file is made by the example `replays` of the member `watch`. A book on
/// paper has the link alone.
fn frame(name: &str) -> String {
    format!(
        "\n<p class=\"replay\"><a href=\"replays/{name}.html\">Replay: {name}</a></p>\n\
         <iframe class=\"replay\" src=\"replays/{name}.html\" loading=\"lazy\" title=\"Replay: \
         {name}\"></iframe>\n"
    )
}

fn chapter(repository: &Repository, draft: &Draft, files: &BTreeMap<String, String>) -> Chapter {
    let translation = repository.translation(&draft.from);
    let is_guide = draft.from.starts_with("src/guide/");
    let resolve = |address: &str| {
        let (path, anchor) = address.split_once('#').map_or((address, ""), |(path, anchor)| {
            (path, &address[address.len() - anchor.len() - 1..])
        });
        // The slides of the teachers: the book has the replays beside its pages.
        if let Some(replay) = path.strip_prefix("http://127.0.0.1:8000/") {
            return Target::To(format!("replays/{replay}{anchor}"));
        }
        // The welcome is of the book alone, so its links are.
        if path.is_empty() || path.contains("://") || draft.from.starts_with("docs/book/") {
            return Target::To(address.to_owned());
        }
        // A page of the guide is in the book, or the link is dead, which `dead_links` says.
        if let Some(module) = path.strip_prefix("crate::guide::") {
            return Target::To(format!("{}.md{anchor}", module.replace("::", "_")));
        }
        if is_guide && !path.contains(['/', '.', ':']) && path != "crate" {
            return Target::To(format!("{path}.md{anchor}"));
        }
        if path.starts_with("std::") {
            return links::std_address(path).map_or(Target::Text, Target::To);
        }
        // What is in the repository only, and the items of the crate, are shown without a link.
        // A translated page is one folder further down, and its links start there.
        let from = translation.as_ref().unwrap_or(&draft.from);
        let there = file_of_book(from, path, files);
        let there = there.or_else(|| file_of_book(&draft.from, path, files));
        there.map_or(Target::Text, |there| Target::To(format!("{there}{anchor}")))
    };
    let text = markdown::page(&draft.text, &resolve);
    let is_below = draft.from.starts_with("examples/") && has_extension(&draft.from, "rs");
    Chapter { file: draft.file.clone(), text, is_below }
}

/// The file of the book that a relative link of a file of the repository leads to.
fn file_of_book(from: &str, path: &str, files: &BTreeMap<String, String>) -> Option<String> {
    let mut folders: Vec<_> = from.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(folders.pop()),
            _ => folders.push(part),
        }
    }
    let path = folders.join("/");
    let is_picture = has_extension(&path, "png") || has_extension(&path, "svg");
    match path.strip_prefix("docs/").filter(|_| is_picture) {
        Some(picture) => Some(format!("pictures/{picture}")),
        None => files.get(&path).cloned(),
    }
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|it| it == extension)
}
